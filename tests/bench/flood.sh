#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A million packets of random MACs, as fast as one process can send them, and again, while 50 known
# machines ask at a modest pace: how long those wait, whether any is lost, and what memory the edge holds
# before and after. By broadcast, as on the machines' own wire, and through a relay; medians of rounds.
# usage: B=build/dev tests/bench/flood.sh [ROUNDS [PACKETS [EXCHANGES A SECOND]]]
# shellcheck source=tests/bench/servers.bash
. "$(dirname "$0")/servers.bash"
rounds=${1:-3} packets=${2:-1000000} pace=${3:-500} known=50 seconds=5
# A flood comes from other computers, so it has a core of its own here, and the edge another. Those that
# ask mostly sleep, and go first on the flood's: what they wait for is then the edge, not a time slice.
edge=0 others=$(($(nproc) - 1))
asks="taskset -c $others $first"

# measure WAY: the known machines' figures, and the paces of what went on beside them.
measure() {
	local words=() loader
	[ "$1" != broadcast ] || words=(-b)
	first=$asks load "${words[@]}" -n $known -k $known -r "$pace" -t $seconds >"$dir/load" &
	loader=$!
	echo 0 >"$dir/flood"
	while [ "$1" != none ] && kill -0 $loader 2>/dev/null; do
		taskset -c "$others" ip netns exec "$client" "$B/tests/bench/flood" "${words[@]}" "$packets" c0 >>"$dir/flood"
	done
	wait $loader || { echo "flood.sh: answers were wrong: $(cat "$dir/load")" >&2 && exit 1; }
	echo "$1 $(sort -n "$dir/flood" | tail -n 1) $(cat "$dir/load") $(of_status VmRSS) $(of_status VmHWM)" >>"$dir/figures"
}

first="taskset -c $edge $first" serve_baton $known
until_answers -n 1
before=$(of_status VmRSS)
for ((round = 0; round < rounds; round++)); do
	for way in none broadcast relay; do
		measure $way
	done
done

printf '%-10s %10s %8s %8s %6s %9s %9s %9s\n' flood packets/s p50/us p99/us lost before/kB after/kB peak/kB
for way in none broadcast relay; do
	row=()
	for c in 2 4 5 6 11 12; do
		row+=("$(awk -v w=$way -v c=$c '$1 == w { print $c }' "$dir/figures" | median)")
	done
	printf '%-10s %10s %8s %8s %6s %9s %9s %9s\n' $way "${row[@]:0:4}" "$before" "${row[@]:4}"
done
