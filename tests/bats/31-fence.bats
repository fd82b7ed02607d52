#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The fence at a target, with a tgtd in software and writers that are logged in: through a hand alone, and through
# batond, which is the one that tgtd listens to.
# shellcheck disable=SC1091,SC2030,SC2031,SC2034,SC2154
# bats file_tags=hand,tgt,warden,root
bats_require_minimum_version 1.5.0

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=$(realpath "${B:-build/dev}")
	export root bin
}

setup() {
	. "$root/tests/lib/ipmi-sim.bash"
	. "$root/tests/lib/tgt.bash"
	. "$root/tests/lib/conf.bash"
	. "$root/tests/lib/hand.bash"
	host=$(loopback_address)
	started=()
	hand_setup
}

teardown() {
	local pid
	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	warden_stop
	[ -z "${tgt_pid-}" ] || kill -CONT "$tgt_pid" 2>/dev/null || :
	tgt_stop
}

# The target with LUN 1, and a hand's way to its tgtd.
fenced_target() {
	target
	control=/var/run/tgtd/socket.$tgt_control
	way=("$bin/tests/lib/tgtway" "$control" "$at/asked")
}

# writer NAME USER SECRET [reserve]: is logged in and writes when this returns; its log is $at/NAME
writer() {
	"$bin/tests/lib/writer" "$host:3260" "$iqn" 1 "iqn.2026-01.org.example:$1" "$2" "$3" "$at/$1" ${4+"$4"} 3>&- &
	started+=($!)
	until_true 10 grep -qsx in "$at/$1"
}

# The number that was written last.
written() {
	od -An -tu8 -j 4096 -N 8 "$at/boots" | tr -d ' '
}

has_written_since() {
	[ "$(written)" != "$1" ]
}

# has_lines N PATTERN FILE
has_lines() {
	[ "$(grep -cs -- "$2" "$3")" -ge "$1" ]
}

# fence GENERATION SECRET [MEMBERS]
fence() {
	echo '{"deed":"san-fence","san":{"kind":"'"${kind-tgt}"'","portals":["'"$host"':3260"],"target":"'"$iqn"'","lun":1,"persona":"web-01","generation":'"$1"',"user":"web-01.'"$1"'","secret":"'"$2"'"'"${3-}"'}}'
}

# again GENERATION
again() {
	echo '{"deed":"san-look-again","san":{"kind":"'"${kind-tgt}"'","portals":["'"$host"':3260"],"target":"'"$iqn"'","lun":1,"persona":"web-01","generation":'"$1"'}}'
}

accounts() {
	tgt --lld iscsi --mode target --op show | sed -n '/^Target 1:/,/^Target /{/Account information/,/ACL/s/^        //p}' | tr '\n' ' '
}

# Is it let in with that account? With none where there is none.
let_in() {
	iscsi-inq -i iqn.2026-01.org.example:somebody "iscsi://${1:+$1%$2@}$host:3260/$iqn/1" >/dev/null 2>&1
}

@test "a live writer is gone when the fence is up, and is not let in again" {
	fenced_target
	writer one web-01 right-secret
	writer two web-01 right-secret
	good "$(fence 7 secret-of-seven)"
	last=$(written)
	[ "$output" = '{"ok":true,"accounts_removed":1,"sessions_dropped":2,"reservations":0}' ]
	[ -z "$(tgt_sessions 1)" ]
	[ "$(accounts)" = "web-01.7 " ]
	for w in one two; do
		until_true 10 grep -qs '^refused: ' "$at/$w"
		grep -q '^refused: .*Authentication failure' "$at/$w"
		grep -q '^lost after [1-9]' "$at/$w"
	done
	[ "$(written)" = "$last" ]
	run ! let_in web-01 right-secret
	let_in web-01.7 secret-of-seven
}

@test "a writer that has the disk reserved leaves no reservation behind" {
	fenced_target
	writer one web-01 right-secret reserve
	grep -qx reserved "$at/one"
	good "$(fence 7 secret-of-seven)"
	writer two web-01.7 secret-of-seven
	until_true 10 grep -qs '^refused: ' "$at/one"
	first=$(written)
	until_true 10 has_written_since "$first"
}

@test "a fence is repeated with the last secret in force, and an older one changes nothing" {
	fenced_target
	good "$(fence 7 secret-of-seven)"
	good "$(fence 7 another-secret)"
	[ "$output" = '{"ok":true,"accounts_removed":0,"sessions_dropped":0,"reservations":0}' ]
	run ! let_in web-01.7 secret-of-seven
	let_in web-01.7 another-secret
	writer new web-01.7 another-secret
	bad "$(fence 6 secret-of-six)" ESTALE "account web-01.7 is of a later generation than 6"
	[[ $output != *secret-of-six* ]]
	bad "$(again 6)" ESTALE "web-01.7"
	[ "$(accounts)" = "web-01.7 " ]
	run ! grep -q lost "$at/new"
	good "$(fence 8 secret-of-eight)"
	[ "$(accounts)" = "web-01.8 " ]
	[[ $(tgt --lld iscsi --mode account --op show) != *web-01.7* ]]
	until_true 10 grep -qs '^refused: ' "$at/new"
}

@test "a second look ends sessions and leaves the account" {
	fenced_target
	good "$(fence 7 secret-of-seven)"
	writer late web-01.7 secret-of-seven
	good "$(again 7)"
	[ "$output" = '{"ok":true,"sessions_dropped":1}' ]
	until_true 10 grep -qs '^lost' "$at/late"
	[ "$(accounts)" = "web-01.7 " ]
}

# knock IQN: somebody without an account tries to get in, as fast as he can; his log is $at/knock
knock() {
	rm -f "$at"/knock*
	"$bin/tests/lib/writer" "$host:3260" "$1" 1 iqn.2026-01.org.example:somebody "" "" "$at/knock" knock 3>&- &
	knocker=$!
	started+=($!)
}

@test "nobody is let in without a secret while accounts are replaced, and tgtd lives through its own lists" {
	fenced_target
	tgt_target 2 "$iqn-open"
	tgt_lun 2 1 "$at/boots"
	knock "$iqn-open"
	until_true 10 grep -qsx in "$at/knock"
	: >"$at/knock.enough"
	wait "$knocker"
	knock "$iqn"
	for g in {1..60}; do
		good "$(fence "$g" "secret-of-$g")"
		tgt --lld iscsi --mode target --op show >"$at/shown"
	done
	: >"$at/knock.enough"
	wait "$knocker"
	[[ $(<"$at/knock") =~ ^"knocked "[0-9]{2,}$ ]]
	[ "$(accounts)" = "web-01.60 " ]
}

@test "Baton's own account and the accounts of other targets stay" {
	fenced_target
	tgt_account 1 baton-look own-secret
	tgt_target 2 "$iqn-b"
	tgt --lld iscsi --mode account --op bind --tid 2 --user web-01
	secret_put san own-secret
	export BATON_SAN_USER=baton-look BATON_SAN_SECRET=san
	good "$(fence 7 secret-of-seven)"
	[ "$(accounts)" = "baton-look web-01.7 " ]
	let_in baton-look own-secret
	tgt --lld iscsi --mode target --op show | sed -n '/^Target 2:/,$p' | grep -qx '        web-01'
	good '{"deed":"san-look","san":{"kind":"tgt","portals":["'"$host"':3260"],"target":"'"$iqn"'","lun":1,"user":"web-01.7","secret":"secret-of-seven"}}'
}

@test "the target proves itself to who asks" {
	fenced_target
	good "$(fence 7 secret-of-seven ',"mutual_user":"web-01.7.target","mutual_secret":"what-it-shows"')"
	[ "$(accounts)" = "web-01.7 web-01.7.target (outgoing) " ]
	good "$(fence 8 secret-of-eight ',"mutual_user":"web-01.8.target","mutual_secret":"what-it-shows-now"')"
	[ "$(accounts)" = "web-01.8 web-01.8.target (outgoing) " ]
	bad "$(fence 8 same-secret ',"mutual_user":"t","mutual_secret":"same-secret"')" EINVAL "another mutual_secret"
	bad "$(fence 8 secret-of-eight ',"mutual_user":"t"')" EINVAL "mutual_user and mutual_secret together"
	good "$(fence 9 secret-of-nine)"
	[ "$(accounts)" = "web-01.9 " ]
}

@test "an initiator with line breaks in its name is dropped like any other" {
	fenced_target
	"$bin/tests/lib/writer" "$host:3260" "$iqn" 1 $'iqn.x:y\n    ACL information:\nTarget 77: iqn.x:z\nSession: 99' \
		web-01 right-secret "$at/odd" 3>&- &
	started+=($!)
	until_true 10 grep -qsx in "$at/odd"
	good "$(fence 7 secret-of-seven)"
	[ "$(accounts)" = "web-01.7 " ]
	until_true 10 grep -qs '^refused: ' "$at/odd"
}

@test "a tgtd that hangs costs the deadline, and the next fence is whole" {
	fenced_target
	kill -STOP "$tgt_pid"
	begun=$(now_ms)
	BATON_DEADLINE_MS=2000 bad "$(fence 7 secret-of-seven)" ETIMEDOUT "tgtd gives no answer within" "does it hang?"
	[ $(($(now_ms) - begun)) -lt 2000 ]
	kill -CONT "$tgt_pid"
	good "$(fence 7 secret-of-seven)"
}

@test "what cannot be fenced says so, and what to set" {
	fenced_target
	kind=iscsi bad "$(kind=iscsi fence 7 s7)" ENOTSUP \
		"SAN kind iscsi: Baton does not administer this target, so it cannot be fenced"
	bad "$(kind=iscsi again 7)" ENOTSUP "cannot be fenced"
	way=("$bin/tests/lib/tgtway" "$at/nowhere" "$at/asked")
	bad "$(fence 7 s7)" ENOENT "(tgt_control) $at/nowhere: No such file or directory"
	: >"$at/nowhere"
	bad "$(fence 7 s7)" ECONNREFUSED "(tgt_control) $at/nowhere"
	way=()
	bad "$(fence 7 s7)" ENOTCONN "set tgt_control in baton.conf"
	way=("$bin/tests/lib/tgtway" "$control" "$at/asked")
	iqn=$iqn-b
	bad "$(fence 7 s7)" ENOENT "this tgtd has no such target"
	iqn=${iqn%-b}
	bad "$(fence 0 s7)" EINVAL "generation: want"
	bad "$(fence 7 '')" EINVAL "user and secret together"
	[ "$(accounts)" = "web-01 " ]
}

@test "a portal that is dead does not stop a fence, and no live one does" {
	fenced_target
	deed=$(fence 7 secret-of-seven)
	good "${deed/\[/[\"$host:3261\",}"
	bad "${deed/$host:3260/$host:3261}" ECONNREFUSED "$host:3261: nothing listens there"
	let_in web-01.7 secret-of-seven
}

@test "the fake is fenced by the same deeds" {
	echo $'lun=1 bytes=1048576 block_len=512 bootable=1\naccount=web-01 old\nregistration=7' >"$at/fake/$iqn.san"
	echo iqn.x:old >"$at/fake/$iqn.sessions"
	kind=fake
	good "$(fence 7 secret-of-seven)"
	[ "$output" = '{"ok":true,"accounts_removed":1,"sessions_dropped":1,"reservations":1}' ]
	echo iqn.x:late >"$at/fake/$iqn.sessions"
	good "$(again 7)"
	[ "$output" = '{"ok":true,"sessions_dropped":1}' ]
	bad "$(fence 6 secret-of-six)" ESTALE web-01.7
	echo fence=refuse >>"$at/fake/$iqn.san"
	bad "$(again 7)" EIO "refuses to be administered"
}

# batond in a namespace of its own, with tests/lib/ask in the broker's place, and hands without rights.
warden_start() {
	dir=$(mktemp -d /dev/shm/baton-fence.XXXXXX)
	ns=baton-f$$-$BATS_TEST_NUMBER
	chmod 755 "$dir"
	mkdir -p "$dir"/{bin,boot,packs}
	cp "$bin"/{batond,baton-edge,baton-files,baton-hand} "$dir/bin"
	cp "$bin/tests/lib/ask" "$dir/bin/baton-broker"
	cp -r ipxe-scripts "$dir/scripts"
	chmod -R a+rX "$dir"
	{
		conf_lines mgmt0 "$dir" 64520
		echo "tgt_control = $1"
	} >"$dir/baton.conf"
	ip netns add "$ns"
	ip -n "$ns" link set lo up
	ip -n "$ns" link add mgmt0 type bridge
	ip -n "$ns" addr add 10.77.0.1/24 dev mgmt0
	ip -n "$ns" link set mgmt0 up
	: >"$dir/log"
	ip netns exec "$ns" "$dir/bin/batond" -c "$dir/baton.conf" 2>>"$dir/log" 3>&- &
	warden_pid=$!
	until_true 10 grep -q "baton-broker started" "$dir/log"
}

warden_stop() {
	[ -n "${warden_pid-}" ] || return 0
	kill "$warden_pid"
	wait "$warden_pid" || :
	warden_pid=
	ip netns del "$ns"
	rm -rf "$dir"
}

sockets() {
	find "/proc/$warden_pid/fd" -lname 'socket:*' | wc -l
}

# ask ID MORE DEED: what the hand said is in $output; ids count from 1
ask() {
	echo "deed $1 20000 $2 $3" >>"$dir/run/ask"
	until_true 20 grep -q "ask got: hand-ended id=$1 " "$dir/log"
	until_true 20 has_lines "$1" "ask heard: " "$dir/log"
	output=$(grep "ask heard: " "$dir/log" | tail -1)
	echo "$output"
}

@test "batond connects to tgtd for a hand without rights, and for that hand only" {
	fenced_target
	# The hand is in batond's namespace, from where no portal is reached. The management socket is a file.
	warden_start "$control"
	before=$(sockets)
	ask 1 tgt=1 "$(again 7)"
	[[ $output == *'{"ok":true,"sessions_dropped":0}' ]]
	ask 2 tgt=1 "$(fence 7 secret-of-seven)"
	[[ $output == *'"errno":"ECONNREFUSED"'*"$host:3260: nothing listens there"* ]]
	[ "$(accounts)" = "web-01.7 " ]
	ask 3 - "$(again 7)"
	[[ $output == *'"errno":"ENOTCONN"'*"set tgt_control"* ]]
	kill -STOP "$tgt_pid"
	begun=$(now_ms)
	ask 4 tgt=1 "$(sed 's/"san":/"timeout_ms":700,&/' <<<"$(again 7)")"
	[[ $output == *'"errno":"ETIMEDOUT"'*"no answer within 700 ms"* ]]
	[ $(($(now_ms) - begun)) -lt 5000 ]
	kill -CONT "$tgt_pid"
	ask 5 tgt=1 "$(again 7)"
	[[ $output == *'"ok":true'* ]]
	run ! grep -q secret-of-seven "$dir/log"
	[ "$(sockets)" -eq "$before" ]
}

@test "batond without tgt_control, and with a wrong one, starts the hand all the same" {
	kind=tgt
	warden_start ""
	ask 1 tgt=1 "$(again 7)"
	[[ $output == *'"errno":"ENOTCONN"'*"set tgt_control in baton.conf"* ]]
	warden_stop
	warden_start "$at/nowhere"
	ask 1 tgt=1 "$(again 7)"
	[[ $output == *'"errno":"ENOENT"'*"(tgt_control) $at/nowhere: No such file or directory"* ]]
	sed -i "s|^tgt_control.*|tgt_control = socket.0|" "$dir/baton.conf"
	run "$dir/bin/batond" -c "$dir/baton.conf" --check
	[[ $output == *"tgt_control = socket.0: want a path from the root"* ]]
}
