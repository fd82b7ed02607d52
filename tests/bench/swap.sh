#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A new boot table under load: how long from the broker's rename until baton-edge answers from it, how
# long nobody was answered meanwhile, whether anything was lost, and what memory it took. The load
# goes on all the time at a pace that leaves both sides some air, or the silences would be the
# scheduler's; up to 1,024 exchanges may wait.
# usage: B=build/dev tests/bench/swap.sh [SWAPS [MACHINES...]]
# shellcheck source=tests/bench/servers.bash
. "$(dirname "$0")/servers.bash"
swaps=${1:-5} rate=${RATE:-15000}
shift || true
[ $# -gt 0 ] || set -- 50000 100000

printf '%8s %8s %10s %10s %10s %6s %6s %9s %9s %9s\n' machines table/MB 'taken/ms' 'most/ms' 'silent/ms' lost wrong \
	'RSS/MB' 'after/MB' 'peak/MB'
for n in "$@"; do
	serve_baton "$n"
	until_answers -n "$n"
	before=$(of_status VmRSS)
	load -n "$n" -k 1024 -r "$rate" -t $((swaps * 2 + 2)) >"$dir/load" &
	loader=$!
	for ((i = 1; i <= swaps; i++)); do
		fleet table "$n" "$dir/table" $((i + 1)) 0 "$dir/events"
	done >"$dir/taken"
	wait $loader || { echo "swap: answers were wrong: $(cat "$dir/load")" >&2 && exit 1; }
	read -r _ _ _ lost wrong silent _ <"$dir/load"
	printf '%8d %8.1f %10s %10s %10s %6s %6s %9.1f %9.1f %9.1f\n' "$n" \
		"$(stat -c %s "$dir/table/boot.table" | awk '{ print $1 / 1e6 }')" "$(median <"$dir/taken")" \
		"$(sort -n "$dir/taken" | tail -n 1)" "$silent" "$lost" "$wrong" \
		"$(awk "BEGIN { print $before / 1000 }")" "$(awk "BEGIN { print $(of_status VmRSS) / 1000 }")" \
		"$(awk "BEGIN { print $(of_status VmHWM) / 1000 }")"
	stop
done
