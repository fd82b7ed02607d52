#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=edge,root
# What is lent to strangers outlives baton-edge: jailed as it runs, on a veth pair between two
# namespaces that are made here, killed at any moment, asked by real clients and by a thousand at once.

. tests/lib/wait.bash

USER_EDGE=64502

setup_file() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-leases.XXXXXX)
	mkdir -p "$dir"/{table,boot,full}
	chmod 755 "$dir"
	export B dir SERVER=btl-s-$$ CLIENT=btl-c-$$
	ip netns add "$SERVER"
	ip netns add "$CLIENT"
	ip -n "$SERVER" link add s0 type veth peer name c0 netns "$CLIENT"
	ip -n "$SERVER" addr add 10.78.0.1/16 dev s0
	ip -n "$SERVER" link set s0 up
	ip -n "$CLIENT" link set c0 up

	cat > "$dir/site" <<-'EOF'
		network guests interface=s0 address=10.78.0.1/16 pool=10.78.16.0-10.78.23.207 unknown=lease
		machine blade-a
		nic 52:54:00:aa:00:01 network=guests addr=10.78.0.11
	EOF
	cat > "$dir/script" <<-'EOF'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		echo "$ip" > "$ASKED"
	EOF
	chmod 755 "$dir/script"
	"$B/tests/scenes/scene" --table "$dir/table/boot.table" "$dir/site"
	chmod 644 "$dir/table/boot.table"
	cp "$B/baton-edge" "$dir/baton-edge"
	start
}

# start [COMMAND...]: COMMAND is run before, in the edge's namespace of mounts. KEPT is where its files
# lie, LATER how many seconds its clock is ahead.
start() {
	: > "$dir/stderr"
	rm -f "$dir/events"
	ip netns exec "$SERVER" unshare --time --boottime "${LATER:-0}" --fork --kill-child sh -c "${*:-:}; exec $B/tests/lib/give \
		-u $USER_EDGE table=dir:$dir/table boot=dir:$dir/boot events=log:$dir/events \
		leases.0=file:${KEPT:-$dir/kept}.0 leases.1=file:${KEPT:-$dir/kept}.1 \
		dhcp.s0=udp:0.0.0.0:67@s0 raw.s0=raw:s0 -- $dir/baton-edge" 2> "$dir/stderr" 3>&- &
	echo $! > "$dir/pid"
	wait_for started "$dir/stderr"
}

# The one whose program is this test's own copy.
edge_pid() {
	local p
	for p in $(pgrep -x baton-edge); do
		[ "$(readlink "/proc/$p/exe")" != "$dir/baton-edge" ] || echo "$p"
	done
}

# ends [SIGNAL]
ends() {
	local edge
	edge=$(edge_pid)
	[ -z "$edge" ] || kill "${1--KILL}" "$edge"
	[ ! -e "$dir/pid" ] || wait "$(cat "$dir/pid")" 2>/dev/null || true
	rm -f "$dir/pid"
}

# Between tests nothing is lent.
begin_anew() {
	ends
	rm -f "$dir"/kept.*
	start
}

teardown_file() {
	ends || true
	ip netns del "$SERVER" 2>/dev/null || true
	ip netns del "$CLIENT" 2>/dev/null || true
	rm -rf "$dir"
}

# ask MAC WORDS...: DHCP through busybox; prints what it was given.
ask() {
	ip -n "$CLIENT" link set c0 address "$1"
	shift
	rm -f "$dir/asked"
	ASKED=$dir/asked ip netns exec "$CLIENT" busybox udhcpc -i c0 -f -n -q -t 2 -T 1 \
		-s "$dir/script" "$@" > "$dir/udhcpc" 2>&1 && cat "$dir/asked"
}

strangers() { ip netns exec "$CLIENT" "$B/tests/lib/strangers" c0 "$@"; }

# lines COUNT FILE: until it has so many; 20 s at most.
lines() {
	local until=$((SECONDS + 20))
	until [ "$(wc -l < "$2")" -ge "$1" ]; do
		[ $SECONDS -lt $until ] || { echo "$2 has $(wc -l < "$2") lines, want $1"; return 1; }
		read -rt 0.02 <> <(:) || true
	done
}

# Of all that clients were told: no address has two MACs.
nobody_shares() {
	local twice
	twice=$(cat "$@" | grep -v nak | sort -u | awk '{ print $2 }' | sort | uniq -d)
	[ -z "$twice" ] || { echo "lent twice: $twice"; return 1; }
}

# The epoch in the newer of the two heads.
epoch() {
	local f
	for f in "$dir"/kept.[01]; do
		od -An -v --endian=big -t u8 -j 16 -N 8 "$f" | tr -d ' '
	done | sort -n | tail -1
}

@test "killed right after its ACK, a client keeps its address and nobody else gets it" {
	begin_anew
	first=$(ask 02:11:00:00:00:01)
	[[ $first == 10.78.* ]]
	ends -KILL
	start
	wait_for 'leases-recovered loans=1 records=1 holes=0 clock=same' "$dir/events"
	other=$(ask 02:11:00:00:00:02 -r "$first")
	[ "$other" != "$first" ]
	echo "02:11:00:00:00:03 $first" > "$dir/list"
	[ "$(strangers keep "$dir/list" 10)" = "02:11:00:00:00:03 nak" ]
	echo "02:11:00:00:00:01 $first" > "$dir/list"
	[ "$(strangers keep "$dir/list" 10)" = "02:11:00:00:00:01 $first" ]
	[ "$(ask 02:11:00:00:00:01)" = "$first" ]
}

@test "a known machine is answered without a byte being written" {
	begin_anew
	[ "$(ask 52:54:00:aa:00:01)" = 10.78.0.11 ]
	[ "$(cat "$dir"/kept.* | wc -c)" -eq 0 ]
	ask 02:11:00:00:00:01
	before=$(cat "$dir"/kept.* | cksum)
	[ "$(ask 52:54:00:aa:00:01)" = 10.78.0.11 ]
	[ "$(ask 52:54:00:aa:00:01 -r 10.78.0.11)" = 10.78.0.11 ]
	[ "$(cat "$dir"/kept.* | cksum)" = "$before" ]
}

@test "a thousand strangers, killed in their midst again and again: what one was told holds" {
	begin_anew
	strangers come 0 1000 60 > "$dir/told" 3>&- &
	client=$!
	for n in 37 300 301 650 990; do
		lines $n "$dir/told"
		ends -KILL
		start
	done
	wait $client
	[ "$(grep -vc nak "$dir/told")" -ge 1000 ]
	# There are two thousand addresses: one that was forgotten would be lent again.
	strangers come 1000 1000 60 > "$dir/told.later"
	nobody_shares "$dir/told" "$dir/told.later"
	ends -KILL
	start
	grep -vh nak "$dir/told" "$dir/told.later" | sort -u > "$dir/list"
	strangers keep "$dir/list" 60 > "$dir/kept.list"
	[ "$(grep -c nak "$dir/kept.list")" -eq 0 ]
	[ "$(sort -u "$dir/kept.list" | wc -l)" -eq 2000 ]
	nobody_shares "$dir/kept.list" "$dir/list"
}

@test "renewals without end: the files change places, and do not grow past their bound" {
	begin_anew
	strangers come 0 200 20 > "$dir/told"
	[ "$(epoch)" = 1 ]
	grep -v nak "$dir/told" | sort -u > "$dir/list"
	strangers keep "$dir/list" 120 400 > "$dir/kept.list"
	[ "$(grep -c nak "$dir/kept.list")" -eq 0 ]
	[ "$(epoch)" = 2 ]
	for f in "$dir"/kept.[01]; do
		[ "$(stat -c %s "$f")" -le $((4096 + (65536 + 4096) * 32)) ]
	done
	ends -KILL
	start
	wait_for 'leases-recovered loans=200 ' "$dir/events"
	strangers keep "$dir/list" 20 > "$dir/kept.list"
	[ "$(grep -c nak "$dir/kept.list")" -eq 0 ]
}

@test "a full disk: no stranger is promised anything, known machines are answered, and room ends it" {
	ends
	KEPT=$dir/full/kept start "mount -t tmpfs -o size=16k none $dir/full"
	run ask 02:11:00:00:00:01
	[ "$status" -ne 0 ]
	wait_for 'dhcp-silent mac=02:11:00:00:00:01 why=lease-not-durable network=guests' "$dir/events"
	wait_for 'leases-not-kept why=leases:%20write:%20No%20space%20left' "$dir/events"
	[ "$(ask 52:54:00:aa:00:01)" = 10.78.0.11 ]
	nsenter -t "$(edge_pid)" -m mount -o remount,size=4m "$dir/full"
	[[ $(ask 02:11:00:00:00:01) == 10.78.* ]]
	[ "$(grep -c leases-not-kept "$dir/events")" -eq 1 ]
}

@test "no files at all: the edge starts, says so, and serves those who need none" {
	ends
	ip netns exec "$SERVER" "$B/tests/lib/give" -u $USER_EDGE "table=dir:$dir/table" "boot=dir:$dir/boot" \
		"events=log:$dir/events" "dhcp.s0=udp:0.0.0.0:67@s0" "raw.s0=raw:s0" -- "$dir/baton-edge" 2> "$dir/stderr" 3>&- &
	echo $! > "$dir/pid"
	wait_for 'leases-not-kept why=descriptor' "$dir/events"
	[ "$(ask 52:54:00:aa:00:01)" = 10.78.0.11 ]
	run ask 02:11:00:00:00:01
	[ "$status" -ne 0 ]
	wait_for 'dhcp-silent mac=02:11:00:00:00:01 why=lease-not-durable' "$dir/events"
}

@test "a term that has passed while no edge ran is over" {
	begin_anew
	first=$(ask 02:11:00:00:00:01)
	ends -KILL
	LATER=3500 start
	wait_for 'leases-recovered loans=1 .*clock=same' "$dir/events"
	echo "02:11:00:00:00:03 $first" > "$dir/list"
	[ "$(strangers keep "$dir/list" 10)" = "02:11:00:00:00:03 nak" ]
	ends -KILL
	LATER=3700 start
	wait_for 'leases-recovered loans=0 ' "$dir/events"
	[ "$(strangers keep "$dir/list" 10)" = "02:11:00:00:00:03 $first" ]
}

@test "after a reboot nothing is known of the time that passed, and what was lent is held" {
	begin_anew
	first=$(ask 02:11:00:00:00:01)
	ends -KILL
	echo 01234567-89ab-cdef-0123-456789abcdef > "$dir/boot_id"
	LATER=1000000 start "mount --bind $dir/boot_id /proc/sys/kernel/random/boot_id"
	wait_for 'leases-recovered loans=1 .*clock=other' "$dir/events"
	echo "02:11:00:00:00:03 $first" > "$dir/list"
	[ "$(strangers keep "$dir/list" 10)" = "02:11:00:00:00:03 nak" ]
	[ "$(ask 02:11:00:00:00:01 -r "$first")" = "$first" ]
}

@test "no clock that can be set is asked about loans" {
	for object in edge/journal engine/lease wire/loanfile; do
		run bash -c "nm -u '$B/broker/$object.o' | grep -E ' (clock_gettime|gettimeofday|time|localtime.*)$'"
		[ -z "$output" ]
	done
}

@test "a file that was damaged costs the loans it touched, and is said" {
	begin_anew
	strangers come 0 20 20 > "$dir/told"
	ends -KILL
	# The fifth record of the file that counts: the first snapshot goes into the second one.
	printf x | dd of="$dir/kept.1" bs=1 seek=$((4096 + 4 * 32)) conv=notrunc status=none
	start
	wait_for 'leases-recovered loans=19 records=[0-9]* holes=1 clock=same' "$dir/events"
	ends -KILL
	printf x | dd of="$dir/kept.1" bs=1 seek=3 conv=notrunc status=none
	start
	wait_for 'leases-lost why=' "$dir/events"
	[[ $(ask 02:11:00:00:00:01) == 10.78.* ]]
}
