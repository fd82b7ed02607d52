#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The two ways to take an identity, side by side, on the lab's BIOS machine and on its UEFI machine: by a second boot
# and by a handover. `handover.sh [BLADE...]`; BENCH_RUNS runs of each (1), the medians count.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$here/../.." && pwd)/build/bench
runs=${BENCH_RUNS:-1}
[ $# -gt 0 ] || set -- blade-a blade-b
mkdir -p "$out"

median() { # MARK FROM FILE...: in ms
	local mark=$1 from=$2
	shift 2
	awk -v mark="$mark" -v from="$from" '$1 == from {begin = $2} $1 == mark {print $2 - begin}' "$@" | sort -n |
		awk '{v[NR] = $1} END {if (!NR) exit 1; print v[int((NR + 1) / 2)]}'
}

for blade; do
	for ((i = 1; i <= runs; i++)); do
		for taking in shim handover; do
			"$here/by-baton.sh" "$out/$taking" "$taking" "$blade" >"$out/$blade-$taking-$i.marks"
		done
	done
	printf '%-44s %10s %10s\n' "$blade" "two boots" "handover"
	while read -r from to what; do
		printf '%-44s' "$what"
		for taking in shim handover; do
			ms=$(median "$to" "$from" "$out/$blade-$taking"-[0-9]*.marks)
			printf ' %6d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
		done
		echo
	done <<-END
		power-on written firmware, loader and shim, until written
		written lun until the persona's kernel has logged in
		lun os-up OS, until it says who it is
		power-on os-up in all
	END
	two=$(median os-up power-on "$out/$blade-shim"-[0-9]*.marks)
	one=$(median os-up power-on "$out/$blade-handover"-[0-9]*.marks)
	printf 'handover / two boots: 0.%02d\n' $((one * 100 / two))
done
