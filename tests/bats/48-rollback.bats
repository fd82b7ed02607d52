#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC2154,SC2034
# A persona that does not come up on its new machine goes back to the old one by itself, and says why
# (docs/design/0024): real processes, real DHCP and HTTP, a fake BMC and a fake target. One story.

load ../lib/site

TARGET=iqn.2026-01.org.example:disk.web-01

setup_file() {
	. tests/lib/site.bash
	site_make
	echo "boot_wait_s = 5" >> "$dir/etc/baton.conf"
	site_start
	site_fenced $TARGET
	export dir ns B persona_mac
	baton start web-01 blade-a
}

teardown_file() {
	site_drop
}

web_01() { baton status -o json | jq -r ".personas[] | select(.name == \"web-01\") | .$1"; }
machine() { baton status -o json | jq -r ".machines[] | select(.name == \"$1\") | .state"; }
newest_order() { baton order list -o json | jq '[.items[].id] | max'; }
nobody_twice() { [ ! -e "$dir/twice" ] || ! grep -sv " nvram " "$dir/twice"; }

@test "a move to a machine that never boots goes back, and nothing of it is left" {
	machine_unplug blade-b
	run baton move web-01 blade-b
	echo "$output"
	[ "$status" = 4 ]
	order=$(newest_order)
	[[ $output == *"did not come up: await-shim: waiting for the shim for 5 s in vain"*"it goes back: order $order"* ]]
	[[ $output == *"done: order $order: failover web-01 from blade-b to blade-a"* ]]
	[ "$(web_01 state) $(web_01 machine)" = "running blade-a" ]
	# No card of it was written: it is as its makers made it.
	[ "$(machine blade-b)" = free ]
	[ "$(machine_power blade-b)" = off ]
	baton status | grep -q "web-01 did not come up on blade-b and goes back to blade-a"
	run baton order show $((order - 1))
	[[ $output == *"taken back by order $order: await-shim"* ]]
	run baton order show "$order"
	[[ $output == *"given by Baton itself: order $((order - 1)) rolls back: await-shim"* ]]
	machine_plug blade-b $FACTORY_B
	nobody_twice
}

@test "one whose card cannot be written: back at once, and the machine is stale" {
	echo "the card is locked" > "$dir/machines/blade-b/broken"
	run baton move web-01 blade-b
	echo "$output"
	[ "$status" = 4 ]
	[[ $output == *"the card is locked"* ]]
	[ "$(web_01 state) $(web_01 machine)" = "running blade-a" ]
	[ "$(machine blade-b)" = stale ]
	[ "$(machine_power blade-b)" = off ]
	rm "$dir/machines/blade-b/broken"
	nobody_twice
}

@test "a stale machine may carry that persona again, and a stop makes it whole" {
	baton move web-01 blade-b
	[ "$(machine blade-b)" = carries ]
	run baton restore blade-b
	[ "$status" = 1 ]
	[[ $output == *"carries persona web-01 again"*"baton stop web-01"* ]]
	[ "$(web_01 state)" = running ]
	baton stop web-01
	[ "$(machine blade-b)" = free ]
	nobody_twice
	baton start web-01 blade-a
}

@test "a failover that does not come up goes back to the machine that it left" {
	machine_unplug blade-b
	run baton failover web-01 blade-b
	[ "$status" = 4 ]
	[ "$(web_01 state) $(web_01 machine)" = "running blade-a" ]
	[ "$(machine blade-b)" = free ]
	machine_plug blade-b $FACTORY_B
	nobody_twice
}

@test "with --stay it stops where it is, for a person" {
	machine_unplug blade-b
	run baton move web-01 blade-b --stay
	[ "$status" = 4 ]
	[[ $output == *"stopped at await-shim"*"baton order undo"* ]]
	[ "$(web_01 state)" = stuck ]
	machine_plug blade-b $FACTORY_B
	baton order undo "$(newest_order)"
	[ "$(web_01 state) $(web_01 machine)" = "running blade-a" ]
}

@test "the old machine does not answer any more: it waits at the preflight, and nothing is touched" {
	machine_unplug blade-b
	baton move web-01 blade-b --no-wait
	order=$(newest_order)
	until_true "the shim is waited for" in_log "step-begun order=$order step=await-shim"
	echo > "$dir/fake/blade-a.refuse"
	until_true "it goes back" in_log "rolled-back order=$((order + 1)) "
	until_true "that waits" order_over $((order + 1))
	order_is $((order + 1)) stopped
	[ "$(web_01 machine)" = blade-b ]
	[ "$(machine_power blade-a)" = off ]
	rm "$dir/fake/blade-a.refuse"
	baton order retry $((order + 1))
	[ "$(web_01 state) $(web_01 machine)" = "running blade-a" ]
	machine_plug blade-b $FACTORY_B
	nobody_twice
}

@test "a spare that is on and waits is switched off and taken" {
	power_cycle blade-b
	until_true "it waits" machine_says blade-b "carries no persona and waits"
	run baton move web-01 blade-b --plan
	[ "$status" = 1 ]
	[[ $output == *spare-off*"machine blade-b is on and carries no persona"* ]]
	baton move web-01 blade-b
	[ "$(web_01 state) $(web_01 machine)" = "running blade-b" ]
	baton move web-01 blade-a
	nobody_twice
}

@test "killed between stop and going back it goes back all the same" {
	machine_unplug blade-b
	baton move web-01 blade-b --no-wait
	order=$(newest_order)
	until_true "the shim is waited for" in_log "step-begun order=$order step=await-shim"
	until_true "it goes back" in_log "rolled-back order=$((order + 1)) "
	kill -9 "$(pid_at_work baton-broker)"
	until_true "it is over" order_over $((order + 1))
	order_is $((order + 1)) done
	[ "$(web_01 state) $(web_01 machine)" = "running blade-a" ]
	nobody_twice
}
