#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The double boot by Baton beside the same by hand, and where the seconds go. Fails when Baton's is
# slower by more than what two runs differ anyway (BENCH_SLACK, per cent).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=$top/build/bench
slack=${BENCH_SLACK:-10}
mkdir -p "$out"
"$here/by-hand.sh" "$out/by-hand" >"$out/by-hand.marks"
"$here/by-baton.sh" "$out/by-baton" >"$out/by-baton.marks"

at() { # FILE MARK
	awk -v mark="$2" '$1 == mark {print $2; found = 1} END {exit !found}' "$1"
}

row() { # TEXT FROM TO
	local hand baton
	hand=$(($(at "$out/by-hand.marks" "$3") - $(at "$out/by-hand.marks" "$2")))
	baton=$(($(at "$out/by-baton.marks" "$3") - $(at "$out/by-baton.marks" "$2")))
	printf '%-44s %6d.%d s %6d.%d s\n' "$1" $((hand / 1000)) $((hand % 1000 / 100)) $((baton / 1000)) $((baton % 1000 / 100))
}

printf '%-44s %10s %10s\n' "double boot on blade-a" "by hand" "Baton"
row "firmware, until DHCP has answered" power-on dhcp-1
row "loader, until the script is over" dhcp-1 script-1
row "transfer, kernel and shim, until written" script-1 written
row "reboot" written reset
row "firmware, until DHCP has answered" reset dhcp-2
row "loader, until the script is over" dhcp-2 script-2
row "kernel from the LUN, until it has logged in" script-2 lun
row "OS, until it asks for its address" lun os-dhcp
row "OS, until it says who it is" os-dhcp os-up
row "in all" power-on os-up
hand=$(at "$out/by-hand.marks" os-up) baton=$(at "$out/by-baton.marks" os-up)
if [ $((baton * 100)) -gt $((hand * (100 + slack))) ]; then
	echo "bench: Baton's double boot is slower than the one by hand" >&2
	exit 1
fi
