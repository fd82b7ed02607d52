#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A million packets of random MACs, as fast as one process can send them, while 50 known machines ask at
# a modest pace: how long those wait, whether any is lost, and what memory the edge holds before and
# after. By broadcast, as on the machines' own wire, and through a relay.
# usage: B=build/dev tests/bench/flood.sh [PACKETS [EXCHANGES A SECOND]]
# A flood comes from other computers. Here it shares the cores with the edge and with those that ask, so
# all three are scheduled as soon as they can run: what is waited for is then the edge, not a time slice.
! chrt -r 10 true 2>/dev/null || : "${FIRST=chrt -r 10}"
# shellcheck source=tests/bench/servers.bash
. "$(dirname "$0")/servers.bash"
packets=${1:-1000000} pace=${2:-100} known=50

# measure WORD PACE: the known machines' figures beside the flood's pace.
measure() {
	local p50 p99 lost
	read -r _ p50 p99 lost _ <"$dir/load"
	printf '%-10s %10s %8s %8s %6s %9s %9s %9s\n' "$1" "$2" "$p50" "$p99" "$lost" "$before" "$(of_status VmRSS)" "$(of_status VmHWM)"
}

printf '%-10s %10s %8s %8s %6s %9s %9s %9s\n' flood packets/s p50/us p99/us lost before/kB after/kB peak/kB
serve_baton $known
until_answers -n 1
before=$(of_status VmRSS)
load -n $known -k $known -r "$pace" -t 5 >"$dir/load"
measure none 0
for way in broadcast relay; do
	words=()
	[ $way = relay ] || words=(-b)
	load "${words[@]}" -n $known -k $known -r "$pace" -t 10 >"$dir/load" &
	loader=$!
	# For as long as the known ones ask.
	: >"$dir/flood"
	while kill -0 $loader 2>/dev/null; do
		$first ip netns exec "$client" "$B/tests/bench/flood" "${words[@]}" "$packets" c0 >>"$dir/flood"
	done
	wait $loader || { echo "flood.sh: answers were wrong: $(cat "$dir/load")" >&2 && exit 1; }
	measure $way "$(median <"$dir/flood")"
done
