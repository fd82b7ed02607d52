#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The ways to take an identity, side by side, on the lab's BIOS machine and on its UEFI machine: by a second boot (shim),
# by a handover, and by the BMC. `ways.sh [BLADE...]`; BENCH_RUNS rounds of all (1), the medians count. A round has each
# way once, so that what else the machine does meets all of them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$here/../.." && pwd)/build/bench
runs=${BENCH_RUNS:-1}
ways="shim handover bmc"
[ $# -gt 0 ] || set -- blade-a blade-b
mkdir -p "$out"

# Each is `FROM TO`, in ms, one a run, smallest first.
spans() { # FROM TO WAY
	local file
	for file in "$out/$blade-$3"-[0-9]*.marks; do
		awk -v from="$1" -v to="$2" '$1 == from {a = $2; n++} $1 == to {b = $2; n++} END {if (n == 2) print b - a}' "$file"
	done | sort -n
}

median() { # FROM TO WAY; nothing where no run has both
	spans "$@" | awk '{v[NR] = $1} END {if (NR) print v[int((NR + 1) / 2)]}'
}

cell() { # MS
	if [ -n "$1" ]; then
		printf ' %9d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100))
	else
		printf ' %13s' -
	fi
}

row() { # FROM TO WHAT
	local way
	printf '%-52s' "$3"
	for way in $ways; do
		# What has no shim is at its disk from power on.
		if [ "$way $1" = "bmc written" ]; then
			cell "$(median power-on "$2" "$way")"
		else
			cell "$(median "$1" "$2" "$way")"
		fi
	done
	echo
}

compared() { # WAY
	local two one
	two=$(median identity-begun os-up shim) one=$(median identity-begun os-up "$1")
	printf '%s / two boots: %d.%02d; runs, s:' "$1" $((one / two)) $((one * 100 / two % 100))
	spans identity-begun os-up "$1" | awk '{printf " %.1f", $1 / 1000}'
	printf ' / '
	spans identity-begun os-up shim | awk '{printf " %.1f", $1 / 1000} END {print ""}'
}

for blade; do
	rm -f "$out/$blade"-{shim,handover,bmc}-*.marks
	before=$(cut -d' ' -f1 /proc/loadavg)
	for ((i = 1; i <= runs; i++)); do
		for way in $ways; do
			"$here/by-baton.sh" "$out/$way" "$way" "$blade" >"$out/$blade-$way-$i.marks"
		done
	done
	printf '%-52s %13s %13s %13s\n' "$blade" "two boots" handover bmc
	row identity-begun identity-done "before power on, the BMC sets the addresses"
	row power-on written "firmware, loader and shim, until written"
	row written lun "until the persona's kernel has logged in"
	row lun os-up "OS, until it says who it is"
	row identity-begun os-up "in all"
	compared handover
	compared bmc
	echo "load before and after: $before $(cut -d' ' -f1 /proc/loadavg)"
done
