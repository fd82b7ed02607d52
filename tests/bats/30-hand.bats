#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# baton-hand as a process: its deeds on a BMC in software, on a target in software and on the fakes, its deadline,
# its locks and its secrets; and the drivers' contract tests against the real counterparts.
# shellcheck disable=SC1091,SC2030,SC2031,SC2154
# bats file_tags=hand,ipmi_sim,tgt
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
	secret_put rack1 s3cret-word
}

teardown() {
	[ -z "${hand_pid-}" ] || kill -KILL "$hand_pid" 2>/dev/null || :
	ipmi_sim_stop "${ipmi_sim_pid-}"
	tgt_stop
}

ipmi() {
	ipmi_sim_start "$at/sim" "$host" 9001 baton s3cret-word "$root/tests/lib/chassis" "$at/fake" blade
	bmc='"bmc":{"kind":"ipmi","host":"'$host'","port":9001,"user":"baton","secret":"rack1","cipher":3}'
}

fake='"bmc":{"kind":"fake","host":"blade","user":"baton","secret":"rack1"}'

persona_is_in() {
	tgt_sessions 1 | grep -q example:persona
}

# san LUN SECRET [PORTALS]
san() {
	echo '{"deed":"san-look","san":{"kind":"iscsi","portals":['"${3:-\"$host:3260\"}"'],"target":"'$iqn'","lun":'"$1"',"user":"web-01","secret":"'"$2"'"}}'
}

@test "bmc_ipmi keeps the contract of core/bmc.h against ipmi_sim" {
	ipmi
	BATON_TEST_BMC="ipmi $host 9001 baton s3cret-word" BATON_TEST_MACHINE="$at/fake/blade" \
		run "$bin/tests/unit/bmc_contract_test"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "san_iscsi keeps the contract of core/san.h against tgtd" {
	target
	BATON_TEST_SAN="iscsi $host:3260 $host:3261 $iqn web-01 right-secret" \
		run "$bin/tests/unit/san_contract_test"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "san_tgt keeps it too, fences included, while another initiator has the disk reserved" {
	target
	"$bin/tests/lib/writer" "$host:3260" "$iqn" 1 iqn.2026-01.org.example:persona web-01 right-secret "$at/writer" \
		reserve 3>&- &
	hand_pid=$!
	until_true 10 grep -qx in "$at/writer"
	grep -qx reserved "$at/writer"
	BATON_TEST_SAN="tgt $host:3260 $host:3261 $iqn web-01 right-secret" BATON_TEST_RESERVED=1 \
		run "$bin/tests/lib/tgtway" "/var/run/tgtd/socket.$tgt_control" "$at/asked" "$bin/tests/unit/san_contract_test"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "a machine goes through a whole start and stop, by IPMI and by the fake alike" {
	ipmi
	for on in "$bmc" "$fake"; do
		rm -f "$at"/fake/blade.*
		good '{"deed":"bmc-probe",'"$on"'}'
		[[ $output == *'"power":"off"'* ]]
		good '{"deed":"bmc-net-start",'"$on"',"timeout_ms":5000}'
		[[ $output == *'"power":"on"'* ]]
		good '{"deed":"bmc-arm",'"$on"'}'
		[[ $(<"$at/fake/blade.bmc") == "power=on next=network booted=network "* ]]
		good '{"deed":"bmc-off",'"$on"'}'
		[[ $output == *'"power":"off"'* ]]
		[ "$(<"$at/fake/blade.log")" = $'next-boot network\npower on\nnext-boot network\npower off' ]
	done
}

@test "a deed done twice is done once" {
	good '{"deed":"bmc-off",'"$fake"'}'
	[ ! -e "$at/fake/blade.log" ]
	good '{"deed":"bmc-net-start",'"$fake"'}'
	good '{"deed":"bmc-net-start",'"$fake"'}'
	[ "$(grep -c 'power on' "$at/fake/blade.log")" -eq 1 ]
}

@test "a soft power-off asks the OS, and takes the power when the OS does not go" {
	ipmi
	good '{"deed":"bmc-net-start",'"$bmc"'}'
	good '{"deed":"bmc-off","soft":true,"soft_ms":5000,'"$bmc"'}'
	[[ $output == *'"soft":true'* ]]
	[ "$(tail -n 1 "$at/fake/blade.log")" = "soft off" ]
	good '{"deed":"bmc-net-start",'"$bmc"'}'
	: >"$at/fake/blade.deaf"
	good '{"deed":"bmc-off","soft":true,"soft_ms":700,'"$bmc"'}'
	[[ $output == *'"soft":false'* ]]
	[ "$(tail -n 1 "$at/fake/blade.log")" = "power off" ]
}

@test "a soft power-off leaves time for the hard one before the deadline" {
	good '{"deed":"bmc-net-start",'"$fake"'}'
	: >"$at/fake/blade.deaf"
	BATON_DEADLINE_MS=4000 good '{"deed":"bmc-off","soft":true,"soft_ms":3600000,"timeout_ms":2000,'"$fake"'}'
	[ "$(tail -n 1 "$at/fake/blade.log")" = "power off" ]
}

@test "a BMC that hangs costs the deadline and gives a sentence" {
	ipmi
	kill -STOP "$ipmi_sim_pid"
	begun=$(now_ms)
	BATON_DEADLINE_MS=2000 bad '{"deed":"bmc-probe",'"$bmc"'}' ETIMEDOUT "bmc $host: bmc-probe took longer than 1500 ms"
	took=$(($(now_ms) - begun))
	[ "$took" -ge 1400 ] && [ "$took" -lt 2000 ]
	kill -CONT "$ipmi_sim_pid"
	good '{"deed":"bmc-probe",'"$bmc"'}'
}

@test "a silent BMC is told by the driver when there is time for it" {
	bad '{"deed":"bmc-probe","bmc":{"kind":"ipmi","host":"'"$host"'","port":9002,"user":"baton","secret":"rack1"}}' \
		ETIMEDOUT "bmc $host: no answer within 5000 ms" "is it powered and reachable?"
}

@test "a BMC that lies about its next boot is not started" {
	ipmi
	echo next-boot >"$at/fake/blade.lie"
	bad '{"deed":"bmc-net-start",'"$bmc"'}' EIO "told to start from" network
	good '{"deed":"bmc-probe",'"$bmc"'}'
	[[ $output == *'"power":"off"'* ]]
}

@test "wrong user, password, cipher and host name are told apart" {
	ipmi
	secret_put other wrong-word
	bad '{"deed":"bmc-probe",'"${bmc/rack1/other}"'}' EACCES "refused the password"
	bad '{"deed":"bmc-probe",'"${bmc/\"baton\"/\"notab\"}"'}' EACCES "does not know the user"
	bad '{"deed":"bmc-probe",'"${bmc/:3\}/:17\}}"'}' EIO "cipher suite 17"
	bad '{"deed":"bmc-probe",'"${bmc/:3\}/:4\}}"'}' EINVAL "cipher suite 4: want"
	bad '{"deed":"bmc-probe",'"${bmc/$host/nosuch.invalid}"'}' EHOSTUNREACH "cannot be resolved"
}

@test "two hands on one BMC go one after the other" {
	echo probe >"$at/fake/blade.hang"
	"$bin/baton-hand" <<<'{"deed":"bmc-probe",'"$fake"'}' >"$at/first" 3>&- &
	first=$!
	until_true 5 grep -q "FLOCK .* $first " /proc/locks
	"$bin/baton-hand" <<<'{"deed":"bmc-net-start",'"$fake"'}' >"$at/second" 3>&- &
	hand_pid=$!
	until_true 5 grep -q -- "-> FLOCK .* $hand_pid " /proc/locks
	[ ! -e "$at/fake/blade.log" ]
	rm "$at/fake/blade.hang"
	wait "$first"
	wait "$hand_pid"
	hand_pid=
	[[ $(<"$at/first") == '{"ok":true,"power":"off",'* ]]
	[[ $(<"$at/second") == '{"ok":true,"power":"on",'* ]]
}

@test "a hand waits for the lock no longer than its deadline" {
	mkdir "$at/run/lock"
	exec 8>"$at/run/lock/bmc-blade-0"
	flock 8
	BATON_DEADLINE_MS=400 bad '{"deed":"bmc-off",'"$fake"'}' ETIMEDOUT "bmc blade: bmc-off: another deed on it"
	exec 8>&-
	good '{"deed":"bmc-off",'"$fake"'}'
}

@test "a killed hand leaves no lock behind" {
	echo probe >"$at/fake/blade.hang"
	"$bin/baton-hand" <<<'{"deed":"bmc-probe",'"$fake"'}' >"$at/out" 3>&- &
	hand_pid=$!
	until_true 5 grep -q "FLOCK .* $hand_pid " /proc/locks
	kill -KILL "$hand_pid"
	wait "$hand_pid" || :
	rm "$at/fake/blade.hang"
	BATON_DEADLINE_MS=2000 good '{"deed":"bmc-probe",'"$fake"'}'
}

@test "a LUN is found on the paths that live" {
	target
	good "$(san 1 right-secret)"
	[ "$output" = '{"ok":true,"dead":[],"bytes":67108864,"block_len":512,"bootable":true,"paths":1}' ]
	good "$(san 1 right-secret "\"$host:3261\",\"$host:3260\"")"
	[[ $output == *"$host:3261: nothing listens there"*'"paths":1}' ]]
	bad "$(san 1 right-secret "\"$host:3261\",\"$host:3262\"")" ECONNREFUSED "none of 2 portals answers"
	good "$(san 2 right-secret)"
	[[ $output == *'"bytes":1048576,"block_len":512,"bootable":false'* ]]
	bad "$(san 0 right-secret)" ENXIO "LUN 0 is no disk"
	[ -z "$(tgt_sessions 1)" ]
}

@test "Baton's own account and the persona's are both proved, and the sentence says whose is wrong" {
	target
	tgt_account 1 baton-look own-secret
	secret_put san own-secret
	export BATON_SAN_USER=baton-look BATON_SAN_SECRET=san
	good "$(san 1 right-secret)"
	bad "$(san 1 wrong-secret)" EACCES "the persona's account" web-01
	[[ $output != *wrong-secret* ]]
	secret_put san another-secret
	bad "$(san 1 right-secret)" EACCES "Baton's own account (san_user)" baton-look
	[[ $output != *another-secret* ]]
	export BATON_SAN_SECRET=gone
	bad "$(san 1 right-secret)" ENOENT san_secret "No such file"
}

@test "a target that lets anyone in proves no account" {
	target
	tgt_target 2 "$iqn-open"
	tgt_lun 2 1 "$at/boots"
	iqn=$iqn-open
	bad "$(san 1 right-secret)" EACCES "without asking for CHAP"
}

@test "a look does not end the persona's own session" {
	target
	iscsi-perf -i iqn.2026-01.org.example:persona -t 60 -b 1 -m 1 \
		"iscsi://web-01%right-secret@$host:3260/$iqn/1" >"$at/perf" 2>&1 3>&- &
	hand_pid=$!
	until_true 10 persona_is_in
	before=$(tgt --lld iscsi --mode conn --op show --tid 1)
	for _ in 1 2 3; do
		good "$(san 1 right-secret)"
	done
	[ "$(tgt --lld iscsi --mode conn --op show --tid 1)" = "$before" ]
	kill -0 "$hand_pid"
}

@test "a look comes under Baton's own initiator name, whichever account it shows" {
	target
	tgt --lld iscsi --mode target --op unbind --tid 1 -I ALL
	tgt --lld iscsi --mode target --op bind --tid 1 -Q iqn.2026-01.baton:broker
	good "$(san 1 right-secret)"
	export BATON_SAN_IQN=iqn.2026-01.org.example:persona
	hand "$(san 1 right-secret)"
	[[ $output == '{"ok":false,'* ]]
}

@test "an impossible deed is refused by name, and nothing is begun" {
	bad '{"deed":"bmc-probe","bmc":{"kind":"fake","host":"blade","colour":"red"}}' EINVAL 'bmc: no member \"colour\"'
	bad '{"deed":"bmc-off","soft":1,'"$fake"'}' EINVAL "soft: want true or false"
	bad '{"deed":"bmc-off","soft_ms":-1,'"$fake"'}' EINVAL "soft_ms: want a number of 0 to"
	bad '{"deed":"bmc-probe","soft":true,'"$fake"'}' EINVAL 'no member \"soft\"'
	bad '{"deed":"bmc-probe"}' EINVAL "bmc is missing"
	bad '{"deed":"bmc-explode",'"$fake"'}' EINVAL 'no deed \"bmc-explode\": want one of bmc-probe'
	bad '{"deed":"bmc-probe","bmc":{"kind":"smoke","host":"blade"}}' EINVAL 'no BMC kind \"smoke\"'
	bad '{"deed":"bmc-probe","bmc":{"kind":"fake","host":"../blade"}}' EINVAL "host: want"
	bad '{"deed":"bmc-probe","deed":"bmc-off",'"$fake"'}' EINVAL "one JSON object"
	bad '["bmc-probe"]' EINVAL "one JSON object"
	bad '' EINVAL "one JSON object"
	bad "$(san 1 right-secret "\"10.0.0.1:3260,evil\"")" EINVAL portals
	bad "$(san 99999 right-secret)" EINVAL lun
	bad "$(san 1 "")" EINVAL "user and secret together"
	[ -z "$(ls "$at/fake")" ]
}

@test "a deed without an end or without a line costs the deadline or is refused" {
	exec 8<> <(:)
	BATON_DEADLINE_MS=300 run -0 "$bin/baton-hand" <&8
	[[ $output == *'"errno":"ETIMEDOUT"'*"to be told its deed"* ]]
	head -c 600000 /dev/zero | tr '\0' x >"$at/long"
	run -1 "$bin/baton-hand" <"$at/long"
	BATON_DEADLINE_MS=soon run -2 "$bin/baton-hand" <"$at/long"
	[[ $output == *"BATON_DEADLINE_MS = soon: want"* ]]
}

@test "a secret is a file of its owner alone, and stands in no answer" {
	echo "baton s3cret-word" >"$at/fake/blade.account"
	good '{"deed":"bmc-probe",'"$fake"'}'
	chmod 0640 "$at/secrets/rack1"
	bad '{"deed":"bmc-probe",'"$fake"'}' EPERM "may be read by others"
	[[ $output != *s3cret-word* ]]
	bad '{"deed":"bmc-probe",'"${fake/rack1/..\/rack1}"'}' EINVAL "name of a file"
	bad '{"deed":"bmc-probe",'"${fake/rack1/nowhere}"'}' ENOENT "secrets/nowhere"
	ln -s rack1 "$at/secrets/link"
	bad '{"deed":"bmc-probe",'"${fake/rack1/link}"'}' ELOOP "secrets/link"
	secret_put rack1 $'two\nlines'
	bad '{"deed":"bmc-probe",'"$fake"'}' EINVAL "want one line"
	[[ $output != *two* ]]
}
