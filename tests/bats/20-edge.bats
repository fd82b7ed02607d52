#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=edge,root
# baton-edge as it runs: jailed, on a veth pair between two namespaces that are made here, asked by
# real clients.

. tests/lib/wait.bash

USER_EDGE=64502

setup_file() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-edge.XXXXXX)
	mkdir -p "$dir"/{table,boot}
	chmod 755 "$dir"
	export B dir SERVER=bte-s-$$ CLIENT=bte-c-$$
	head -c 300000 /dev/urandom > "$dir/boot/snponly.efi"
	head -c 1024 /dev/urandom > "$dir/boot/undionly.kpxe"
	echo secret > "$dir/secret"
	ln -s ../secret "$dir/boot/link"
	mkfifo "$dir/boot/pipe"
	mkdir "$dir/boot/folder"
	chmod 644 "$dir"/boot/*.*

	ip netns add "$SERVER"
	ip netns add "$CLIENT"
	ip -n "$SERVER" link add s0 type veth peer name c0 netns "$CLIENT"
	ip -n "$SERVER" addr add 10.77.0.1/24 dev s0
	ip -n "$SERVER" link set s0 up
	ip -n "$CLIENT" link set lo up
	ip -n "$CLIENT" link set c0 up

	cat > "$dir/site" <<-'EOF'
		network mgmt interface=s0 address=10.77.0.1/24 gateway=10.77.0.254
		machine blade-a
		nic 52:54:00:aa:00:01 network=mgmt addr=10.77.0.11 carries
		persona web-01 mac=02:ba:70:00:00:01 network=mgmt addr=10.77.0.50
		bind web-01 to=blade-a generation=4 phase=persona
	EOF
	cat > "$dir/script" <<-'EOF'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		env | grep -E '^(ip|router|hostname|siaddr|boot_file|serverid|lease|subnet)=' | sort > "$ASKED"
	EOF
	chmod 755 "$dir/script"
	publish 1
	cp "$B/baton-edge" "$dir/baton-edge"
	start_edge
}

start_edge() {
	ip netns exec "$SERVER" "$B/tests/lib/give" -u $USER_EDGE "table=dir:$dir/table" \
		"boot=dir:$dir/boot" "events=log:$dir/events" "dhcp.s0=udp:0.0.0.0:67@s0" \
		"pxe.s0=udp:0.0.0.0:4011@s0" "tftp.s0=udp:0.0.0.0:69@s0" "raw.s0=raw:s0" \
		-- "$dir/baton-edge" 2> "$dir/stderr" 3>&- &
	echo $! > "$dir/pid"
	wait_for started "$dir/stderr"
}

teardown_file() {
	if [ -e "$dir/pid" ]; then
		kill "$(cat "$dir/pid")" 2>/dev/null || true
		wait "$(cat "$dir/pid")" 2>/dev/null || true
	fi
	ip netns del "$SERVER" 2>/dev/null || true
	ip netns del "$CLIENT" 2>/dev/null || true
	rm -rf "$dir"
}

# publish GENERATION: a boot table of $dir/site, put in place as the broker does.
publish() {
	GENERATION=$1 "$B/tests/scenes/scene" --table "$dir/table/new" "$dir/site"
	chmod 644 "$dir/table/new"
	mv "$dir/table/new" "$dir/table/boot.table"
}

# ask MAC WORDS...: DHCP through busybox; what it was given is in $dir/asked.
ask() {
	ip -n "$CLIENT" link set c0 address "$1"
	shift
	rm -f "$dir/asked"
	ASKED=$dir/asked ip netns exec "$CLIENT" busybox udhcpc -i c0 -f -n -q -t 2 -T 1 \
		-s "$dir/script" "$@" > "$dir/udhcpc" 2>&1
}

given() { sed -n "s/^$1=//p" "$dir/asked"; }

# The client has an address while it fetches, as a firmware does.
with_address() {
	ip -n "$CLIENT" addr replace 10.77.0.11/24 dev c0
	"$@"
}
fetch() { with_address ip netns exec "$CLIENT" busybox tftp -g -r "$1" -l "$dir/got" 10.77.0.1; }

edge_pid() { pgrep -P "$(cat "$dir/pid")"; }

@test "the jail: no user's rights, no new ones, few system calls" {
	pid=$(edge_pid)
	grep -qE "^Uid:[[:space:]]+$USER_EDGE[[:space:]]+$USER_EDGE" "/proc/$pid/status"
	grep -qE '^CapEff:[[:space:]]+0+$' "/proc/$pid/status"
	grep -qE '^CapPrm:[[:space:]]+0+$' "/proc/$pid/status"
	grep -qE '^NoNewPrivs:[[:space:]]+1$' "/proc/$pid/status"
	grep -qE '^Seccomp:[[:space:]]+2$' "/proc/$pid/status"
	grep -q 'jail=seccomp' "$dir/stderr"
}

@test "as root it does not serve" {
	run ip netns exec "$SERVER" "$B/tests/lib/give" "table=dir:$dir/table" \
		"boot=dir:$dir/boot" "events=log:$dir/events.root" "raw.s0=raw:s0" \
		"dhcp.s0=udp:0.0.0.0:1067@s0" -- "$dir/baton-edge"
	[ "$status" -eq 1 ]
	[[ $output == *"this process is root"* ]]
}

@test "without its descriptors it says which one is missing" {
	run "$B/tests/lib/give" "table=dir:$dir/table" -- "$dir/baton-edge"
	[ "$status" -eq 1 ]
	[[ $output == *'descriptor "boot" was not given'* ]]
}

@test "without a socket for frames it does not serve half of its clients" {
	run ip netns exec "$SERVER" "$B/tests/lib/give" -u $USER_EDGE "table=dir:$dir/table" \
		"boot=dir:$dir/boot" "events=log:$dir/events.raw" "dhcp.s0=udp:0.0.0.0:1067@s0" -- "$dir/baton-edge"
	[ "$status" -eq 1 ]
	[[ $output == *"dhcp.s0 was given without raw.s0"* ]]
}

@test "a UEFI firmware gets its address by unicast and a loader" {
	ask 52:54:00:aa:00:01 -V PXEClient:Arch:00007:UNDI:003016 -x 0x5d:0007
	[ "$(given ip)" = 10.77.0.11 ]
	[ "$(given boot_file)" = snponly.efi ]
	[ "$(given siaddr)" = 10.77.0.1 ]
	[ "$(given router)" = 10.77.0.254 ]
	[ "$(given lease)" = 3600 ]
	wait_for 'dhcp-answered mac=52:54:00:aa:00:01 stage=firmware arch=7 machine=blade-a deed=persona generation=4 addr=10.77.0.11 file=snponly.efi' "$dir/events"
}

@test "a client that asks for broadcast gets it" {
	ask 52:54:00:aa:00:01 -B -V PXEClient -x 0x5d:0000
	[ "$(given boot_file)" = undionly.kpxe ]
}

@test "iPXE gets a URL with a token, and the event has no token in it" {
	ask 02:ba:70:00:00:01 -V PXEClient -x 0x5d:0007 -x 0x4d:69505845
	[[ $(given boot_file) =~ ^http://10.77.0.1:8080/b/02ba70000001-4-[0-9]+-[0-9a-f]{32}/entry.ipxe$ ]]
	wait_for 'mac=02:ba:70:00:00:01 stage=ipxe .*file=entry.ipxe' "$dir/events"
	[ "$(grep -c '/b/' "$dir/events")" -eq 0 ]
}

@test "the OS gets the persona's address and name, and no file" {
	ask 02:ba:70:00:00:01 -O hostname
	[ "$(given ip)" = 10.77.0.50 ]
	[ "$(given hostname)" = web-01 ]
	[ -z "$(given boot_file)" ]
}

@test "an unknown machine gets silence, told of once" {
	run ask 52:54:00:99:00:01
	[ "$status" -ne 0 ]
	wait_for 'dhcp-silent mac=52:54:00:99:00:01 why=unknown-machine network=mgmt' "$dir/events"
	[ "$(grep -c 'mac=52:54:00:99:00:01' "$dir/events")" -eq 1 ]
}

@test "an answer that could not be sent is a silence with a name, not an answer" {
	ip -n "$SERVER" addr add 192.0.2.9/24 dev s0
	ip -n "$SERVER" addr del 10.77.0.1/24 dev s0
	run ask 52:54:00:aa:00:01 -B
	ip -n "$SERVER" addr add 10.77.0.1/24 dev s0
	ip -n "$SERVER" addr del 192.0.2.9/24 dev s0
	[ "$status" -ne 0 ]
	wait_for 'dhcp-silent mac=52:54:00:aa:00:01 why=not-sent network=mgmt' "$dir/events"
	ask 52:54:00:aa:00:01 -B
	[ "$(given ip)" = 10.77.0.11 ]
}

@test "who asks in a known machine's name with ever new words is told of now and then" {
	wait_for started "$dir/stderr"
	before=$(grep -c 'mac=02:ba:70:00:00:01' "$dir/events" || true)
	for ((i = 0; i < 60; i++)); do
		ask 02:ba:70:00:00:01 -V PXEClient -x "0x5d:$((i % 2 ? 7 : 0 ))" || true
	done
	[ $(($(grep -c 'mac=02:ba:70:00:00:01' "$dir/events") - before)) -lt 60 ]
}

@test "TFTP: a whole loader, and the event with its length" {
	fetch snponly.efi
	cmp "$dir/got" "$dir/boot/snponly.efi"
	wait_for 'loader-sent addr=10.77.0.11 file=snponly.efi bytes=300000' "$dir/events"
	fetch /undionly.kpxe
	cmp "$dir/got" "$dir/boot/undionly.kpxe"
	wait_for 'loader-sent addr=10.77.0.11 file=undionly.kpxe bytes=1024' "$dir/events"
}

@test "TFTP: ten at once" {
	pids=
	for i in 1 2 3 4 5 6 7 8 9 10; do
		with_address ip netns exec "$CLIENT" busybox tftp -g -r snponly.efi -l "$dir/got.$i" \
			10.77.0.1 3>&- &
		pids+=" $!"
	done
	for p in $pids; do wait "$p"; done
	for i in 1 2 3 4 5 6 7 8 9 10; do cmp "$dir/got.$i" "$dir/boot/snponly.efi"; done
}

@test "TFTP: no way out of the boot folder" {
	for name in ../secret /../secret boot/../../secret "$dir/secret" link pipe folder . .. none; do
		rm -f "$dir/got"
		run fetch "$name"
		[ "$status" -ne 0 ]
		[ ! -s "$dir/got" ]
	done
	fetch undionly.kpxe
}

@test "TFTP: a loader that cannot be given is told of, with the reason" {
	echo x > "$dir/boot/closed.efi"
	chmod 600 "$dir/boot/closed.efi"
	for name in ipxe.efi closed.efi link folder/x; do
		run fetch "$name"
		[ "$status" -ne 0 ]
	done
	wait_for 'loader-refused addr=10.77.0.11 why=no-file file=ipxe.efi' "$dir/events"
	wait_for 'loader-refused addr=10.77.0.11 why=not-readable file=closed.efi' "$dir/events"
	wait_for 'loader-refused addr=10.77.0.11 why=no-plain-file file=link' "$dir/events"
	wait_for 'loader-refused addr=10.77.0.11 why=bad-name file=folder/x' "$dir/events"
}

@test "TFTP: nonsense ends nobody" {
	for bytes in '' '\0' '\0\1' '\0\1x' '\0\1x\0octet' '\0\1\0\0' '\0\2x\0octet\0' '\0\1x\0octet\0blksize\0-1\0' '\0\4\0\1' '\0\5\0\0'; do
		with_address ip netns exec "$CLIENT" bash -c "printf '$bytes' > /dev/udp/10.77.0.1/69"
	done
	fetch undionly.kpxe
	cmp "$dir/got" "$dir/boot/undionly.kpxe"
}

@test "TFTP: a question that is asked again and again holds one file open" {
	pid=$(edge_pid)
	fetch undionly.kpxe
	before=$(ls "/proc/$pid/fd" | wc -l)
	with_address ip netns exec "$CLIENT" bash -c 'exec 5<> /dev/udp/10.77.0.1/69
		for i in {1..60}; do printf "\0\1snponly.efi\0octet\0" >&5; done'
	fetch undionly.kpxe
	cmp "$dir/got" "$dir/boot/undionly.kpxe"
	[ "$(ls "/proc/$pid/fd" | wc -l)" -le $((before + 1)) ]
}

@test "DHCP: truncated and random bytes end nobody, and are no events" {
	before=$(wc -l < "$dir/events")
	for n in 1 100 236 240 241 500 1400; do
		for port in 67 4011; do
			with_address ip netns exec "$CLIENT" bash -c \
				"head -c $n /dev/urandom > /dev/udp/10.77.0.1/$port"
		done
	done
	fetch undionly.kpxe
	wait_for loader-sent "$dir/events" "$(($(grep -c loader-sent "$dir/events")))"
	[ "$(tail -n +$((before + 1)) "$dir/events" | grep -vc loader-sent)" -eq 0 ]
	ask 52:54:00:aa:00:01
	[ "$(given ip)" = 10.77.0.11 ]
}

@test "a new table is in use with the next question" {
	sed -i 's/addr=10.77.0.11/addr=10.77.0.21/' "$dir/site"
	publish 7
	ask 52:54:00:aa:00:01
	[ "$(given ip)" = 10.77.0.21 ]
	wait_for 'table-taken generation=7' "$dir/events"
}

@test "a damaged table is refused once with a sentence, and the old one goes on" {
	for damage in flip short empty; do
		before=$(grep -c table-refused "$dir/events" || true)
		case $damage in
		flip) { head -c 200 "$dir/table/boot.table"; printf X; tail -c +202 "$dir/table/boot.table"; } ;;
		short) head -c 300 "$dir/table/boot.table" ;;
		empty) ;;
		esac > "$dir/bad"
		cp "$dir/table/boot.table" "$dir/good"
		cp "$dir/bad" "$dir/table/new"
		chmod 644 "$dir/table/new"
		mv "$dir/table/new" "$dir/table/boot.table"
		wait_for 'table-refused why=' "$dir/events" $((before + 1))
		ask 52:54:00:aa:00:01
		[ "$(given ip)" = 10.77.0.21 ]
		ask 02:ba:70:00:00:01
		[ "$(grep -c table-refused "$dir/events")" -eq $((before + 1)) ]
		cp "$dir/good" "$dir/table/boot.table"
	done
	publish 9
	wait_for 'table-taken generation=9' "$dir/events"
}

@test "a table that goes away is not missed" {
	mv "$dir/table/boot.table" "$dir/good"
	ask 52:54:00:aa:00:01
	[ "$(given ip)" = 10.77.0.21 ]
	mv "$dir/good" "$dir/table/boot.table"
}

@test "ended with kill -9 and started again, a client renews what it has" {
	kill -9 "$(edge_pid)"
	wait "$(cat "$dir/pid")" 2>/dev/null || true
	start_edge
	ask 52:54:00:aa:00:01 -r 10.77.0.21
	[ "$(given ip)" = 10.77.0.21 ]
}
