#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A million packets of random MACs, as fast as one process can send them, while 50 known machines ask at
# a modest pace: how long those wait, whether any is lost, and what memory the edge holds before and
# after. By broadcast, as on the machines' own wire, and through a relay.
# usage: B=build/dev tests/bench/flood.sh [PACKETS [EXCHANGES A SECOND]]
# shellcheck source=tests/bench/servers.bash
. "$(dirname "$0")/servers.bash"
packets=${1:-1000000} pace=${2:-100} known=50
# A flood comes from other computers, so it has a core of its own here, and the edge another. Those that
# ask mostly sleep, and go first on the flood's: what they wait for is then the edge, not a time slice.
edge=0 others=$(($(nproc) - 1))
asks="taskset -c $others $first"

# measure WORD PACE: the known machines' figures beside the flood's pace.
measure() {
	local p50 p99 lost
	read -r _ p50 p99 lost _ <"$dir/load"
	printf '%-10s %10s %8s %8s %6s %9s %9s %9s\n' "$1" "$2" "$p50" "$p99" "$lost" "$before" "$(of_status VmRSS)" "$(of_status VmHWM)"
}

printf '%-10s %10s %8s %8s %6s %9s %9s %9s\n' flood packets/s p50/us p99/us lost before/kB after/kB peak/kB
first="taskset -c $edge $first" serve_baton $known
until_answers -n 1
before=$(of_status VmRSS)
first=$asks load -n $known -k $known -r "$pace" -t 5 >"$dir/load"
measure none 0
for way in broadcast relay; do
	words=()
	[ $way = relay ] || words=(-b)
	first=$asks load "${words[@]}" -n $known -k $known -r "$pace" -t 10 >"$dir/load" &
	loader=$!
	# For as long as the known ones ask.
	: >"$dir/flood"
	while kill -0 $loader 2>/dev/null; do
		taskset -c "$others" ip netns exec "$client" "$B/tests/bench/flood" "${words[@]}" "$packets" c0 >>"$dir/flood"
	done
	wait $loader || { echo "flood.sh: answers were wrong: $(cat "$dir/load")" >&2 && exit 1; }
	measure $way "$(median <"$dir/flood")"
done
