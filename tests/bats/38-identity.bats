#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC2154,SC2034
# A machine whose BMC sets its addresses while it is off (docs/design/0028): real processes, a fake BMC with cards, a
# fake target. blade-a has such a BMC, blade-b has not. The tests are one story and build on each other.

load ../lib/site

TARGET=iqn.2026-01.org.example:disk.web-01

setup_file() {
	. tests/lib/site.bash
	site_make
	site_start
	site_fenced $TARGET
	cards_new
	export dir ns B persona_mac
}

teardown_file() { site_drop; }

# As the maker has delivered it; what a BMC keeps in memory alone is so after each loss of the mains.
cards_new() {
	echo "ethernet 0000:00:03.0 $FACTORY_A $FACTORY_A" > "$dir/fake/blade-a.cards"
	chmod 666 "$dir/fake/blade-a.cards"
}
goes_by() { awk '{ print $4 }' "$dir/fake/blade-a.cards"; }
starts() { grep -c "$1 boots by" "$dir/machines/$1/screen" || true; }
machine() { baton status -o json | jq -r ".machines[] | select(.name == \"$1\") | .state"; }
on() { baton status -o json | jq -r '.personas[] | select(.name == "web-01") | .machine'; }
newest_order() { baton order list -o json | jq '[.items[].id] | max'; }
says() {
	local words
	[ "$status" = "$1" ] || { echo "exit $status, want $1: $output"; return 1; }
	for words in "${@:2}"; do
		[[ $output == *"$words"* ]] || { echo "no \"$words\" in: $output"; return 1; }
	done
}
nobody_twice() { [ ! -e "$dir/twice" ] || ! grep -v " nvram " "$dir/twice"; }

@test "the plan says how each machine would take the addresses, and why not better" {
	run baton start web-01 blade-a --plan
	says 0 "by its BMC while it is off, in one start"
	run baton start web-01 blade-b --plan
	says 0 "by the shim, in two starts: its BMC shows no NIC $FACTORY_B"
}

@test "the BMC sets the persona's address, and the machine's first start boots its disk" {
	baton start web-01 blade-a
	[ "$(goes_by)" = "$persona_mac" ]
	[ "$(starts blade-a)" = 1 ]
	order=$(newest_order)
	baton events --order "$order" | grep -q "identity-written.*old=$FACTORY_A new=$persona_mac by=bmc"
	[ "$(baton order show "$order" -o json | jq -r '.steps[] | select(.name == "await-shim") | .why')" = "its BMC has set the addresses" ]
	# The secret came after the target was looked at again, and that after the machine had asked.
	baton events --order "$order" | awk '/step-done.*step=await-ask/ { a = NR } /step-done.*step=look-again/ { l = NR } END { exit !(a && l > a) }'
	until_true "its OS says so" machine_says blade-a "os: web-01 $persona_mac 10.88.0.50"
	! grep -q shim: "$dir/machines/blade-a/screen"
}

@test "a move to a machine without such a BMC: the old one has its own address back and need not start for it" {
	baton move web-01 blade-b
	[ "$(goes_by)" = "$FACTORY_A" ]
	[ "$(starts blade-a)" = 1 ]
	[ "$(starts blade-b)" = 2 ]
	[ "$(machine blade-a)" = free ]
	baton move web-01 blade-a
	[ "$(goes_by)" = "$persona_mac" ]
	[ "$(starts blade-a)" = 2 ]
	nobody_twice
}

@test "a BMC that forgot it after a loss of the mains: the OS does not come up under a wrong address; a restart sets it again" {
	generation=$(baton persona show web-01 -o json | jq .generation)
	cards_new
	power_cycle blade-a
	until_true "it asks with its own address" in_log "dhcp-answered mac=$FACTORY_A stage=ipxe .*machine=blade-a deed=park"
	! grep -q "os: web-01 $FACTORY_A" "$dir/machines/blade-a/screen"
	baton restart web-01
	[ "$(goes_by)" = "$persona_mac" ]
	[ "$(baton persona show web-01 -o json | jq .generation)" = "$generation" ]
	until_true "its OS says so" machine_says blade-a "os: web-01 $persona_mac 10.88.0.50"
}

@test "a failover leaves it stale, and it is restored while the persona runs elsewhere, without a start" {
	baton failover web-01 blade-b
	[ "$(machine blade-a)" = stale ]
	[ "$(goes_by)" = "$persona_mac" ]
	before=$(starts blade-a)
	baton restore blade-a
	[ "$(goes_by)" = "$FACTORY_A" ]
	[ "$(starts blade-a)" = "$before" ]
	[ "$(machine blade-a)" = free ]
	[ "$(on)" = blade-b ]
	nobody_twice
}

@test "a BMC that takes an address and reverts it: the order goes back, and says why" {
	touch "$dir/fake/blade-a.revert"
	run baton move web-01 blade-a
	[ "$status" != 0 ]
	[[ $output == *"$FACTORY_A"* ]]
	until_true "the persona is back" [ "$(on)" = blade-b ]
	rm "$dir/fake/blade-a.revert"
	[ "$(goes_by)" = "$FACTORY_A" ]
	nobody_twice
}

@test "a machine that boots by a NIC which keeps its own address is heard by that one" {
	baton machine add blade-c --bmc fake://blade-c --nic mac=52:54:00:cc:00:01,network=mgmt \
		--nic mac=52:54:00:cc:00:02,network=mgmt,carries=yes
	echo "ethernet 0000:00:04.0 52:54:00:cc:00:02 52:54:00:cc:00:02" > "$dir/fake/blade-c.cards"
	chmod 666 "$dir/fake/blade-c.cards"
	machine_plug blade-c 52:54:00:cc:00:01 52:54:00:cc:00:02
	baton move web-01 blade-c
	[ "$(starts blade-c)" = 1 ]
	[ "$(awk '{ print $4 }' "$dir/fake/blade-c.cards")" = "$persona_mac" ]
	[ "$(on)" = blade-c ]
	nobody_twice
}
