#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a crash of baton-edge costs those who ask: batond runs it with its sockets and its jail, machines ask at
# an even pace, and in their midst it is ended by SIGSEGV. The longest silence between two answers is the
# figure; the same without a crash stands beside it. Each round has a batond of its own, since a death soon
# after another is waited for.
# usage: B=build/dev tests/bench/restart.sh [ROUNDS [MACHINES...]]
# shellcheck source=tests/bench/servers.bash
. "$(dirname "$0")/servers.bash"
# shellcheck source=tests/lib/conf.bash
. "$(dirname "$0")/../lib/conf.bash"
rounds=${1:-5} rate=${RATE:-2000}
shift || true
[ $# -gt 0 ] || set -- 1000 100000

mkdir -p "$dir"/{bin,scripts,run/table}
cp "$B"/{batond,baton-edge,baton-files,baton-hand} "$dir/bin"
cp "$B/tests/lib/ask" "$dir/bin/baton-broker" # in its place, and it publishes nothing
conf_lines s0 "$dir" 64510 >"$dir/conf"

# silence N COMMAND...: which is done in the midst of the load. Sets $silent and $lost.
silence() {
	local n=$1 begun
	shift
	run_server "$dir/bin/batond" -c "$dir/conf"
	until_answers -n "$n"
	pid=$(sed -n 's/.*child-started program=baton-edge pid=\([0-9]*\)$/\1/p' "$dir/log")
	begun=$(cpu_us)
	load -n "$n" -k 256 -r "$rate" -t 3 >"$dir/load" &
	loader=$!
	until [ "$(cpu_us)" -gt $((begun + 50000)) ]; do kill -0 $loader; done
	"$@"
	wait $loader || { echo "restart: answers were wrong: $(cat "$dir/load")" >&2 && exit 1; }
	read -r _ _ _ lost _ silent _ <"$dir/load"
	stop
}

crash() { kill -SEGV "$pid"; }

printf '%8s %14s %10s %10s %6s\n' machines 'no crash/ms' 'crash/ms' 'most/ms' lost
for n in "$@"; do
	fleet table "$n" "$dir/run/table" 1
	silence "$n" true
	quiet=$silent all=0
	: >"$dir/silent"
	for ((i = 0; i < rounds; i++)); do
		silence "$n" crash
		grep -q 'child-crashed program=baton-edge signal=SIGSEGV' "$dir/log"
		echo "$silent" >>"$dir/silent"
		all=$((all + lost))
	done
	printf '%8d %14s %10s %10s %6s\n' "$n" "$quiet" "$(median <"$dir/silent")" "$(sort -n "$dir/silent" | tail -n 1)" $all
done
