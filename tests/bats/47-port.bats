#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC2154,SC2034
# An old machine is silenced at its switch (docs/design/0023): real processes, a fake BMC, a fake target and
# a fake switch that takes the machines' cables out. The tests are one story and build on each other.

load ../lib/site

TARGET=iqn.2026-01.org.example:disk.web-01
UUID_C=11111111-2222-3333-4444-cccccccccccc

setup_file() {
	. tests/lib/site.bash
	site_make
	echo $UUID_C > "$dir/blade-c.uuid"
	sed -i 's/^interfaces = .*/interfaces = mgmt0 iso0/' "$dir/etc/baton.conf"
	ip -n "$ns" link add iso0 type bridge
	ip -n "$ns" addr add 10.89.0.1/24 dev iso0
	ip -n "$ns" link set iso0 up
	site_start
	site_fenced $TARGET
	baton machine set blade-a --nic mac=$FACTORY_A,port=fake://sw/a
	baton machine set blade-b --nic mac=$FACTORY_B,port=fake://sw/b
	baton machine add blade-c --bmc fake://blade-c --uuid $UUID_C --nic mac=52:54:00:cc:00:01,network=mgmt
	machine_plug blade-c 52:54:00:cc:00:01
	echo "$dir/fake/sw-b.port" > "$dir/machines/blade-b/port"
	switch_play > "$dir/switch.log" 2>&1 3>&- &
	switch=$!
	export dir ns B switch
}

teardown_file() {
	kill "$switch" 2> /dev/null || true
	site_drop
}

# port N: the state that the fake switch has its port N in.
port() { cat "$dir/fake/sw-$1.port" 2> /dev/null || echo open; }

# A machine whose port is shut is not on the wire, whatever it does; one whose port is isolated is on another.
switch_play() {
	local n f is
	declare -A was
	while :; do
		for n in a b c; do
			is=$(port $n)
			[ "$is" != "${was[$n]-open}" ] || continue
			was[$n]=$is
			if [ "$is" = isolated ]; then
				touch "$dir/machines/blade-$n/apart"
				ip -n "$ns" link set "blade-${n}0" master iso0 up
				echo isolated > "$dir/machines/blade-$n/ported"
				continue
			fi
			rm -f "$dir/machines/blade-$n/apart"
			echo "$is" > "$dir/machines/blade-$n/ported"
			ip -n "$ns" link set "blade-${n}0" master mgmt0
			if [ "$is" = open ]; then
				ip -n "$ns" link set "blade-${n}0" up
				continue
			fi
			ip -n "$ns" link set "blade-${n}0" down
			for f in "$dir"/wire/*; do
				[ ! -e "$f" ] || ! grep -qx "blade-$n" "$f" || rm "$f"
			done
		done
		nap
	done
}

# silence_is WORDS: the setting, and a new batond.
silence_is() {
	sed -i '/^silence/d' "$dir/etc/baton.conf"
	echo "silence = $1" >> "$dir/etc/baton.conf"
	site_stop
	site_start
}

machine() { baton status -o json | jq -r ".machines[] | select(.name == \"$1\") | .state"; }
held() { baton status -o json | jq -r ".machines[] | select(.name == \"$1\") | .ports_held[] | [.state, .read_back, .order] | join(\" \")"; }
on() { baton status -o json | jq -r '.personas[] | select(.name == "web-01") | .machine'; }
proof() { baton proofs -o json | jq -r '[.items[] | select(.kind != "storage")][0] | .kind + ":" + .machine'; }
newest_order() { baton order list -o json | jq '[.items[].id] | max'; }
fault() { printf '%s\n' "${3-}" > "$dir/fake/$1.$2"; }
well() { rm -f "$dir/fake/$1".{hang,refuse,lie}; }

# says CODE WORDS...: what `run` ran ended so and said each of these.
says() {
	local words
	[ "$status" = "$1" ] || { echo "exit $status, want $1: $output"; return 1; }
	for words in "${@:2}"; do
		[[ $output == *"$words"* ]] || { echo "no \"$words\" in: $output"; return 1; }
	done
}

# Never were two powered machines with one MAC on the wire; a card of a machine that is off, or behind a shut
# port, may hold it.
nobody_twice() { [ ! -e "$dir/twice" ] || ! grep -v " nvram " "$dir/twice"; }

@test "words that are no way to silence a machine are refused at the start, with one sentence" {
	while IFS='|' read -r words sentence; do
		{ site_conf; echo "silence = $words"; } > "$dir/etc/wrong.conf"
		run ip netns exec "$ns" "$dir/bin/batond" -c "$dir/etc/wrong.conf" --check
		says 2 "$sentence"
		[ "$(grep -c silence <<< "$output")" = 1 ]
	done <<- 'WORDS'
		power prayer|silence = power prayer: "prayer" is no way to silence a machine: want power, port and person
		port power port|silence = port power port: port is said twice
	WORDS
	{ site_conf; echo "silence = person port"; } > "$dir/etc/wrong.conf"
	run ip netns exec "$ns" "$dir/bin/batond" -c "$dir/etc/wrong.conf" --check
	says 0 good
}

@test "a port is one NIC's, and has an address" {
	run baton machine show blade-a
	says 0 fake://sw/a
	[[ $output != *ports_held* ]]
	run baton machine add blade-d --bmc fake://d --nic mac=52:54:00:dd:00:01,port=fake://sw/a
	says 1 "port fake://sw/a is that of machine blade-a already"
	for wrong in sw/a fake://sw fake:///a fake://sw/../x ://sw/a "fake://-sw/a"; do
		run baton machine add blade-d --bmc fake://d --nic "mac=52:54:00:dd:00:01,port=$wrong"
		says 1 "want KIND://HOST/PORT"
	done
}

@test "a BMC that hangs: the port is shut instead, read back, and the persona starts elsewhere" {
	baton start web-01 blade-b
	fault blade-b hang
	baton failover web-01 blade-a
	[ "$(on)" = blade-a ]
	[ "$(port b)" = shut ]
	[ "$(machine_power blade-b)" = on ]
	[ "$(proof)" = port:blade-b ]
	baton proofs | grep -q "shut, and read back so: fake://sw/b"
	[ "$(machine blade-b)" = stale ]
	nobody_twice
	well blade-b
}

@test "that a port is shut, since when and by which order is told until it is open" {
	order=$(newest_order)
	[ "$(held blade-b)" = "shut true $order" ]
	baton status | grep -q "fake://sw/b shut for .*, order $order"
	baton machine show blade-b | grep -A 2 '^ports_held' | grep -q "fake://sw/b.*shut.* $order "
	run baton machine rm blade-b
	says 1 "its port fake://sw/b is shut since order $order" "baton restore blade-b"
	run baton machine set blade-b --nic mac=$FACTORY_B,port=fake://sw/other
	says 1 "its port fake://sw/b is shut"
	baton events --order "$order" | grep -q "port-set.*machine=blade-b port=fake://sw/b state=shut"
}

@test "a restore opens it, before the machine is powered on, and the machine is as it was made" {
	run baton restore blade-b
	says 1 "runs on blade-a"
	[ "$(port b)" = shut ]
	baton stop web-01
	[ "$(port b)" = shut ]
	baton restore blade-b
	[ "$(port b)" = open ]
	[ -z "$(held blade-b)" ]
	[ "$(machine blade-b)" = free ]
	[ "$(cat "$dir/fake/sw-b.log")" = $'shut\nopen' ]
	grep -q "$FACTORY_B $FACTORY_B" "$dir/machines/blade-b/nvram"
	nobody_twice
}

@test "a switch that refuses or lies proves nothing: one sentence says what each way said and what to type" {
	baton start web-01 blade-b
	fault blade-b refuse
	fault sw-b refuse shut
	run baton failover web-01 blade-a
	says 4 "it refused" "port fake://sw/b: it refused shut" 'baton attest blade-b "what you did"'
	[ "$(on)" = blade-b ]
	[ "$(held blade-b)" = "shut false $(newest_order)" ]
	baton status | grep -q "fake://sw/b shut (not read back)"
	well sw-b
	fault sw-b lie
	run baton order retry "$(newest_order)"
	says 4 "it was told to be shut and says that it is open"
	[ "$(machine_power blade-a)" = off ]
	[ "$(proof)" != port:blade-b ]
	well sw-b
	baton order retry "$(newest_order)"
	[ "$(on)" = blade-a ]
	[ "$(proof)" = port:blade-b ]
	nobody_twice
}

@test "a switch that does not open the port stops the restore before the machine is powered on" {
	well blade-b
	baton stop web-01
	fault sw-b refuse open
	run baton restore blade-b
	says 4 "port fake://sw/b: it refused open"
	[ "$(machine_power blade-b)" = off ]
	[ "$(held blade-b)" = "shut false $(jq -r .order <<< "$(baton machine show blade-b -o json | jq '.ports_held[0]')")" ]
	well sw-b
	baton order retry "$(newest_order)"
	[ "$(machine blade-b)" = free ]
	[ "$(port b)" = open ]
}

@test "a NIC without a port is named; it gets one while the order waits, and the order goes on" {
	baton start web-01 blade-c
	fault blade-c refuse
	run baton failover web-01 blade-a
	says 4 "NIC 52:54:00:cc:00:01 of blade-c has no switch port on record"
	baton machine set blade-c --nic mac=52:54:00:cc:00:01,port=fake://sw/c
	baton order retry "$(newest_order)"
	[ "$(on)" = blade-a ]
	[ "$(port c)" = shut ]
	well blade-c
	baton stop web-01
	baton restore blade-c
	[ "$(port c)" = open ]
}

@test "a failover that is taken back may leave the port shut, and tells of it; a stop opens it" {
	baton start web-01 blade-b
	fault blade-b refuse
	fault sw-b refuse shut
	run baton failover web-01 blade-a
	says 4 "port fake://sw/b: it refused shut"
	# The switch has done it after all.
	echo shut > "$dir/fake/sw-b.port"
	well sw-b
	well blade-b
	order=$(newest_order)
	baton order undo "$order"
	[ "$(on)" = blade-b ]
	[ "$(held blade-b)" = "shut false $order" ]
	baton stop web-01
	[ -z "$(held blade-b)" ]
	[ "$(port b)" = open ]
	[ "$(machine blade-b)" = free ]
	nobody_twice
}

@test "silence = port power: the switch is asked first, and the BMC not at all" {
	silence_is "port power"
	baton start web-01 blade-b
	baton failover web-01 blade-a
	[ "$(machine_power blade-b)" = on ]
	[ "$(port b)" = shut ]
	[ "$(proof)" = port:blade-b ]
	nobody_twice
	baton stop web-01
	baton restore blade-b
	# The next word comes when the first has failed.
	baton start web-01 blade-b
	fault sw-b refuse
	baton failover web-01 blade-a
	well sw-b
	[ "$(proof)" = power:blade-b ]
	[ "$(machine_power blade-b)" = off ]
	baton stop web-01
	baton restore blade-b
	[ "$(port b)" = open ]
}

@test "a word that is left out proves nothing: no BMC, no person" {
	silence_is port
	baton start web-01 blade-b
	fault sw-b refuse
	run baton failover web-01 blade-a
	order=$(newest_order)
	says 4 "port fake://sw/b: it refused session" "mend that, then: baton order retry $order"
	[[ $output != *attest* ]]
	[ "$(machine_power blade-b)" = on ]
	run baton attest blade-b "pulled both cords"
	says 1 "this site takes nobody's word for a machine's silence (silence = port)"
	well sw-b
	silence_is power
	fault blade-b refuse
	run baton order retry "$order"
	says 4 "it refused"
	[[ $output != *sw/b:* ]]
	[ "$(port b)" = open ]
	well blade-b
	baton order retry "$order"
	[ "$(on)" = blade-a ]
	[ "$(proof)" = power:blade-b ]
	nobody_twice
}

@test "while its persona runs elsewhere a stale machine gets its own address back where nobody hears it" {
	silence_is "port person"
	baton stop web-01
	baton restore blade-b
	baton start web-01 blade-b
	baton failover web-01 blade-a
	[ "$(port b)" = shut ]
	run baton restore blade-b
	says 1 "which runs on blade-a: stop it first" "no isolated network with a pool is on record"
	baton network add iso --isolated --interface iso0 --address 10.89.0.1/24 --pool 10.89.0.100-10.89.0.199
	run baton restore blade-b --plan
	says 0 power-off-before isolate net-start-restore await-restored rejoin forget
	[ "$(baton persona list -o json | jq '.items | length')" = 1 ]
	baton persona show web-01 -o json | jq .generation > "$dir/generation"
	: > "$dir/fake/sw-b.log"
	fault sw-b lie isolated
	run baton restore blade-b
	order=$(newest_order)
	says 4 "port fake://sw/b: it was told to be isolated and says that it is shut" "baton order retry $order"
	[ "$(machine_power blade-b)" = off ]
	[ "$(baton status -o json | jq -r '.personas[] | select(.name == "web-01") | .state')" = running ]
	run baton restore blade-b
	says 1 "order $order (restore-isolated restore-blade-b) has stopped at isolate" "baton order retry"
	well sw-b
	baton order retry "$order"
	[ "$(machine blade-b)" = free ]
	[ "$(cat "$dir/fake/sw-b.log")" = $'isolated\nopen' ]
	[ -z "$(held blade-b)" ]
	grep -q "$FACTORY_B $FACTORY_B" "$dir/machines/blade-b/nvram"
	# It asked with the persona's MAC, was known by its UUID, and was lent an address of the isolated network.
	mac=$(baton persona show web-01 -o json | jq -r '.nics[0].mac')
	baton events --order "$order" | grep -q "identity-written.*machine=blade-b .*old=$mac new=$FACTORY_B"
	grep -q "dhcp-answered mac=$mac stage=ipxe .*deed=restore .*addr=10.89.0.1[0-9][0-9]" "$dir/log"
	[ "$(on)" = blade-a ]
	[ "$(baton persona show web-01 -o json | jq .generation)" = "$(cat "$dir/generation")" ]
	[ "$(baton persona list -o json | jq -r '[.items[].name] | join(" ")')" = web-01 ]
	nobody_twice
}

@test "a port that Baton shall forget stays as it is, and the machine can go" {
	baton stop web-01
	baton start web-01 blade-b
	baton failover web-01 blade-a
	[ "$(port b)" = shut ]
	baton machine set blade-b --nic mac=$FACTORY_B,port=none
	[ -z "$(held blade-b)" ]
	[ "$(port b)" = shut ]
	[ "$(baton machine show blade-b -o json | jq -r '.nics[0].port')" = "" ]
	baton machine rm blade-b
}
