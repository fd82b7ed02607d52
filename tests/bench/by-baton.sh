#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same double boot as by-hand.sh, by Baton: `by-baton.sh DIR` prints the same marks; `by-baton.sh DIR handover [BLADE]`
# those of a machine that takes its persona by a handover, which has no second firmware, loader and script; with bmc
# those of one whose BMC sets the addresses by Redfish, which has no shim.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
dir=$(realpath -m "$1") taking=${2:-shim} blade=${3:-blade-a}
lab=$top/tests/lab/lab.sh
# shellcheck source=tests/bench/marks.bash
. "$here/marks.bash"

finish() {
	trap - EXIT
	marks_end
	"$lab" down "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

rm -rf "$dir"
[ "$taking" != bmc ] || export LAB_BMC=sim
LAB_OWNER=$$ "$lab" up "$dir"
[ "$taking" != handover ] || "$lab" enter "$dir" /mnt/bin/baton machine set "$blade" --taking "$taking" >/dev/null
marks_begin
"$lab" enter "$dir" /mnt/bin/baton start web-01 "$blade" >"$dir/log/order" || { cat "$dir/log/order" >&2; exit 1; }
wait_mark os-up 180
# What only Baton's own events know, with the times that they carry.
"$lab" enter "$dir" /mnt/bin/baton events -o json --since 0 | jq -r '.items[] | (.at * 1000 | floor | tostring) + " " + .word + " " + .text' |
	awk '/ dhcp-answered .*stage=ipxe .*deed=identity/ && !a++ {print $1, "dhcp-1"}
		/ script-sent .*script=shim.ipxe/ && !b++ {print $1, "script-1"}
		/ dhcp-answered .*stage=ipxe .*deed=persona/ && !c++ {print $1, "dhcp-2"}
		/ script-sent .*script=persona.ipxe/ && !d++ {print $1, "script-2"}
		/ step-begun .*step=identity / && !f++ {print $1, "identity-begun"}
		/ step-done .*step=identity / && !g++ {print $1, "identity-done"}
		/ dhcp-answered .*stage=os .*deed=persona/ && !e++ {print $1, "os-dhcp"}' >>"$marks"
marks_print
