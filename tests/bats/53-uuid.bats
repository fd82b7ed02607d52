#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC2154,SC2034
# UUIDs and serials of personas (docs/design/0030): real processes, a fake BMC that lets both be set, a fake target.
# blade-a has such a BMC, blade-b has not. The tests are one story and build on each other.

load ../lib/site
load ../lib/redfish-sim

TARGET=iqn.2026-01.org.example:disk.web-01

setup_file() {
	. tests/lib/site.bash
	site_make
	site_start
	baton pool add serials --serial BTN-
	echo "$UUID_A CZ-A" > "$dir/fake/blade-a.system"
	chmod 666 "$dir/fake/blade-a.system"
	site_fenced $TARGET
	web=$(baton persona show web-01 -o json | jq -r .uuid)
	export dir ns B persona_mac web
}

teardown_file() { site_drop; }
teardown() { redfish_sim_stop; }

board() { cat "$dir/fake/blade-a.system"; }
of() { baton machine show blade-a -o json | jq -r ".$1"; }
newest_order() { baton order list -o json | jq '[.items[].id] | max'; }
says() {
	local words
	[ "$status" = "$1" ] || { echo "exit $status, want $1: $output"; return 1; }
	for words in "${@:2}"; do
		[[ $output == *"$words"* ]] || { echo "no \"$words\" in: $output"; return 1; }
	done
}
# check MACHINE WORD: the sentences that the pre-flight of a start there has for it.
check() { baton start web-01 "$1" --plan -o json | jq -r '.checks[] | select(.check == "uuid-serial") | "\(.finding) \(.why)"'; }

@test "a persona has a UUID of its own and a serial from the pool; what is another's or no good is refused" {
	[[ $web =~ ^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$ ]]
	[ "$(baton persona show web-01 -o json | jq -r .serial)" = BTN-000001 ]
	baton persona show web-01 | grep -q "serial *BTN-000001"
	run baton persona add web-02 --nic network=mgmt --uuid "$web"
	says 1 "UUID $web belongs to persona web-01"
	run baton persona add web-02 --nic network=mgmt --uuid $UUID_A
	says 1 "UUID $UUID_A is that of machine blade-a, which is known by it"
	run baton persona add web-02 --nic network=mgmt --uuid 1234
	says 1 "\"uuid\": \"1234\": want one that is this persona's alone"
	run baton persona add web-02 --nic network=mgmt --serial "two words"
	says 1 "\"serial\": want 1 to 63 of letters, digits and"
	run baton persona add web-02 --nic network=mgmt --serial BTN-000001
	says 1 "serial BTN-000001 belongs to persona web-01"
	run baton machine set blade-b --uuid "$web"
	says 1 "UUID $web belongs to persona web-01"
	run baton pool add more --serial "a b"
	says 1 "\"prefix\": want the start of a serial"
	run baton pool rm serials
	says 1 "persona web-01 has BTN-000001 of it"
	baton persona add web-02 --nic network=mgmt --uuid 6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204 --serial X/1
	[ "$(baton persona show web-02 -o json | jq -r '"\(.uuid) \(.serial)"')" = "6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204 X/1" ]
	baton persona rm web-02
}

@test "the pre-flight says which: the BMC, or what to add to the kernel's line, and why it is not carried" {
	run check blade-a
	echo "$output"
	[[ ${lines[0]} == "unknown UUID: "*"baton.uuid=$web"*"(not carried: no relay port is on record of its NIC,"* ]]
	[ "${lines[1]}" = "ok serial: the machine's BMC sets it, and gives it back" ]
	run check blade-b
	[[ ${lines[0]} == "unknown UUID: "*"(not carried: its BMC does not say that it sets it,"* ]]
	[[ ${lines[1]} == "unknown serial: "*"baton.serial=BTN-000001"* ]]
	baton machine set blade-b --taking handover
	run check blade-b
	[[ ${lines[0]} == "ok UUID: the handover tells its kernel (baton.uuid=)"* ]]
	baton machine set blade-b --taking auto
}

@test "the BMC sets the serial before the start, and gives the machine's own back at the stop" {
	baton start web-01 blade-a
	[ "$(board)" = "$UUID_A BTN-000001" ]
	[ "$(of serial) $(of carried_serial) $(of carried_uuid)" = "CZ-A BTN-000001 " ]
	baton events --order "$(newest_order)" | grep -q "smbios-set.*whose=persona by=bmc"
	baton stop web-01
	[ "$(board)" = "$UUID_A CZ-A" ]
	[ "$(of carried_serial)" = "" ]
	baton events --order "$(newest_order)" | grep -q "smbios-set.*whose=machine by=bmc"
}

@test "the UUID is carried where a relay port is on record; who asks with it from nowhere gets no answer, and it is given back" {
	baton machine set blade-a --nic mac=$FACTORY_A,circuit=Gi1/0/7
	run check blade-a
	[ "${lines[0]}" = "ok UUID: the machine's BMC sets it, and gives it back" ]
	baton start web-01 blade-a --no-wait
	order=$(newest_order)
	# By its own address it is itself, with the persona's UUID; the shim's report is taken.
	until_true "the shim has written" in_log "identity-written.*machine=blade-a.*new=$persona_mac" 2
	[ "$(board)" = "$web BTN-000001" ]
	[ "$(of carried_uuid)" = "$web" ]
	# Nothing tells it from a machine that had the persona before: this wire has no relay.
	until_true "it gets no answer" in_log "dhcp-silent mac=$persona_mac why=no-relay-port .*uuid=$web"
	! grep -q "os: web-01.*generation 2" "$dir/machines/blade-a/screen"
	baton order undo "$order"
	[ "$(board)" = "$UUID_A CZ-A" ]
	[ "$(of carried_uuid)$(of carried_serial)" = "" ]
	baton machine set blade-a --nic mac=$FACTORY_A,circuit=none
}

@test "a BMC that takes a serial and reverts it: the persona runs all the same, and an event says so" {
	echo system > "$dir/fake/blade-a.revert"
	baton start web-01 blade-a
	order=$(newest_order)
	baton events --order "$order" | grep -q "smbios-not-set.*it took that and shows"
	[ "$(board)" = "$UUID_A CZ-A" ]
	rm "$dir/fake/blade-a.revert"
	baton restart web-01
	[ "$(board)" = "$UUID_A BTN-000001" ]
}

@test "a failover leaves it with the persona's serial, and the restore gives its own back" {
	baton failover web-01 blade-b
	[ "$(board)" = "$UUID_A BTN-000001" ]
	[ "$(of serial)" = CZ-A ]
	baton stop web-01
	baton restore blade-a
	[ "$(board)" = "$UUID_A CZ-A" ]
	[ "$(of carried_serial)" = "" ]
}

@test "a BMC that refuses to give the machine's own back: the stop says so and waits" {
	baton start web-01 blade-a
	echo system > "$dir/fake/blade-a.refuse"
	run baton stop web-01
	says 4 "it refused system"
	rm "$dir/fake/blade-a.refuse"
	baton order retry "$(newest_order)"
	[ "$(board)" = "$UUID_A CZ-A" ]
}

@test "bmc_redfish keeps the contract of UUID and serial against a BMC that lets both be set" {
	bin=$B
	redfish_sim_start "$dir/whitebox" 127.77.53.9:0 "$dir/fake/box" --vendor whitebox
	export BATON_TEST_BMC="redfish 127.77.53.9 $redfish_sim_port baton s3cret-word" BATON_TEST_MACHINE="$dir/fake/box"
	run "$B/tests/unit/bmc_card_contract_test"
	echo "$output"
	[ "$status" -eq 0 ]
	redfish_sim_start "$dir/standard" 127.77.53.9:0 "$dir/fake/box2"
	[ "$(curl -sk --max-time 10 -u baton:s3cret-word -X PATCH -H 'Content-Type: application/json' -d '{"SerialNumber":"X"}' \
		"https://127.77.53.9:$redfish_sim_port/redfish/v1/Systems/1" -o /dev/null -w '%{http_code}')" = 400 ]
}
