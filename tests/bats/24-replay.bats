#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=edge,files,root
# Every input of the fuzz targets' corpora goes to baton-edge and baton-files as they run: in their jails, by
# real sockets, over the site that the targets have (tests/unit/world.h). A system call that only some packet
# needs is found here and not in the field. Whatever came, the same two processes go on and do what they should.

. tests/lib/wait.bash

USER_EDGE=64502
USER_FILES=64501
CORPUS=$PWD/tests/fuzz/corpus

setup_file() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-replay.XXXXXX)
	mkdir -p "$dir"/{table,boot/shim,packs}
	chmod 755 "$dir"
	export B dir SERVER=btr-s-$$ CLIENT=btr-c-$$
	head -c 3000 /dev/urandom > "$dir/boot/snponly.efi"
	echo a > "$dir/boot/a"
	echo kernel > "$dir/boot/shim/vmlinuz"
	echo pack > "$dir/packs/lab.img"
	chmod -R a+rX "$dir"/{boot,packs}
	network
	"$B/tests/lib/mktable" "$dir/table" persona > "$dir/tokens"
	cp "$dir/table/boot.table" "$dir/good"
	cat > "$dir/script" <<-'EOS'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		echo "$ip $boot_file" > "$ASKED"
	EOS
	chmod 755 "$dir/script"
	cp "$B/baton-edge" "$B/baton-files" "$dir/"
	start edge $USER_EDGE "boot=dir:$dir/boot" \
		"dhcp.mgmt0=udp:0.0.0.0:67@mgmt0" "pxe.mgmt0=udp:0.0.0.0:4011@mgmt0" "tftp.mgmt0=udp:0.0.0.0:69@mgmt0" \
		"raw.mgmt0=raw:mgmt0" "dhcp.other0=udp:0.0.0.0:67@other0" "pxe.other0=udp:0.0.0.0:4011@other0" \
		"raw.other0=raw:other0"
	start files $USER_FILES "boot=dir:$dir/boot" "packs=dir:$dir/packs" "http.mgmt0=tcp:10.77.0.1:8080"
}

network() {
	ip netns add "$SERVER"
	ip netns add "$CLIENT"
	ip -n "$SERVER" link add mgmt0 address 02:00:00:77:00:01 type veth peer name c0 netns "$CLIENT"
	ip -n "$SERVER" link add other0 address 02:00:00:77:00:02 type veth peer name c1 netns "$CLIENT"
	ip -n "$SERVER" addr add 10.77.0.1/24 dev mgmt0
	ip -n "$SERVER" addr add 10.88.0.1/24 dev other0
	ip -n "$CLIENT" addr add 10.77.0.99/24 dev c0
	for i in mgmt0 other0; do ip -n "$SERVER" link set $i up; done
	for i in lo c0 c1; do ip -n "$CLIENT" link set $i up; done
}

# start NAME UID DESCRIPTORS...
start() {
	local name=$1 uid=$2
	shift 2
	ip netns exec "$SERVER" "$B/tests/lib/give" -u "$uid" "table=dir:$dir/table" "events=log:$dir/$name.events" "$@" \
		-- "$dir/baton-$name" 2> "$dir/$name.stderr" 3>&- &
	echo $! > "$dir/$name.launcher"
	wait_for 'started.*jail=seccomp' "$dir/$name.stderr"
	pgrep -P "$(cat "$dir/$name.launcher")" > "$dir/$name.pid"
}

teardown_file() {
	for name in edge files; do
		if [ -e "$dir/$name.launcher" ]; then
			kill "$(cat "$dir/$name.launcher")" 2>/dev/null || true
			wait "$(cat "$dir/$name.launcher")" 2>/dev/null || true
		fi
	done
	ip netns del "$SERVER" 2>/dev/null || true
	ip netns del "$CLIENT" 2>/dev/null || true
	rm -rf "$dir"
}

teardown() {
	# What the programs said when they went is what a person wants to read.
	[ -n "$BATS_TEST_COMPLETED" ] || tail -n 5 "$dir"/*.stderr
}

throw() { ip netns exec "$CLIENT" "$B/tests/fuzz/throw" "$@"; }

# Until the edge has taken every packet from its sockets; and no packet was lost on the way.
all_read() {
	local until=$((SECONDS + 5))
	until ip netns exec "$SERVER" ss -Huan | awk '$2 > 0 { busy = 1 } END { exit busy }'; do
		[ $SECONDS -lt $until ]
		read -rt 0.005 <> <(:) || true
	done
	ip netns exec "$SERVER" awk 'NR > 1 { lost += $NF } END { exit lost > 0 }' /proc/net/udp
}

# in_parts N KIND TARGETS... -- FILES...: N at once, so many as surely fit into a socket's queue.
in_parts() {
	local n=$1 to=()
	shift
	while [ "$1" != -- ]; do to+=("$1") && shift; done
	shift
	while [ $# -gt 0 ]; do
		throw "${to[@]}" "${@:1:n}"
		shift "$(($# < n ? $# : n))"
		all_read
	done
}

throw_dhcp() { in_parts 100 dhcp "c0=10.77.0.1@02:00:00:77:00:01" "c1=10.88.0.1@02:00:00:77:00:02" -- "$CORPUS"/dhcp/*; }

same_two() {
	for name in edge files; do
		[ "$(pgrep -P "$(cat "$dir/$name.launcher")")" = "$(cat "$dir/$name.pid")" ] || return 1
		grep -qE '^Seccomp:[[:space:]]+2$' "/proc/$(cat "$dir/$name.pid")/status" || return 1
		[ "$(grep -c 'give: .* ended' "$dir/$name.stderr")" -eq 0 ] || return 1
	done
}

# A machine that no input is of asks by DHCP, fetches its loader by TFTP and a script by HTTP; the programs
# are who they were, and where they were.
all_is_well() {
	rm -f "$dir/asked" "$dir/got"
	ip -n "$CLIENT" link set c0 address 52:54:00:bb:00:02
	ASKED=$dir/asked ip netns exec "$CLIENT" busybox udhcpc -i c0 -f -n -q -t 3 -T 1 -s "$dir/script" \
		-V PXEClient:Arch:00007:UNDI:003016 -x 0x5d:0007 > "$dir/udhcpc" 2>&1
	[ "$(cat "$dir/asked")" = "10.77.0.13 snponly.efi" ]
	ip netns exec "$CLIENT" busybox tftp -g -r snponly.efi -l "$dir/got" 10.77.0.1
	cmp "$dir/got" "$dir/boot/snponly.efi"
	. "$dir/tokens"
	# shellcheck disable=SC2154 # mktable has assigned it
	[[ $(ip netns exec "$CLIENT" curl -s -m 5 "http://10.77.0.1:8080/b/$blade_a/next.ipxe") == *sanboot* ]]
	[ "$(ip netns exec "$CLIENT" curl -s -m 5 http://10.77.0.1:8080/shim/vmlinuz)" = kernel ]
	same_two
}

@test "before: a machine gets address, loader and script" {
	all_is_well
}

@test "DHCP: every packet of the corpus, one that names a foreign server among them" {
	# Its option 54 is neither of our addresses.
	od -An -v -tx1 "$CORPUS/dhcp/foreign-server" | tr -d ' \n' | grep -oE '3604.{8}' | grep -qv '0a4d0001\|0a580001'
	before=$(wc -l < "$dir/edge.events")
	throw_dhcp
	all_is_well
	# They came where they should: known machines and strangers were heard, on both networks.
	tail -n +$((before + 1)) "$dir/edge.events" > "$dir/said"
	grep -q 'dhcp-answered mac=52:54:00:aa:00:01' "$dir/said"
	grep -q 'dhcp-answered .* deed=lease addr=10.88.0.1' "$dir/said"
}

@test "TFTP: every conversation of the corpus" {
	before=$(wc -l < "$dir/edge.events")
	in_parts 25 tftp 10.77.0.1 -- "$CORPUS"/tftp/*
	all_is_well
	tail -n +$((before + 1)) "$dir/edge.events" | grep -q loader-refused
}

@test "HTTP: every path and every request of the corpus" {
	before=$(wc -l < "$dir/files.events")
	throw url 10.77.0.1:8080 "$CORPUS"/url/*
	[ ! -d "$CORPUS/http" ] || throw http 10.77.0.1:8080 "$CORPUS"/http/*
	all_is_well
	[ "$(wc -l < "$dir/files.events")" -gt "$before" ]
}

looks() { grep -c 'table-taken\|table-refused' "$dir/$1.events" || true; }

# publish FILE: puts it in place as the broker does, and waits until both have looked at it.
publish() {
	local edge files
	edge=$(looks edge)
	files=$(looks files)
	cp "$1" "$dir/table/new"
	chmod 644 "$dir/table/new"
	mv "$dir/table/new" "$dir/table/boot.table"
	ip netns exec "$CLIENT" curl -s -m 5 -o /dev/null http://10.77.0.1:8080/b/x/job
	wait_for 'table-taken\|table-refused' "$dir/edge.events" $((edge + 1))
	wait_for 'table-taken\|table-refused' "$dir/files.events" $((files + 1))
}

both_took_it() {
	for name in edge files; do
		grep 'table-taken\|table-refused' "$dir/$name.events" | tail -n 1 | grep -q taken || return 1
	done
}

@test "table: every one of the corpus, taken or refused, and asked everything" {
	local urls=()
	. "$dir/tokens"
	# shellcheck disable=SC2154 # mktable has assigned them
	for token in "$blade_a" "$web_01" "$blade_b" "$loose"; do
		for what in entry.ipxe next.ipxe job; do urls+=("http://10.77.0.1:8080/b/$token/$what"); done
	done
	for t in "$CORPUS"/table/*; do
		"$B/tests/fuzz/throw" table "$t" > "$dir/table.fixed"
		publish "$dir/table.fixed"
		[[ $t != */whole-* ]] || both_took_it || { echo "$t is of another layout: tests/fuzz/tables.sh $B" && return 1; }
		throw_dhcp
		ip netns exec "$CLIENT" curl -s -m 5 "${urls[@]}" > "$dir/got"
		publish "$dir/good"
		same_two || { echo "after $t" && return 1; }
	done
	all_is_well
	grep -q 'table-refused' "$dir/edge.events"
}

@test "after: nobody has died, nobody has been started again" {
	all_is_well
	[ "$(grep -c " started " "$dir/edge.stderr")" -eq 1 ]
	[ "$(grep -c " started " "$dir/files.stderr")" -eq 1 ]
}
