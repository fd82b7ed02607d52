#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC2154,SC2034
# Machines whose cards hold a persona's addresses before they are wanted (docs/design/0028): real processes, real DHCP
# and HTTP, fake BMCs, a fake target. The tests are one story and build on each other.

load ../lib/site

TARGET=iqn.2026-01.org.example:disk.web-01

setup_file() {
	. tests/lib/site.bash
	site_make
	site_start
	site_fenced $TARGET
	baton persona add db-01 --nic network=mgmt,address=10.88.0.51
	export dir ns B persona_mac
}

teardown_file() { site_drop; }

goes_by() { awk '{ print $3; exit }' "$dir/machines/$1/nvram"; }
# Somebody has put another card in its place, or its maker's tool has been at it.
loses_it() { sed -i "s|$persona_mac|$FACTORY_A|" "$dir/machines/blade-a/nvram"; }
starts() { grep -c "$1 boots by" "$dir/machines/$1/screen" || true; }
shims() { grep -c "shim: " "$dir/machines/$1/screen" || true; }
machine() { baton status -o json | jq -r ".machines[] | select(.name == \"$1\") | .state"; }
taken() { baton machine show "$1" -o json | jq -r .taken; }
web_01() { baton status -o json | jq -r ".personas[] | select(.name == \"web-01\") | .$1"; }
newest_order() { baton order list -o json | jq '[.items[].id] | max'; }
why_of() { baton order show "$1" -o json | jq -r ".steps[] | select(.name == \"$2\") | .why"; }
says() {
	local words
	[ "$status" = "$1" ] || { echo "exit $status, want $1: $output"; return 1; }
	for words in "${@:2}"; do
		[[ $output == *"$words"* ]] || { echo "no \"$words\" in: $output"; return 1; }
	done
}
nobody_twice() { [ ! -e "$dir/twice" ] || ! grep -v " nvram " "$dir/twice"; }

@test "a machine is prestaged: its card holds the persona's address, it is off, and nobody runs the persona" {
	run baton prestage web-01 blade-a --plan
	says 0 "by the shim, in one start: its BMC shows no NIC $FACTORY_A"
	baton prestage web-01 blade-a
	[ "$(goes_by blade-a)" = "$persona_mac" ]
	[ "$(machine blade-a) $(machine_power blade-a)" = "prestaged off" ]
	[ "$(web_01 state) $(web_01 machine)" = "stopped " ]
	[ "$(starts blade-a)" = 1 ]
	! grep -q "os: web-01" "$dir/machines/blade-a/screen"
	run baton order undo "$(newest_order)"
	says 1 "is done: restore the machine"
}

@test "it carries nothing else, and nobody else takes the addresses" {
	run baton start db-01 blade-a
	says 1 "machine blade-a is prestaged: its cards hold addresses of web-01; \`baton restore blade-a\` takes them off"
	run baton prestage db-01 blade-a
	says 1 "machine blade-a is prestaged"
	run baton prestage web-01 blade-b
	says 1 "persona web-01: machine blade-a is prestaged and holds its addresses" "\`baton restore blade-a\`"
	run baton persona rm web-01
	[ "$status" = 1 ]
	[ "$(machine blade-b)" = free ]
}

@test "somebody switches it on: it gets no answer, and no disk" {
	power_cycle blade-a
	until_true "nobody answers it" in_log "dhcp-silent.*mac=$persona_mac.*why=stale-address"
	! grep -q "os: web-01" "$dir/machines/blade-a/screen"
	[ "$(machine blade-a)" = prestaged ]
}

@test "a start there is one start of its firmware, without the shim" {
	before=$(starts blade-a) shims=$(shims blade-a)
	run baton start web-01 blade-a --plan
	[[ $output == *"prestaged, in one start: its cards hold the addresses already"* ]]
	baton start web-01 blade-a
	order=$(newest_order)
	[ "$(starts blade-a)" = $((before + 1)) ]
	[ "$(shims blade-a)" = "$shims" ]
	[ "$(taken blade-a)" = prestaged ]
	[ "$(why_of "$order" await-shim)" = "its cards hold the addresses" ]
	# The secret came after the target was looked at again, and that after the machine had asked.
	baton events --order "$order" | awk '/step-done.*step=await-ask/ { a = NR } /step-done.*step=look-again/ { l = NR } END { exit !(a && l > a) }'
	until_true "its OS says so" machine_says blade-a "os: web-01 $persona_mac 10.88.0.50"
	nobody_twice
}

@test "a failover leaves it stale; back there it is one start again, since its card was read back" {
	baton failover web-01 blade-b
	[ "$(machine blade-a)" = stale ]
	before=$(starts blade-a)
	run baton prestage web-01 blade-a
	says 1 "persona web-01 is on machine blade-b already"
	baton failover web-01 blade-a
	[ "$(starts blade-a)" = $((before + 1)) ]
	[ "$(taken blade-a)" = prestaged ]
	[ "$(machine blade-b)" = stale ]
	baton restore blade-b || baton stop web-01
	nobody_twice
}

@test "a stop gives it its own address back, by the shim" {
	[ "$(web_01 state)" != running ] || baton stop web-01
	[ "$(goes_by blade-a)" = "$FACTORY_A" ]
	[ "$(machine blade-a)" = free ]
	[ "$(machine blade-b)" = free ] || baton restore blade-b
	[ "$(goes_by blade-b)" = "$FACTORY_B" ]
}

@test "the card has lost it: the disk is not given out, the shim writes it, and nobody is asked" {
	baton prestage web-01 blade-a
	loses_it
	before=$(starts blade-a)
	baton start web-01 blade-a
	order=$(newest_order)
	[[ $(why_of "$order" await-ask) == "machine blade-a asks with $FACTORY_A and not with an address of web-01: the shim writes it" ]]
	[ "$(goes_by blade-a)" = "$persona_mac" ]
	[ "$(starts blade-a)" = $((before + 2)) ]
	[ "$(taken blade-a)" = shim ]
	until_true "its OS says so" machine_says blade-a "os: web-01 $persona_mac 10.88.0.50"
	! grep -q "os: web-01 $FACTORY_A" "$dir/machines/blade-a/screen"
	baton stop web-01
	[ "$(machine blade-a)" = free ]
	nobody_twice
}

@test "another machine: the prestaged one is seen off first, and is stale then" {
	baton prestage web-01 blade-a
	power_cycle blade-a
	run baton start web-01 blade-b
	says 0 "failover web-01 from blade-a to blade-b"
	order=$(newest_order)
	baton events --order "$order" | awk '/step-done.*step=silence/ { s = NR } /step-done.*step=claim/ { c = NR } END { exit !(s && c > s) }'
	[ "$(machine_power blade-a)" = off ]
	[ "$(machine blade-a) $(web_01 machine)" = "stale blade-b" ]
	nobody_twice
	baton stop web-01
	baton restore blade-a
	[ "$(goes_by blade-a)" = "$FACTORY_A" ]
}

@test "its BMC is dead: a person signs for it, and the persona comes up elsewhere" {
	baton prestage web-01 blade-a
	echo > "$dir/fake/blade-a.refuse"
	baton start web-01 blade-b --no-wait
	order=$(newest_order)
	until_true "it asks for a person" order_over "$order"
	order_is "$order" stopped
	baton order show "$order" | grep "baton attest blade-a"
	baton attest blade-a "pulled both cords"
	until_true "it is over" order_over "$order"
	order_is "$order" done
	[ "$(machine blade-a) $(web_01 machine)" = "stale blade-b" ]
	rm "$dir/fake/blade-a.refuse"
	baton stop web-01
	baton restore blade-a
	[ "$(machine blade-a)" = free ]
}

@test "a prestage that is given up half-way leaves the machine as it was" {
	echo "the card is locked" > "$dir/machines/blade-a/broken"
	run baton prestage web-01 blade-a
	[ "$status" = 4 ]
	[[ $output == *"the card is locked"* ]]
	rm "$dir/machines/blade-a/broken"
	baton order undo "$(newest_order)"
	[ "$(machine blade-a) $(web_01 state)" = "free stopped" ]
	[ "$(goes_by blade-a)" = "$FACTORY_A" ]
}

@test "a BMC that sets addresses prestages without a start, and one that is not believed is not asked" {
	echo "ethernet 0000:00:03.0 $FACTORY_A $FACTORY_A" > "$dir/fake/blade-a.cards"
	chmod 666 "$dir/fake/blade-a.cards"
	before=$(starts blade-a)
	baton prestage web-01 blade-a
	[ "$(machine blade-a) $(taken blade-a)" = "prestaged bmc" ]
	[ "$(awk '{ print $4 }' "$dir/fake/blade-a.cards")" = "$persona_mac" ]
	[ "$(starts blade-a)" = "$before" ]
	baton restore blade-a
	[ "$(machine blade-a)" = free ]
	run baton start web-01 blade-a --plan
	says 0 "by its BMC while it is off, in one start"
	baton machine set blade-a --taking shim
	run baton start web-01 blade-a --plan
	says 0 "by the shim, in two starts: its BMC is not to be asked, by the word of --taking"
	baton machine add blade-c --bmc fake://blade-c --bmc-quirks no-identity --nic mac=52:54:00:cc:00:01,network=mgmt
	echo "ethernet 0000:00:03.0 52:54:00:cc:00:01 52:54:00:cc:00:01" > "$dir/fake/blade-c.cards"
	chmod 666 "$dir/fake/blade-c.cards"
	run baton start web-01 blade-c --plan
	says 0 "by the shim, in two starts: its BMC is not asked, since no-identity stands among its quirks"
}

@test "a pool's prestaged machine is taken first, and it is said why" {
	baton machine set blade-a --taking auto --pool spares
	baton machine set blade-b --pool spares
	baton prestage web-01 blade-b
	run baton start web-01 --pool spares --plan
	says 0 "blade-b" "fits, but is not prestaged, as the best one is"
	baton start web-01 --pool spares
	[ "$(web_01 machine)" = blade-b ]
	[ "$(taken blade-b)" = prestaged ]
	baton stop web-01
	nobody_twice
}
