#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=warden,edge,files,root
# shellcheck disable=SC1091,SC2030,SC2031,SC2154,SC2317
# A program that dies of what a stranger sent: in a debugger, since nothing that is sent does it. The
# whole site runs, jails and all; what was sent must be found again, byte for byte.

CLIENT_MAC=52:54:00:aa:00:01

setup_file() {
	. tests/lib/site.bash
	site_make
	export dir ns B client=$ns-c BATON_SOCKET=$dir/run/api.sock
	ip netns add "$client"
	ip -n "$ns" link add c0 type veth peer name e0 netns "$client"
	ip -n "$ns" link set c0 master mgmt0 up
	ip -n "$client" link set e0 address $CLIENT_MAC up
	ip -n "$client" addr add 10.88.0.9/24 dev e0
	site_start
	baton network add mgmt --interface mgmt0 --address $SITE_ADDR/24 --pool 10.88.0.100-10.88.0.199
	baton machine add blade-a --bmc fake://blade-a --nic mac=$CLIENT_MAC,network=mgmt
}

teardown_file() {
	. tests/lib/site.bash
	ip netns del "$client" 2>/dev/null || true
	site_drop
}

setup() {
	. tests/lib/site.bash
	baton() { timeout 60 "$dir/bin/baton" "$@"; }
}

as_client() { ip netns exec "$client" "$@"; }

# die_of PROGRAM FUNCTION DEED...: in a debugger, at its next coming to FUNCTION. Returns once it lies in
# wait there; $debugger.
die_of() {
	local pid
	pid=$(pid_at_work "$1")
	: > "$dir/gdb"
	timeout 60 gdb -batch -nx -p "$pid" -ex "break $2" -ex 'echo in wait\n' -ex continue -ex "$3" \
		>> "$dir/gdb" 2>&1 < /dev/null 3>&- &
	debugger=$!
	until_true "the debugger waits at $2" grep -q 'in wait' "$dir/gdb"
	until_true "$1 goes on" grep -q '^State:.S' "/proc/$pid/status"
}

# The last crash that the broker was told of.
crash() { baton events -o json | jq -c '[.items[] | select(.word == "child-crashed")] | last'; }
crashes() { baton events -o json | jq '[.items[] | select(.word == "child-crashed")] | length'; }
told_of() { [ "$(crashes)" -ge "$1" ]; }
# crash_field KEY
crash_field() { crash | jq -r .text | tr ' ' '\n' | sed -n "s/^$1=//p"; }

# The time between the news of the crash and those of the table that the next one has taken.
restarted_ms() {
	baton events -o json | jq '.items | (map(select(.word == "child-crashed")) | last) as $died |
		(map(select(.word == "table-taken" and .id > $died.id)) | first) as $again |
		if $again then ($again.at - $died.at) * 1000 | round else empty end'
}
again() { [ -n "$(restarted_ms)" ]; }
# again_within WHO MS
again_within() {
	local ms
	until_true "the next one takes the table" again
	ms=$(restarted_ms)
	echo "# $1: started again, and at work, in $ms ms" >&3
	[ "$ms" -lt "$2" ]
}

bytes() { printf "$(printf '%s' "$*" | sed 's/[ \n]//g; s/../\\x&/g')"; }
zeros() { head -c "$1" /dev/zero; }

# A DISCOVER of blade-a's firmware, with a transaction number of its own and a tail no client sends.
discover() { # NUMBER
	bytes 01 01 06 00
	bytes "$1"
	zeros 20
	bytes "${CLIENT_MAC//:/}"
	zeros 202
	bytes 63825363 350101 3c09 # 53, and 60 with
	printf PXEClient
	bytes 5d020007 e0020dff ff
	zeros 37
}

send_udp() { # PORT: stdin as one datagram
	as_client socat -u -b 2000 - "UDP4-DATAGRAM:10.88.0.1:$1,bind=10.88.0.9:$((20000 + $1))" 3>&-
}

answered() {
	printf '#!/bin/sh\n[ "$1" = bound ] || exit 0\necho "$ip $boot_file" > %s\n' "$dir/bound" > "$dir/script"
	chmod +x "$dir/script"
	rm -f "$dir/bound"
	as_client busybox udhcpc -i e0 -f -n -q -t 5 -T 1 -s "$dir/script" -V PXEClient -x 0x5d:0007 > "$dir/udhcpc" 2>&1 3>&-
	[[ $(cat "$dir/bound") == 10.88.0.*\ snponly.efi ]]
}

@test "DHCP: SIGSEGV on a packet: the packet is kept, the broker is told, the next client is answered" {
	discover 11223344 > "$dir/sent"
	die_of baton-edge engine_answer 'signal SIGSEGV'
	send_udp 67 < "$dir/sent"
	until_true "the crash is told" told_of 1
	[ "$(crash_field program)" = baton-edge ]
	[ "$(crash_field signal)" = SIGSEGV ]
	[ "$(crash_field kind)" = dhcp ]
	[ "$(crash_field interface)" = mgmt0 ]
	[ "$(crash_field from)" = 10.88.0.9 ]
	[ "$(crash_field port)" = 20067 ]
	cmp "$(crash_field file)" "$dir/sent"
	[ "$(stat -c '%u %a' "$(crash_field file)")" = "0 600" ]
	answered
	again_within DHCP 2000
}

@test "an alarm stands before everything else in baton status, also for the next broker" {
	alarm=$(baton status | head -n 1)
	grep -q "baton-edge was ended by SIGSEGV over what came by dhcp from 10.88.0.9, and was started again; the bytes are kept in $dir/state/crashes/baton-edge-" <<< "$alarm"
	kill -9 "$(pid_at_work baton-broker)"
	until_true "the next broker" in_log 'baton-broker started' 2
	until_true "it answers" baton status > /dev/null
	# But for its age.
	[ "$(baton status | sed -n '1s/, .* ago: / /p')" = "${alarm/, *ago: / }" ]
}

@test "a packet that makes it ask for a new process: seccomp ends it, and that is told, too" {
	discover 55667788 > "$dir/sent"
	die_of baton-edge engine_answer 'call ((int (*)(void))fork)()'
	send_udp 4011 < "$dir/sent"
	until_true "the crash is told" told_of 2
	[ "$(crash_field signal)" = SIGSYS ]
	[ "$(crash_field kind)" = pxe ]
	cmp "$(crash_field file)" "$dir/sent"
	answered
	again_within seccomp 2000
}

@test "TFTP: the question is kept" {
	printf '\0\1a-name-nobody-has\0octet\0' > "$dir/sent"
	die_of baton-edge tftp_request 'signal SIGABRT'
	send_udp 69 < "$dir/sent"
	until_true "the crash is told" told_of 3
	[ "$(crash_field signal)" = SIGABRT ]
	[ "$(crash_field kind)" = tftp ]
	cmp "$(crash_field file)" "$dir/sent"
	answered
}

# raw_http < REQUEST: bytes as they are, and nobody waits for the answer.
raw_http() { as_client timeout 20 socat -u - TCP4:10.88.0.1:8080 3>&-; }

@test "HTTP: the request is kept as it came, but for what proves its token" {
	token=525400aa0001-4-1958323-0123456789abcdef0123456789abcdef
	printf 'GET /b/%s/next.ipxe?uuid= HTTP/1.1\r\nHost: x\r\nUser-Agent: odd one\r\n\r\n' $token > "$dir/sent"
	die_of baton-files url_parse 'signal SIGBUS'
	raw_http < "$dir/sent"
	until_true "the crash is told" told_of 4
	[ "$(crash_field program)" = baton-files ]
	[ "$(crash_field signal)" = SIGBUS ]
	[ "$(crash_field kind)" = http ]
	[ "$(crash_field from)" = 10.88.0.9 ]
	sed 's/0123456789abcdef0123456789abcdef/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/' "$dir/sent" | cmp - "$(crash_field file)"
	until_true "it answers" as_client curl -sf -m 5 -o "$dir/got" http://10.88.0.1:8080/loaders/snponly.efi
	cmp "$dir/got" "$dir/boot/snponly.efi"
	again_within HTTP 2000
}

@test "HTTP: a report is kept with its head, though it came in two pieces" {
	die_of baton-files url_parse 'signal SIGSEGV'
	# It sends the body when it has been told to continue.
	! as_client curl -sf -m 20 -H 'Expect: 100-continue' -d '{"stage": "found"}' \
		http://10.88.0.1:8080/b/525400aa0001-4-1-0123456789abcdef0123456789abcdef/report
	until_true "the crash is told" told_of 5
	printf 'POST /b/525400aa0001-4-1-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/report\r\n\r\n{"stage": "found"}' |
		cmp - "$(crash_field file)"
}

@test "an edge that dies while nothing is at work keeps nothing, and says so" {
	answered
	kill -SEGV "$(pid_at_work baton-edge)"
	until_true "the crash is told" told_of 6
	[ "$(crash_field signal)" = SIGSEGV ]
	[ -z "$(crash_field kind)$(crash_field file)" ]
	baton status | grep -q 'started again; nothing was kept'
}

@test "sixteen are kept, and the oldest goes" {
	for i in {1..20}; do
		echo old > "$dir/state/crashes/baton-edge-$i-1.packet"
		touch -d "2020-01-01 00:00:$i" "$dir/state/crashes/baton-edge-$i-1.packet"
	done
	discover 99aabbcc > "$dir/sent"
	die_of baton-edge engine_answer 'signal SIGILL'
	send_udp 67 < "$dir/sent"
	until_true "the crash is told" told_of 7
	cmp "$(crash_field file)" "$dir/sent"
	[ "$(find "$dir/state/crashes" -type f | wc -l)" -eq 16 ]
	[ ! -e "$dir/state/crashes/baton-edge-1-1.packet" ]
	[ -e "$dir/state/crashes/baton-edge-20-1.packet" ]
	answered
}

@test "one that is told to go, or killed, has not crashed" {
	n=$(crashes)
	for signal in TERM KILL; do
		old=$(pid_at_work baton-edge)
		kill -$signal "$old"
		until_true "it has gone" in_log "child-died program=baton-edge pid=$old "
	done
	answered
	[ "$(crashes)" -eq "$n" ]
}
