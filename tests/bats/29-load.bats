#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=edge,root
# Too much at once: a million made-up MACs, and hundreds of TFTP transfers. What is held here are bounds, of memory
# and of what known machines lose; how fast it all is, is for `make bench`.

. tests/lib/wait.bash

setup() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-load.XXXXXX)
	mkdir -p "$dir"/{table,boot}
	chmod 755 "$dir" "$dir/boot"
	SERVER=btl-s-$$ CLIENT=btl-c-$$
	ip netns add "$SERVER"
	ip netns add "$CLIENT"
	ip -n "$SERVER" link add s0 type veth peer name c0 netns "$CLIENT"
	ip -n "$SERVER" addr add 10.0.0.1/8 dev s0
	ip -n "$SERVER" link set s0 up
	ip -n "$CLIENT" addr add 10.0.0.2/8 dev c0
	ip -n "$CLIENT" link set c0 up
	head -c 257000 /dev/urandom > "$dir/boot/loader"
	chmod 644 "$dir/boot/loader"
	cp "$B/baton-edge" "$dir/"
}

teardown() {
	if [ -e "$dir/launcher" ]; then
		kill "$(cat "$dir/launcher")" 2>/dev/null || true
		wait_gone "$(cat "$dir/launcher")"
	fi
	ip netns del "$SERVER" 2>/dev/null || true
	ip netns del "$CLIENT" 2>/dev/null || true
	rm -rf "$dir"
}

# start_edge [POOL]: 50 machines of tests/bench/fleet.h are known; with a pool strangers are lent addresses of it.
start_edge() {
	"$B/tests/bench/fleet" table 50 "$dir/table" 1 "${1-0}"
	ip netns exec "$SERVER" "$B/tests/lib/give" -u 64502 "table=dir:$dir/table" "boot=dir:$dir/boot" \
		"events=log:$dir/events" "leases.0=file:$dir/loans.0" "leases.1=file:$dir/loans.1" \
		"dhcp.s0=udp:0.0.0.0:67@s0" "tftp.s0=udp:0.0.0.0:69@s0" "raw.s0=raw:s0" \
		-- "$dir/baton-edge" 2> "$dir/log" 3>&- &
	echo $! > "$dir/launcher"
	wait_for table-taken "$dir/events"
	pid=$(pgrep -P "$(cat "$dir/launcher")")
}

rss_kb() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"; }
open_files() {
	set -- "/proc/$pid/fd"/*
	echo $#
}
in_client() { ip netns exec "$CLIENT" "$@"; }

# flood: a million DISCOVERs, each of another MAC, through the relay; the known machines ask for as long as that takes.
flood() {
	in_client "$B/tests/bench/flood" 1000000 c0 > "$dir/flood" 3>&- &
	local flooder=$!
	# Fails when an answer was wrong, or none came.
	in_client "$B/tests/bench/dhcp-load" -n 50 -k 4 -r 50 -t 3 c0 > "$dir/known" 3>&-
	wait $flooder
}

@test "a million made-up MACs: memory stays where it is, known machines are answered, the log is short" {
	start_edge
	before=$(rss_kb)
	flood
	echo "# RSS $before kB, then $(rss_kb) kB; flood $(cat "$dir/flood")/s; known: $(cat "$dir/known")" >&3
	[ $(($(rss_kb) - before)) -lt 8192 ]
	[ "$(wc -l < "$dir/events")" -lt 1000 ]
	wait_for 'dhcp-limited via=10.0.0.2 dropped=' "$dir/events"
}

@test "the same where strangers are lent addresses: no more loans than the pool has, no more on the disk" {
	start_edge 1000
	before=$(rss_kb)
	flood
	[ $(($(rss_kb) - before)) -lt 8192 ]
	[ $(($(stat -c %s "$dir/loans.0") + $(stat -c %s "$dir/loans.1"))) -lt 16777216 ]
	[ "$(wc -l < "$dir/events")" -lt 1000 ]
}

@test "300 TFTP transfers at once: every byte right, and one file open for all of them" {
	start_edge
	open_files > "$dir/before"
	in_client "$B/tests/bench/tftp-load" 10.0.0.1 loader "$dir/boot/loader" 1428 300 600 > "$dir/tftp" 3>&- &
	fetching=$!
	most=0
	while kill -0 $fetching 2>/dev/null; do
		open=$(open_files)
		most=$((open > most ? open : most))
	done
	wait $fetching
	echo "# MB/s, transfers/s, p50 ms, p99 ms, asked again: $(cat "$dir/tftp")" >&3
	[ "$most" -le $(($(cat "$dir/before") + 2)) ]
	wait_for 'loader-sent addr=10.0.0.2 file=loader bytes=257000' "$dir/events"
}

@test "TFTP: the options that a firmware asks for are granted, and no more than a frame holds" {
	start_edge
	# blksize and tsize: RFC 2348 and 2349; an option that is not known, windowsize of RFC 7440 too, is left out.
	printf '\0\1loader\0octet\0tsize\0000\0blksize\0001468\0windowsize\00016\0' > "$dir/question"
	in_client socat -T 1 - UDP4-DATAGRAM:10.0.0.1:69,bind=:3000 < "$dir/question" > "$dir/answer"
	[ "$(head -c 2 "$dir/answer" | od -An -tu1 | tr -s ' ')" = " 0 6" ]
	tr '\0' ' ' < "$dir/answer" | grep -q 'tsize 257000'
	tr '\0' ' ' < "$dir/answer" | grep -q 'blksize 1468'
	[ "$(tr '\0' ' ' < "$dir/answer" | grep -c windowsize)" -eq 0 ]
	printf '\0\1loader\0octet\0blksize\00065464\0' > "$dir/question"
	in_client socat -T 1 - UDP4-DATAGRAM:10.0.0.1:69,bind=:3001 < "$dir/question" > "$dir/answer"
	tr '\0' ' ' < "$dir/answer" | grep -q 'blksize 1468'
}
