#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=edge,files,root
# baton-edge and baton-files over one boot table, and no broker anywhere: what a machine is given by
# the one is good at the other, whoever of them was started again in between.

. tests/lib/wait.bash

USER_EDGE=64502
USER_FILES=64501

setup_file() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-path.XXXXXX)
	mkdir -p "$dir"/{table,boot/shim,packs}
	chmod 755 "$dir"
	export B dir SERVER=btp-s-$$ CLIENT=btp-c-$$
	echo kernel > "$dir/boot/shim/vmlinuz"
	chmod -R a+rX "$dir/boot"
	ip netns add "$SERVER"
	ip netns add "$CLIENT"
	ip -n "$CLIENT" link set lo up
	for i in 0 1; do
		ip -n "$SERVER" link add s$i type veth peer name c$i netns "$CLIENT"
		ip -n "$SERVER" addr add 10.7$((7 + i)).0.1/24 dev s$i
		ip -n "$SERVER" link set s$i up
		ip -n "$CLIENT" link set c$i up
	done
	cat > "$dir/site" <<-'EOF'
		network mgmt interface=s0 address=10.77.0.1/24
		network guests interface=s1 address=10.78.0.1/24 pool=10.78.0.100-10.78.0.199 unknown=lease
		machine blade-a
		nic 52:54:00:aa:00:01 network=mgmt addr=10.77.0.11 carries
		persona web-01 mac=02:ba:70:00:00:01 network=mgmt addr=10.77.0.50
		bind web-01 to=blade-a generation=4 phase=persona
	EOF
	cat > "$dir/script" <<-'EOF'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		env | grep -E '^(ip|boot_file|siaddr)=' | sort > "$ASKED"
	EOF
	chmod 755 "$dir/script"
	cp "$B/baton-edge" "$B/baton-files" "$dir/"
	publish 1
	start edge
	start files
}

start() {
	local give=(ip netns exec "$SERVER" "$B/tests/lib/give")
	: > "$dir/$1.stderr"
	if [ "$1" = edge ]; then
		"${give[@]}" -u $USER_EDGE "table=dir:$dir/table" "boot=dir:$dir/boot" "events=log:$dir/edge.events" \
			"leases.0=file:$dir/leases.0" "leases.1=file:$dir/leases.1" "dhcp.s0=udp:0.0.0.0:67@s0" "raw.s0=raw:s0" "dhcp.s1=udp:0.0.0.0:67@s1" "raw.s1=raw:s1" \
			-- "$dir/baton-edge" 2> "$dir/edge.stderr" 3>&- &
	else
		"${give[@]}" -u $USER_FILES "table=dir:$dir/table" "boot=dir:$dir/boot" "packs=dir:$dir/packs" \
			"http.s0=tcp:10.77.0.1:8080" "events=log:$dir/files.events" \
			-- "$dir/baton-files" 2> "$dir/files.stderr" 3>&- &
	fi
	echo $! > "$dir/$1.pid"
	wait_for started "$dir/$1.stderr"
}

# ends NAME [SIGNAL]: the program behind its launcher, which ends with it.
ends() {
	local pid
	pid=$(cat "$dir/$1.pid")
	kill "${2--TERM}" "$(pgrep -P "$pid")"
	wait_gone "$pid"
}

teardown_file() {
	ends edge || true
	ends files || true
	ip netns del "$SERVER" 2>/dev/null || true
	ip netns del "$CLIENT" 2>/dev/null || true
	rm -rf "$dir"
}

publish() {
	GENERATION=$1 "$B/tests/scenes/scene" --table "$dir/table/new" "$dir/site"
	chmod 644 "$dir/table/new"
	mv "$dir/table/new" "$dir/table/boot.table"
}

# ask NIC MAC WORDS...
ask() {
	local nic=$1
	ip -n "$CLIENT" link set "$nic" address "$2"
	shift 2
	rm -f "$dir/asked"
	ASKED=$dir/asked ip netns exec "$CLIENT" busybox udhcpc -i "$nic" -f -n -q -t 2 -T 1 \
		-s "$dir/script" "$@" > "$dir/udhcpc" 2>&1
}
given() { sed -n "s/^$1=//p" "$dir/asked"; }

# The URL that iPXE is given now.
url() {
	ask c0 02:ba:70:00:00:01 -V PXEClient -x 0x5d:0007 -x 0x4d:69505845
	given boot_file
}

# fetch URL: prints the status.
fetch() {
	ip -n "$CLIENT" addr replace 10.77.0.50/24 dev c0
	ip netns exec "$CLIENT" curl -s -m 5 -o "$dir/body" -w '%{http_code}' "$1"
}

@test "a URL is good again and again, and after edge and files were killed" {
	first=$(url)
	[[ $first == http://10.77.0.1:8080/b/02ba70000001-4-*/entry.ipxe ]]
	[ "$(fetch "$first")" = 200 ]
	[ "$(fetch "$first")" = 200 ]
	ends files -KILL
	start files
	[ "$(fetch "$first")" = 200 ]
	ends edge -KILL
	start edge
	second=$(url)
	[ "$(fetch "$second")" = 200 ]
	[ "$(fetch "${first%/*}/next.ipxe")" = 200 ]
}

@test "a token that differs in one digit is refused, and none of it is told" {
	first=$(url)
	token=${first#*/b/}
	token=${token%/*}
	last=${token: -1}
	wrong=${token%?}$([ "$last" = 0 ] && echo 1 || echo 0)
	[ "$(fetch "http://10.77.0.1:8080/b/$wrong/next.ipxe")" = 403 ]
	[ "$(fetch "http://10.77.0.1:8080/b/525400aa0001${token#02ba70000001}/next.ipxe")" = 403 ]
	wait_for 'http-refused addr=10.77.0.50 why=bad-token' "$dir/files.events"
	run grep -hE "${token##*-}|${wrong##*-}" "$dir"/*.events "$dir"/*.stderr
	[ -z "$output" ]
}

@test "the next binding makes the URL of the one before useless" {
	first=$(url)
	sed -i 's/generation=4/generation=5/' "$dir/site"
	publish 5
	[ "$(fetch "$first")" = 410 ]
	grep -q '^stale-generation: ' "$dir/body"
	[ "$(fetch "$(url)")" = 200 ]
}

@test "a damaged table is refused by both with one sentence, and the old one goes on" {
	cp "$dir/table/boot.table" "$dir/good"
	{ head -c 300 "$dir/good" && printf X && tail -c +302 "$dir/good"; } > "$dir/table/new"
	chmod 644 "$dir/table/new"
	mv "$dir/table/new" "$dir/table/boot.table"
	[ "$(fetch "$(url)")" = 200 ]
	[ "$(given ip)" = 10.77.0.50 ]
	for who in edge files; do
		wait_for 'table-refused why=boot%20table:%20the%20checksum%20is%20wrong' "$dir/$who.events"
		[ "$(grep -c table-refused "$dir/$who.events")" -eq 1 ]
	done
	publish 6
	[ "$(fetch "$(url)")" = 200 ]
	for who in edge files; do wait_for 'table-taken generation=6' "$dir/$who.events"; done
}

@test "of an unknown machine: silence on one network, a bare address on the other" {
	run ask c0 52:54:00:99:00:01 -V PXEClient -x 0x5d:0007
	[ "$status" -ne 0 ]
	wait_for 'dhcp-silent mac=52:54:00:99:00:01 why=unknown-machine network=mgmt' "$dir/edge.events"
	ask c1 52:54:00:99:00:02 -V PXEClient -x 0x5d:0007
	[[ $(given ip) == 10.78.0.1?? ]]
	[ -z "$(given boot_file)" ]
	wait_for 'dhcp-answered mac=52:54:00:99:00:02 stage=firmware arch=7 deed=lease addr=10.78.0.1' "$dir/edge.events"
}

@test "DHCP, scripts and explain ask one function, and there is one" {
	for object in engine/engine files/serve broker/api_explain; do
		nm -u "$B/broker/$object.o" | grep -q ' boot_decide$'
	done
	[ "$(nm --defined-only "$B"/broker/*/*.o 2>/dev/null | grep -c ' boot_decide$')" -eq 1 ]
}
