#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# A hand that stays and watches (docs/design/0019): BMCs in software, some of them dead, sessions at a real
# tgtd, and hosts that answer or do not.
# shellcheck disable=SC1091,SC2030,SC2031,SC2034,SC2154
# bats file_tags=hand,ipmi_sim,tgt,root
bats_require_minimum_version 1.5.0

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=$(realpath "${B:-build/dev}")
	export root bin
}

setup() {
	. "$root/tests/lib/ipmi-sim.bash"
	. "$root/tests/lib/tgt.bash"
	. "$root/tests/lib/hand.bash"
	host=$(loopback_address)
	hand_setup
	unset BATON_DEADLINE_MS
	secret_put rack1 s3cret-word
	started=()
}

teardown() {
	local pid children
	for pid in "${started[@]}"; do
		# A hand behind what gives it its way to tgtd would outlive that.
		children=()
		{ read -ra children < "/proc/$pid/task/$pid/children"; } 2>/dev/null || :
		kill -KILL "$pid" "${children[@]}" 2>/dev/null || :
	done
	tgt_stop
	[ -z "${net-}" ] || ip netns del "$net"
}

# watch MEMBERS [WRAPPER...]: the hand watches; its lines come into $at/lines
watch() {
	local members=$1
	shift
	: > "$at/lines"
	"$@" "$bin/baton-hand" <<< '{"deed":"watch",'"$members"'}' > "$at/lines" 2> "$at/errors" 3>&- &
	watcher=$!
	started+=($!)
}

# said PATTERN [COUNT]
said() {
	[ "$(grep -c -- "$1" "$at/lines")" -ge "${2:-1}" ]
}

# last SIGN NAME: what was said of it last
last() {
	grep "\"sign\":\"$1\",\"[a-z]*\":\"$2\"" "$at/lines" | tail -n 1 | jq -r .says
}

is_last() {
	[ "$(last "$1" "$2")" = "$3" ]
}

rounds() {
	[ "$(grep '"round"' "$at/lines" | tail -n 1 | jq -r .round)" -ge "$1" ]
}

bmc() { # MACHINE KIND HOST PORT
	echo '{"machine":"'"$1"'","bmc":{"kind":"'"$2"'","host":"'"$3"'","port":'"$4"',"user":"baton","secret":"rack1","cipher":3}}'
}

@test "real BMCs: on, off, dead and hung; the living are read every round all the same" {
	local i sims=() dead=()
	for i in 1 2 3; do
		ipmi_sim_start "$at/sim$i" "$host" $((9000 + i)) baton s3cret-word "$root/tests/lib/chassis" "$at/fake" blade-$i
		sims+=("$ipmi_sim_pid")
		started+=("$ipmi_sim_pid")
	done
	printf '%-63s\n' "power=on next=default booted=default bounce=0" > "$at/fake/blade-1.bmc"
	kill -STOP "${sims[2]}"
	for i in 4 5 6 7 8 9; do
		dead+=("$(bmc blade-$i ipmi "$host" $((9000 + i)))")
	done
	watch '"every_ms":500,"power":['"$(bmc blade-1 ipmi "$host" 9001),$(bmc blade-2 ipmi "$host" 9002),$(bmc blade-3 ipmi "$host" 9003),$(IFS=,; echo "${dead[*]}")"']'
	until_true 20 is_last power blade-1 on
	until_true 20 is_last power blade-2 off
	until_true 30 is_last power blade-3 silent
	until_true 30 is_last power blade-9 silent
	# Ten more of the living, in about ten rounds' time, while seven do not answer.
	before=$(grep -c '"machine":"blade-1"' "$at/lines")
	at_ms=$(now_ms)
	until_true 20 said '"machine":"blade-1"' $((before + 10))
	[ $(($(now_ms) - at_ms)) -lt 10000 ]
	printf '%-63s\n' "power=off next=default booted=default bounce=0" > "$at/fake/blade-1.bmc"
	until_true 10 is_last power blade-1 off
	kill -CONT "${sims[2]}"
	until_true 30 is_last power blade-3 off
	# The session is kept: one login serves many rounds.
	! grep -q s3cret-word "$at/lines" "$at/errors"
}

@test "a BMC that says that power failed is told from one that is off" {
	watch '"every_ms":50,"power":['"$(bmc blade fake blade 623)"']'
	until_true 10 is_last power blade off
	touch "$at/fake/blade.fault"
	until_true 10 is_last power blade fault
	rm "$at/fake/blade.fault"
	printf '%-63s\n' "power=on next=default booted=default bounce=0" > "$at/fake/blade.bmc"
	until_true 10 is_last power blade on
}

@test "the session of a body that is gone without a word goes within seconds, a living one stays" {
	target
	way=("$bin/tests/lib/tgtway" "/var/run/tgtd/socket.$tgt_control" "$at/asked")
	san='"san":{"kind":"tgt","portals":["'$host':3260"],"target":"'$iqn'","lun":1,"persona":"web-01","generation":7'
	good '{"deed":"san-fence",'"$san"',"user":"web-01.7","secret":"secret-of-seven"}}'
	tgt --lld iscsi --mode target --op show | grep -q "Account information"
	"$bin/tests/lib/writer" "$host:3260" "$iqn" 1 iqn.2026-01.org.example:web-01 web-01.7 secret-of-seven "$at/writer" 3>&- &
	writer=$!
	started+=($writer)
	until_true 10 grep -qsx in "$at/writer"
	watch '"every_ms":500,"sessions":[{"persona":"web-01",'"$san"'}}]' "${way[@]}"
	until_true 10 is_last session web-01 there
	# It answers the target's NOPs for longer than a dead one would be kept.
	until_true 20 rounds 24
	is_last session web-01 there
	kill -STOP $writer
	begun=$(now_ms)
	until_true 30 is_last session web-01 none
	[ $(($(now_ms) - begun)) -lt 20000 ]
	kill -STOP "$tgt_pid"
	until_true 20 is_last session web-01 unknown
	kill -CONT "$tgt_pid"
	until_true 20 is_last session web-01 none
	! grep -q secret-of-seven "$at/lines" "$at/errors"
}

@test "a host answers a ping and a TCP port, also where it refuses; nobody there is no" {
	net=bw-$BASHPID
	ip netns add "$net"
	ip -n "$net" link set lo up
	ip -n "$net" link add d0 type veth peer name d1
	ip -n "$net" addr add 10.99.0.1/24 dev d0
	ip -n "$net" link set d0 up
	ip -n "$net" link set d1 up
	checks='"checks":[{"persona":"a","kind":"ping","address":"10.99.0.1"},{"persona":"b","kind":"ping","address":"10.99.0.9"},
		{"persona":"c","kind":"tcp","address":"10.99.0.1","port":9},{"persona":"d","kind":"tcp","address":"10.99.0.9","port":9}]'
	ip netns exec "$net" sh -c 'echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range'
	watch "$(tr -d '\n' <<< '"every_ms":200,'"$checks")" ip netns exec "$net"
	until_true 15 is_last check a yes
	until_true 15 is_last check b no
	until_true 15 is_last check c yes
	until_true 15 is_last check d no
	# A hand that may not ping says what lets it.
	kill $watcher
	ip netns exec "$net" sh -c 'echo 1 0 > /proc/sys/net/ipv4/ping_group_range'
	watch "$(tr -d '\n' <<< '"every_ms":200,'"$checks")" ip netns exec "$net"
	until_true 15 said 'ping_group_range'
}

@test "it ends when nobody listens any more, and is refused whole where a word is wrong" {
	mkfifo "$at/pipe"
	"$bin/baton-hand" <<< '{"deed":"watch","every_ms":50,"power":['"$(bmc blade fake blade 623)"']}' > "$at/pipe" 2> "$at/errors" 3>&- &
	watcher=$!
	started+=($watcher)
	head -n 5 "$at/pipe" > "$at/some"
	gone() { ! kill -0 $watcher 2>/dev/null; }
	until_true 10 gone
	[ "$(wc -l < "$at/some")" = 5 ]
	bad '{"deed":"watch","every_ms":50,"power":[{"machine":"blade"}]}' EINVAL bmc
	bad '{"deed":"watch","every_ms":1,"power":[]}' EINVAL every_ms
	bad '{"deed":"watch","every_ms":50,"checks":[{"persona":"a","kind":"smell","address":"10.0.0.1"}]}' EINVAL kind
}

@test "a thousand rounds take no more memory than a hundred" {
	watch '"every_ms":10,"power":['"$(bmc blade fake blade 623)"']'
	until_true 30 rounds 100
	first=$(awk '/VmRSS/ { print $2 }' "/proc/$watcher/status")
	until_true 60 rounds 1000
	then=$(awk '/VmRSS/ { print $2 }' "/proc/$watcher/status")
	echo "$first $then"
	[ "$then" -le $((first + 512)) ]
}
