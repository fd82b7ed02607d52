#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC2154
# New servers are found and shown: real processes, a machine that nobody has added boots from the network.

load ../lib/site

setup_file() {
	. tests/lib/site.bash
	site_make
	site_start
	site_nets
	export dir ns B
}

teardown_file() { site_drop; }

NEW_UUID=11111111-2222-3333-4444-cccccccccccc
asked() { baton stranger list -o json | jq -e --arg mac "$1" '.items[] | select(.mac == $mac)' > "$BATS_TEST_TMPDIR/asked"; }

@test "nobody has asked yet: the list says what it would show" {
	run baton stranger list
	[ "$status" = 0 ]
	[[ $output == "Nobody has asked lately"* ]]
}

@test "a server that nobody knows boots from the network, and is listed with what to type" {
	echo $NEW_UUID > "$dir/new.uuid"
	machine_plug new 52:54:00:cc:00:01
	power_cycle new
	until_true "it has asked" asked 52:54:00:cc:00:01
	jq -e --arg uuid $NEW_UUID '.network == "mgmt" and .uuid == $uuid and .firmware == "BIOS" and .times >= 1' "$BATS_TEST_TMPDIR/asked"
	run baton stranger list
	echo "$output"
	[[ $output == *52:54:00:cc:00:01*mgmt*BIOS* ]]
	[[ $output == *"baton machine add NAME --bmc KIND://USER@HOST --bmc-secret FILE --uuid $NEW_UUID --nic mac=52:54:00:cc:00:01,network=mgmt"* ]]
}

@test "what it says to type works, and then it is no stranger" {
	add=$(baton stranger list | sed -n 's/^ *baton \(machine add .*\)/\1/p')
	add=${add/NAME/blade-n} add=${add/KIND:\/\/USER@HOST --bmc-secret FILE/fake://new}
	# shellcheck disable=SC2086
	baton $add
	! asked 52:54:00:cc:00:01
	[ "$(baton stranger list -o json | jq '.items | length')" = 0 ]
}
