#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=cli,root
# shellcheck disable=SC1091,SC2030,SC2031,SC2154,SC2317
# `baton` as a person types it: against nothing, and against a whole site with machines.

setup_file() {
	. tests/lib/site.bash
	site_make
	export dir ns B BATON_SOCKET=$dir/run/api.sock TERM=xterm LC_ALL=C.UTF-8 TZ=UTC
	unset NO_COLOR
	site_start
}

teardown_file() {
	. tests/lib/site.bash
	site_drop
}

setup() {
	. tests/lib/site.bash
	baton() { "$dir/bin/baton" "$@"; }
}

# ends CODE WORDS...: the command before, run by `run`, ended so and said each of these.
ends() {
	local code=$1 words
	shift
	if [ "$status" != "$code" ]; then
		echo "exit $status, want $code: $output"
		return 1
	fi
	for words; do
		[[ $output == *"$words"* ]] || { echo "no \"$words\" in: $output"; return 1; }
	done
}

site() {
	[ ! -e "$dir/site" ] || return 0
	baton network add mgmt --interface mgmt0 --address 10.88.0.1/24 --pool 10.88.0.100-10.88.0.199
	baton pool add macs --mac 02:ba:70:00:00:01-02:ba:70:00:ff:ff
	baton pool add names --iqn iqn.2026-01.org.example:
	touch "$dir/site"
}

machine() { # NAME LAST-BYTE
	baton machine add "$1" --bmc "fake://$1" --nic "mac=52:54:00:cc:00:$2,network=mgmt"
}

# start_to_shim PERSONA MACHINE LAST-BYTE: makes both, starts, waits until the shim is awaited; sets
# $watcher and $order.
start_to_shim() {
	site
	machine "$2" "$3"
	baton persona add "$1" --nic network=mgmt
	"$dir/bin/baton" start "$1" "$2" > "$dir/$1.out" 2> "$dir/$1.err" 3>&- &
	watcher=$!
	until_true "await-shim of $1" grep -q "running  await-shim" "$dir/$1.out"
	order=$(baton order list -o json | jq --arg p "$1" '[.items[] | select(.persona == $p).id] | max')
}

# Ends when the watcher has, within the usual time; its exit code.
watched() {
	gone() { [[ $(cat "/proc/$watcher/stat" 2>/dev/null) =~ ^$|\)\ Z ]]; }
	until_true "the watcher's end" gone || kill "$watcher"
	wait "$watcher"
}

# The rest of a start: the machine is plugged in, and does what machines do.
shim() { machine_plug "$1" "52:54:00:cc:00:$2"; }

# A persona whose target nobody listens at: its orders stop at the preflight.
dead_disk() { # PERSONA MACHINE LAST-BYTE
	site
	machine "$2" "$3"
	baton persona add "$1" --target iqn.2026-01.org.example:none --lun 1 --portal 127.0.0.1:9 --nic network=mgmt
}

@test "an empty list says how to add the first" {
	for what in network pool machine persona; do
		run baton $what list
		ends 0 "baton $what add"
	done
	run baton order list
	ends 0 "baton start PERSONA MACHINE"
	run baton status
	ends 0 "No persona yet" "No machine yet" "No order"
}

@test "without a broker every word that asks it ends with 3, and says where it looked and what to do" {
	for words in status "explain a" events "network list" "machine show a" "start a b" "order retry 1"; do
		# shellcheck disable=SC2086
		run baton --socket /nowhere/api.sock $words
		ends 3 "/nowhere/api.sock" "systemctl status batond" "--socket PATH"
	done
	run baton status --socket "/$(printf 'x%.0s' {1..120})"
	ends 3 "has at most 107 bytes"
}

@test "who may not use the socket is told about the group" {
	run setpriv --reuid 64899 --regid 64899 --clear-groups "$dir/bin/baton" status
	ends 3 "Permission denied" "group_api"
}

@test "what answers and is not the broker is no broker" {
	socat UNIX-LISTEN:"$dir/other.sock",fork SYSTEM:'echo hello' 2>/dev/null 3>&- &
	local pid=$!
	until_true "a socket" test -S "$dir/other.sock"
	run baton status --socket "$dir/other.sock"
	kill $pid
	ends 3 "--socket PATH"
}

@test "an answer that breaks off may have been a success, and a person is told to look" {
	socat UNIX-LISTEN:"$dir/cut.sock",fork SYSTEM:'head -c 1 > /dev/null' 2>/dev/null 3>&- &
	local pid=$!
	until_true "a socket" test -S "$dir/cut.sock"
	run baton persona rm x --socket "$dir/cut.sock"
	ends 3 "broke off" "it may have been done all the same"
	run baton persona show x --socket "$dir/cut.sock"
	kill $pid
	ends 3 "broke off" "systemctl status batond"
}

@test "a wrong command line ends with 2 and names the help" {
	run baton
	ends 2 "baton help"
	run baton strat web-01 blade-a
	ends 2 'did you mean "start"' "baton help"
	run baton machine add a
	ends 2 "--bmc" "baton help machine add"
	run baton order show web-01
	ends 2 "not the number of an order" "baton order list"
	run baton persona add p --nic network=mgmt --chap-user u --chap-secret-file /nowhere
	ends 2 "open /nowhere: No such file or directory"
}

@test "every word has its help, and help is no error" {
	local word sub
	for word in $(baton completion words -- ""); do
		run baton help "$word"
		ends 0 "baton $word"
		for sub in $(baton completion words -- "$word" "" | grep -vx -f <(echo -e "[0-9]*")); do
			case $word in network|pool|machine|persona|order)
				run baton "$word" "$sub" --help
				ends 0 "usage: baton $word $sub" "--output" ;;
			esac
		done
	done
	run baton help
	ends 0 "exit codes" "130"
}

@test "what is added is listed, shown, and removed again" {
	site
	run baton network list
	ends 0 "10.88.0.100-10.88.0.199" "silence" "serve"
	run baton machine add shown --bmc ipmi://baton@10.0.0.9 --bmc-secret shown \
		--nic mac=52:54:00:cc:10:01,network=mgmt --nic mac=52:54:00:cc:10:02 --idle local
	ends 0 "machine shown added" "ipmi://baton@10.0.0.9:623" "local"
	run baton machine show shown -o json
	[ "$(jq -c '[.nics[].carries]' <<< "$output")" = "[false,true]" ]
	run baton machine list
	ends 0 "52:54:00:cc:10:01 52:54:00:cc:10:02" "free"
	run baton status
	ends 0 "shown" "nothing yet"
	run baton machine rm shown
	ends 0 "machine shown removed"
	run baton machine show shown
	ends 1 "shown"
	[ "${#lines[@]}" -ge 2 ]
}

@test "networks behind relays, on one wire and beside another server are listed in 80 columns and shown whole" {
	site
	run baton network add distant --address 10.90.0.0/24 --gateway 10.90.0.254 --dns 10.90.0.53 \
		--pool 10.90.0.100-10.90.0.199 --relay 10.166.100.119 --relay 10.166.100.120 --unknown lease
	ends 0 "network distant added" "relays" "10.166.100.119 10.166.100.120" "10.90.0.254"
	run baton network add near --interface mgmt0 --address 10.91.0.1/24 --link mgmt --mode serve
	ends 0 "network near added" "mgmt"
	run baton network add inside --address 10.92.0.0/24
	ends 0 "network inside added"
	run baton network add office --interface eth9 --address 192.168.100.9/24 --mode proxy
	ends 0 "network office added" "proxy"
	run baton network list
	ends 0 "NAME" "MODE" "VIA" "10.166.100.119 10.166.100.120" "10.90.0.100-10.90.0.199"
	grep -Eq '^inside +serve +relays +10.92.0.0/24 +silence$' <<< "$output"
	grep -Eq '^near +serve +mgmt0 +10.91.0.1/24 +silence +mgmt$' <<< "$output"
	grep -Eq '^office +proxy +eth9 +192.168.100.9/24 +silence$' <<< "$output"
	run script -qec "stty cols 80 rows 24; NO_COLOR=1 $dir/bin/baton network list" /dev/null </dev/null
	local line words=0
	while IFS= read -r line; do
		line=${line%$'\r'}
		[ ${#line} -le 80 ] || { echo "${#line} columns: $line"; return 1; }
		[[ $line != distant*" serve "*" 10.90.0.0/24 "*" lease"* && $line != office*" proxy "*" silence"* ]] ||
			words=$((words + 1))
	done <<< "$output"
	[ $words = 2 ]
	run baton network show distant
	ends 0 "10.90.0.53" "10.90.0.254" "10.166.100.119 10.166.100.120" "lease"
	run baton network show none
	ends 1 "none" "baton network list"
	run baton network rm distant
	ends 0 "network distant removed"
	baton network rm near
	baton network rm inside
	baton network rm office
}

@test "what a persona's OS is told goes from the command line into the answer it gets" {
	site
	machine body-7 b7
	shim body-7 b7
	local mac
	run baton persona add told-3 --dns 10.88.0.53 --dns 9.9.9.9 --ntp 10.88.0.123 --domain lab.example.org \
		--nic network=mgmt,mtu=1400,route=10.0.0.0/8@10.88.0.254,route=192.0.2.128/25@10.88.0.253
	ends 0 "persona told-3 added" "10.88.0.53 9.9.9.9" "10.88.0.123" "lab.example.org" "1400" \
		"10.0.0.0/8@10.88.0.254 192.0.2.128/25@10.88.0.253"
	run baton persona show told-3
	ends 0 "mtu" "1400" "routes"
	mac=$(baton persona show told-3 -o json | jq -r '.nics[0].mac')
	baton start told-3 body-7 > /dev/null
	# As its OS, once more, with what it asks for.
	cat > "$dir/told" <<-'SCRIPT'
		#!/bin/sh
		[ "$1" != bound ] || env > "$TOLD"
	SCRIPT
	chmod 755 "$dir/told"
	[ "$(ip netns exec "$ns-body-7" cat /sys/class/net/e0/address)" = "$mac" ]
	TOLD=$dir/told.env ip netns exec "$ns-body-7" busybox udhcpc -f -n -q -i e0 -t 3 -T 1 -s "$dir/told" \
		-O dns -O ntpsrv -O domain -O mtu -O staticroutes
	grep -qx "dns=10.88.0.53 9.9.9.9" "$dir/told.env"
	grep -qx "ntpsrv=10.88.0.123" "$dir/told.env"
	grep -qx "domain=lab.example.org" "$dir/told.env"
	grep -qx "mtu=1400" "$dir/told.env"
	grep -qx "staticroutes=10.0.0.0/8 10.88.0.254 192.0.2.128/25 10.88.0.253" "$dir/told.env"
}

@test "a secret comes from a file or a pipe, and is never shown" {
	site
	echo "pass-1234" > "$dir/pass"
	run baton persona add secret-1 --nic network=mgmt --target iqn.2026-01.org.example:a --lun 1 \
		--portal 10.88.0.1:3260 --chap-user u --chap-secret-file "$dir/pass"
	ends 0 "secret-1 added"
	[[ $output != *pass-1234* ]]
	run baton persona add secret-2 --nic network=mgmt --target iqn.2026-01.org.example:b --lun 1 \
		--portal 10.88.0.1:3260 --chap-user u --chap-secret-file - <<< "pass-1234"
	ends 0 "secret-2 added"
	run baton persona show secret-2 -o json
	[ "$(jq .chap_secret <<< "$output")" = true ]
	run baton persona add secret-3 --nic network=mgmt --chap-user u --chap-secret-file - <<< "has blanks in it"
	ends 2 "letters, digits"
}

@test "json is the API's own body" {
	site
	for what in networks pools machines personas orders; do
		curl -s --unix-socket "$BATON_SOCKET" "http://baton/v1/$what" > "$dir/want"
		baton "${what%s}" list -o json | cmp - <(cat "$dir/want"; [ -z "$(tail -c 1 "$dir/want")" ] || echo)
	done
	run baton -o json machine show nobody
	ends 1 '"error"' '"hint"'
}

@test "what the broker refuses ends with 1, its sentence, and what to do next" {
	site
	machine twice a1
	run machine twice a2
	ends 1 "twice"
	run baton machine add thrice --bmc fake://thrice --nic mac=52:54:00:cc:00:a1
	ends 1 "52:54:00:cc:00:a1"
	run baton start nobody twice
	ends 1 "nobody" "baton"
	run baton order show 999999
	ends 1 "baton order list"
	for words in "network rm none" "pool rm none" "machine rm none" "persona rm none" "explain none"; do
		# shellcheck disable=SC2086
		run baton $words
		ends 1 "none"
		[ "${#lines[@]}" -ge 2 ]
	done
}

@test "explain says what a machine would get, by MAC and by name, or why it gets nothing" {
	site
	machine asked a5
	run baton explain 52:54:00:cc:00:a5
	ends 0 "asked" "undionly.kpxe" "snponly.efi" "park"
	local by_mac=$output
	run baton explain asked
	[ "$output" = "$by_mac" ]
	run baton explain 52-54-00-00-00-99
	ends 0 "silence" "baton machine add"
}

@test "a machine's relay port is shown as it is typed, and explain asks through it or through another" {
	site
	run baton machine add ported --bmc fake://ported --nic mac=52:54:00:cc:11:01,network=mgmt,circuit=Gi1/0/7,remote=0x000600bb
	ends 0 "Gi1/0/7" "0x000600bb"
	[ "$(baton machine show ported -o json | jq -r '.nics[0] | .circuit + " " + .remote')" = "Gi1/0/7 0x000600bb" ]
	run baton explain ported
	ends 0 "circuit  Gi1/0/7" "remote   0x000600bb"
	[[ $output != *"not the one on record"* ]]
	# 0x... and letters are two ways to write one thing.
	run baton explain ported --circuit 0x4769312f302f37 --remote 0x000600bb
	[[ $output != *"not the one on record"* ]]
	run baton explain ported --circuit Gi1/0/8
	ends 0 "circuit  Gi1/0/8" "park, address" "its relay port is not the one on record"
	[[ $output != *"remote   "* ]]
	run baton explain ported --remote 0x00
	ends 2 "--remote goes with --circuit"
	run baton explain ported --circuit "a b"
	ends 2 "--circuit a b" "want it as events show it"
	# It was plugged in elsewhere: what is not named stays, and who answers knows it at once.
	run baton machine set ported --nic mac=52:54:00:cc:11:01,circuit=Gi1/0/8
	ends 0 "Gi1/0/8" "0x000600bb"
	run baton explain ported --circuit Gi1/0/8 --remote 0x000600bb
	[[ $output != *"not the one on record"* ]]
	run baton machine set ported --nic mac=52:54:00:cc:11:01,circuit=none
	ends 1 "a remote-id names a relay, and no port of it"
	baton machine set ported --nic mac=52:54:00:cc:11:01,circuit=none,remote=none
	[ "$(baton machine show ported -o json | jq -r '.nics[0] | .circuit + "|" + .remote + "|" + .network')" = "||mgmt" ]
	run baton explain ported --circuit Gi1/0/7
	ends 0 "park, address"
	[[ $output != *"not the one on record"* ]]
}

@test "a plan names the steps and changes nothing" {
	site
	machine planned a6
	baton persona add plan-1 --nic network=mgmt
	local before
	before=$(baton order list -o json)
	run baton start plan-1 planned --plan
	ends 0 "preflight" "claim" "await-os" "nothing was changed"
	[ "$(baton order list -o json)" = "$before" ]
}

@test "a start that is watched ends with 0, a line for each change, and where the time went" {
	start_to_shim run-1 body-1 b1
	shim body-1 b1
	watched
	grep -Eq '^[0-9:]{8}  done     preflight +body-1 +[0-9.]+ m?s' "$dir/run-1.out"
	grep -q "where the time went" "$dir/run-1.out"
	tail -n 1 "$dir/run-1.out" | grep -q "done: order $order: start run-1 on body-1"
	[ "$(grep -c $'\033' "$dir/run-1.out")" = 0 ]
	[ ! -s "$dir/run-1.err" ]
	run baton status
	ends 0 "run-1" "running" "carries" "dhcp-answered os"
	run baton machine list
	ends 0 "STATE" "carries" "PERSONA" "run-1"
	run baton persona list
	ends 0 "STATE" "running" "MACHINE" "body-1"
	run baton order show "$order"
	ends 0 "done" "await-os" "where the time went"
	run baton events --order "$order"
	ends 0 "order-begun" "step-done" "order-done"
	run baton start run-1 body-1
	ends 1 "run-1" "baton status"
}

@test "the broker may die while an order is watched" {
	start_to_shim run-2 body-2 b2
	local began
	began=$(grep -c "baton-broker started" "$dir/log")
	kill -9 "$(pid_of baton-broker)"
	until_true "the broker is back" in_log "baton-broker started" $((began + 1))
	shim body-2 b2
	watched
	tail -n 1 "$dir/run-2.out" | grep -q "done: order $order"
}

@test "Ctrl-C ends the watching and not the order, and undo takes it back" {
	start_to_shim run-3 body-3 b3
	kill -INT $watcher
	local code=0
	watched || code=$?
	[ $code = 130 ]
	grep -q "order $order goes on without you; to look at it: baton order show $order" "$dir/run-3.err"
	run baton order show "$order" -o json
	[ "$(jq -r .state <<< "$output")" = running ]
	run baton order undo "$order"
	ends 0 "stop run-3" "done: order"
	run baton status -o json
	[ "$(jq -r '.personas[] | select(.name == "run-3").state' <<< "$output")" = stopped ]
}

@test "an order that stops ends with 4, says why and what to type; so does its retry" {
	dead_disk run-4 body-4 b4
	run baton start run-4 body-4
	ends 4 "stopped at preflight" "127.0.0.1:9" "baton order retry" "baton order undo"
	local n
	n=$(baton order list -o json | jq '[.items[] | select(.persona == "run-4").id] | max')
	run baton status
	ends 0 "stuck" "baton order retry $n" "baton order undo $n"
	# It stands first, before the tables.
	[[ ${lines[0]} == "order $n: start run-4 on body-4 has stopped at preflight: "*127.0.0.1:9* ]]
	run baton order retry "$n"
	ends 4 "stopped at preflight"
	run baton order retry "$n" -o json
	ends 4 '"stopped"'
	run baton order undo "$n"
	ends 0 "order $n is taken back; nothing had been touched"
	run baton order undo "$n"
	ends 1 "order $n is done"
}

@test "no-wait comes back at once" {
	dead_disk run-5 body-5 b5
	run baton start run-5 body-5 --no-wait
	ends 0 "has begun" "baton order show"
}

# On a terminal of 50 columns; $output is what it was sent.
on_terminal() {
	run script -qec "stty cols 50 rows 24; $dir/bin/baton $*" /dev/null </dev/null
}

@test "on a terminal the steps are redrawn in place, in colour, and no line is too long" {
	dead_disk run-6 body-6 b6
	on_terminal start run-6 body-6
	ends 4 $'\033[J' $'\033[1m'
	local line plain
	while IFS= read -r line; do
		plain=$(sed $'s/\033\\[[0-9;]*[A-Za-z]//g; s/\r//g' <<< "$line")
		[[ $plain == " "[^\ ]" "* ]] || continue
		[ ${#plain} -le 50 ] || { echo "${#plain} columns: $plain"; return 1; }
	done <<< "$output"
	NO_COLOR=1 on_terminal order list
	[[ $output != *$'\033['*m* ]]
	while IFS= read -r line; do
		line=${line%$'\r'}
		[ ${#line} -le 50 ] || { echo "${#line} columns: $line"; return 1; }
	done <<< "$output"
}

@test "events go on until they are told to end" {
	site
	"$dir/bin/baton" events -f > "$dir/follow.out" 3>&- &
	local pid=$!
	until_true "the newest" test -s "$dir/follow.out"
	baton pool add followed --mac 02:bb:00:00:00:01-02:bb:00:00:00:ff
	until_true "the new one" grep -q "pool=followed" "$dir/follow.out"
	kill $pid
	# 0 is the beginning, page by page to the last one.
	run baton events --since 0 -o json
	[ "$(jq -s '[.[].items[].id] | [.[0], length == .[-1]]' -c <<< "$output")" = "[1,true]" ]
	local last
	last=$(baton events -o json | jq '[.items[].id] | max')
	baton pool rm followed
	run baton events --since "$last"
	ends 0 "api-changed"
	[ "${#lines[@]}" = 1 ]
}

@test "completion offers words, options, choices, and the broker's names" {
	site
	machine complete-me a7
	eval "$(baton completion bash)"
	baton() { "$dir/bin/baton" "$@"; }
	completes() { # WANT WORDS...
		local want=$1
		shift
		COMP_WORDS=(baton "$@")
		COMP_CWORD=$#
		_baton
		[[ " ${COMPREPLY[*]} " == *" $want "* ]] || { echo "$*: ${COMPREPLY[*]}"; return 1; }
	}
	completes start st
	completes status st
	completes undo order u
	completes --bmc machine add x --
	completes lease network add x --unknown ""
	completes proxy network add x --mode ""
	completes mgmt network add x --link m
	completes mgmt network show m
	completes json status -o j
	completes complete-me machine show comp
	completes complete-me start whoever comp
	completes network help n
	cmp <(baton completion bash) broker/cli/completion.bash
	shellcheck -s bash broker/cli/completion.bash
}

@test "the manual page is clean and has every word" {
	local page=$B/docs/man/baton.1 word
	mandoc -T lint -W warning "$page"
	mandoc -T ascii "$page" | col -b > "$dir/page"
	for word in $(baton completion words -- ""); do
		grep -Eq "^     $word( |$)" "$dir/page" || { echo "no $word"; return 1; }
	done
	grep -q "^     130 " "$dir/page"
	[ "$(grep -c "made from" "$dir/page")" = 0 ]
}
