#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC2154,SC2034
# A persona on one machine, whatever happens (docs/design/0015): real processes, real DHCP and HTTP, a
# fake BMC and a fake target. The tests are one story and build on each other.

load ../lib/site

TARGET=iqn.2026-01.org.example:disk.web-01

setup_file() {
	. tests/lib/site.bash
	site_make
	site_start
	site_fenced $TARGET --mutual
	baton machine add blade-c --bmc fake://blade-c --nic mac=52:54:00:cc:00:01,network=mgmt
	machine_plug blade-c 52:54:00:cc:00:01
	export dir ns B persona_mac
}

teardown_file() {
	site_drop
}

# web_01 MEMBER of its status; machine NAME: its state.
web_01() { baton status -o json | jq -r ".personas[] | select(.name == \"web-01\") | .$1"; }
machine() { baton status -o json | jq -r ".machines[] | select(.name == \"$1\") | .state"; }

# The accounts that the target lets in; and their secrets.
accounts() { sed -n 's/^account=\([^ ]*\) .*/\1/p' "$dir/fake/$TARGET.san"; }
secrets() { sed -n 's/^\(account\|outgoing\)=[^ ]* //p' "$dir/fake/$TARGET.san"; }

# proofs: KIND:MACHINE, newest first.
proofs() { baton proofs -o json | jq -r '.items[] | .kind + ":" + .machine'; }

logged_in() { echo "iqn.2026-01.org.example:$1" >> "$dir/fake/$TARGET.sessions"; chmod 666 "$dir/fake/$TARGET.sessions"; }

newest_order() { baton order list -o json | jq '[.items[].id] | max'; }

# A stale machine that is off holds the MAC, too; on the wire nobody ever does beside another one.
nobody_twice() { ! grep -sv " nvram " "$dir/twice"; }

@test "a start makes a secret for its generation, and gives it out after the second look" {
	baton start web-01 blade-a
	generation=$(web_01 generation)
	[ "$(accounts)" = "web-01.$generation" ]
	[[ $(proofs) == $'storage:blade-a\nstorage:blade-a'* ]]
	grep -q "generation $generation" "$dir/runs" || grep -q " $generation\$" "$dir/runs"
	# Its script has the secret, both ways.
	grep -q "^set username web-01.$generation\$" "$dir/machines/blade-a/script"
	grep -q "^set reverse-password ." "$dir/machines/blade-a/script"
	secrets | sort > "$dir/first"
	[ "$(wc -l < "$dir/first")" = 2 ]
}

@test "a move leaves the old secret dead and the old sessions gone" {
	old=$(web_01 generation)
	logged_in web-01
	baton move web-01 blade-b
	new=$(web_01 generation)
	[ "$new" -gt "$old" ]
	[ "$(accounts)" = "web-01.$new" ]
	[ ! -s "$dir/fake/$TARGET.sessions" ]
	[ -z "$(secrets | sort | comm -12 - "$dir/first")" ]
	[[ $(proofs) == *power:blade-a* ]]
	[ "$(machine blade-a)" = free ]
	nobody_twice
}

@test "no secret is in a log, an event, the database, an answer or a process list" {
	secrets > "$dir/words"
	cat "$dir/first" >> "$dir/words"
	[ "$(wc -l < "$dir/words")" = 4 ]
	for f in "$dir/log" "$dir"/state/*; do
		[ -f "$f" ] || continue
		! grep -aqFf "$dir/words" "$f" || { echo "a secret lies in $f" && return 1; }
	done
	{ baton events --since 0 -o json; baton persona show web-01 -o json; baton status -o json; baton proofs -o json; } > "$dir/said"
	! grep -qFf "$dir/words" "$dir/said" || return 1
	! cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' | grep -qFf "$dir/words"
}

@test "a failover waits for nobody but the old machine's silence, and leaves it stale" {
	logged_in web-01
	baton failover web-01 blade-a
	[ "$(web_01 machine)" = blade-a ]
	[ "$(machine blade-b)" = stale ]
	[ "$(machine_power blade-b)" = off ]
	[ ! -s "$dir/fake/$TARGET.sessions" ]
	[[ $(proofs) == *power:blade-b* ]]
	nobody_twice
	baton persona add db-01 --nic network=mgmt
	run baton start db-01 blade-b
	[ "$status" = 1 ]
	[[ $output == *"blade-b is stale"*"baton restore blade-b"* ]]
}

@test "a stale machine that somebody switches on gets nothing, is told of, and is switched off" {
	power_cycle blade-b
	until_true "it is told of" in_log "baton-broker stale-woke machine=blade-b persona=web-01 off=yes"
	until_true "blade-b is off" machine_says blade-b "is off"
	! grep -q "ipxe: http\|os: " <(sed '1,/is off/d' "$dir/machines/blade-b/screen" | tail -n 5)
	baton status | grep -q "machine blade-b is on again"
	[ "$(web_01 state)" = running ]
	# What the player calls twice is that both are on the wire; the old one was given nothing.
	rm -f "$dir/twice"
}

@test "it gets its own address back while the persona is nowhere, and only then" {
	run baton restore blade-b
	[ "$status" = 1 ]
	[[ $output == *"runs on blade-a: stop it first"* ]]
	run baton restore blade-a
	[ "$status" = 1 ]
	[[ $output == *blade-a*"not stale"* ]]
	baton stop web-01
	baton restore blade-b
	[ "$(machine blade-b)" = free ]
	[ "$(machine_power blade-b)" = off ]
	grep -q "$FACTORY_B $FACTORY_B" "$dir/machines/blade-b/nvram"
	[ "$(web_01 state)" = stopped ]
	nobody_twice
	# Nobody's secret is at the target now: not the last one that somebody had.
	[ -n "$(accounts)" ]
}

# memory PID: all that it could write to.
memory() {
	local range rights rest from to
	while read -r range rights rest; do
		[[ $rights == rw* && $rest != *"[v"* ]] || continue
		from=$((0x${range%-*})) to=$((0x${range#*-}))
		dd "if=/proc/$1/mem" bs=65536 iflag=skip_bytes,count_bytes skip=$from count=$((to - from)) 2> /dev/null
	done < "/proc/$1/maps"
}

@test "a secret that nobody boots with is at the target, and the broker has forgotten it" {
	local order pid
	baton start web-01 blade-a
	pid=$(pid_at_work baton-broker)
	# One that somebody boots with is in the table.
	secrets > "$dir/words"
	memory "$pid" > "$dir/memory"
	grep -aqFf "$dir/words" "$dir/memory"
	baton stop web-01 --no-wait
	order=$(newest_order)
	until_true "the target has it" in_log "step-done order=$order step=fence-old"
	kill -STOP "$pid"
	memory "$pid" > "$dir/memory"
	kill -CONT "$pid"
	secrets > "$dir/words"
	[ "$(wc -l < "$dir/words")" = 2 ]
	! grep -aqFf "$dir/words" "$dir/memory" || return 1
	rm "$dir/memory"
	until_true "order $order is over" order_over "$order"
	order_is "$order" done
}

@test "an old machine whose BMC does not answer: the order waits, says for what, and a person signs" {
	baton start web-01 blade-b
	echo > "$dir/fake/blade-b.refuse"
	run baton failover web-01 blade-a
	echo "$output"
	[ "$status" = 4 ]
	[[ $output == *"baton attest blade-b"* ]]
	[ "$(machine_power blade-a)" = off ]
	[ "$(web_01 machine)" = blade-b ]
	# Its disk is shut already.
	[ "$(accounts)" != "web-01.$(web_01 generation)" ]
	run baton attest blade-b ok
	[ "$status" = 1 ]
	[[ $output == *"say what you saw or did"* ]]
	run baton attest blade-a "pulled both cords"
	[ "$status" = 1 ]
	# The person does what it says.
	machine_unplug blade-b
	rm -f "$dir"/wire/*
	order=$(newest_order)
	baton attest blade-b "pulled both cords, 02:14"
	until_true "order $order is over" order_over "$order"
	order_is "$order" done
	[ "$(web_01 machine)" = blade-a ]
	[ "$(machine blade-b)" = stale ]
	[[ $(proofs) == *attested:blade-b* ]]
	baton proofs | grep -q "pulled both cords, 02:14"
}

@test "a machine without a UUID could come back unseen: nobody may sign for it" {
	baton stop web-01
	# blade-b is silent by a person's word alone: where blade-c carries the persona it would be answered.
	run baton start web-01 blade-c
	[ "$status" = 1 ]
	[[ $output == *"could not be told from blade-b"*"baton restore blade-b"* ]]
	baton machine rm blade-b # to the scrap yard
	baton start web-01 blade-c
	echo > "$dir/fake/blade-c.refuse"
	run baton failover web-01 blade-a
	[ "$status" = 4 ]
	run baton attest blade-c "pulled both cords"
	[ "$status" = 1 ]
	[[ $output == *UUID* ]]
	rm "$dir/fake/blade-c.refuse"
	baton order retry "$(newest_order)"
	[ "$(web_01 machine)" = blade-a ]
	[ "$(machine blade-c)" = stale ]
}

@test "the UUID of two machines tells neither: nobody may sign for the one while the other is next" {
	baton stop web-01
	echo $UUID_A > "$dir/twin-a.uuid"
	baton machine add twin-a --bmc fake://twin-a --uuid $UUID_A --nic mac=52:54:00:dd:00:01,network=mgmt
	machine_plug twin-a 52:54:00:dd:00:01
	baton start web-01 twin-a
	echo > "$dir/fake/twin-a.refuse"
	run baton failover web-01 blade-a
	[ "$status" = 4 ]
	run baton attest twin-a "pulled both cords"
	[ "$status" = 1 ]
	[[ $output == *"could not be told from blade-a"* ]]
	rm "$dir/fake/twin-a.refuse"
	baton order retry "$(newest_order)"
	[ "$(web_01 machine)" = blade-a ]
	[ "$(machine twin-a)" = stale ]
	nobody_twice
}

@test "a target that keeps an old session: nothing starts, and the sentence names it" {
	baton stop web-01
	logged_in web-01
	echo "stays=iqn.2026-01.org.example:web-01" >> "$dir/fake/$TARGET.san"
	run baton start web-01 blade-a
	echo "$output"
	[ "$status" = 4 ]
	[[ $output == *"iqn.2026-01.org.example:web-01"* ]]
	[ "$(machine_power blade-a)" = off ]
	sed -i /^stays=/d "$dir/fake/$TARGET.san"
	baton order retry "$(newest_order)"
	[ "$(web_01 state)" = running ]
	nobody_twice
}

@test "a failover that is taken back half-way: a person reads what that left, until the persona runs again" {
	echo > "$dir/fake/blade-a.refuse"
	run baton failover web-01 blade-c
	[ "$status" = 4 ]
	order=$(newest_order)
	[ "$(web_01 state)" = stuck ]
	baton order undo "$order"
	until_true "order $((order + 1)) is over" order_over $((order + 1))
	rm "$dir/fake/blade-a.refuse"
	says="web-01 does not run: order $order was taken back half-way, and blade-a has no session at its disk since order $order; "
	says+="\`baton failover web-01 MACHINE\` takes it to another machine, \`baton stop web-01\` frees blade-a"
	for again in no yes; do
		[ "$(web_01 state) $(web_01 machine)" = "halted blade-a" ]
		run baton status
		[[ $output == *"halted: $says"* ]]
		[[ $(baton persona show web-01) == *"$says"* ]]
		[[ $(baton persona list) == *halted* ]]
		# The next broker knows it, too.
		[ $again = no ] || break
		began=$(grep -c "baton-broker started" "$dir/log")
		kill -KILL "$(pid_at_work baton-broker)"
		until_true "the broker is back" in_log "baton-broker started" $((began + 1))
	done
	run baton restart web-01
	[ "$status" = 1 ]
	[[ $output == *"its OS does not run on machine blade-a"*"baton stop web-01"* ]]
	baton stop web-01
	[ "$(web_01 state) $(web_01 why)" = "stopped " ]
	baton start web-01 blade-a
	[ "$(web_01 state) $(web_01 why)" = "running " ]
	nobody_twice
}
