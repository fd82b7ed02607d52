#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=qemu,root
# A real machine boots the shim, takes the persona's address, boots the persona's disk; and does so
# again from the table while the broker is stopped.

load ../lib/lab

setup_file() {
	lab_begin
}

teardown_file() {
	lab_end
}

@test "blade-a boots twice and is web-01" {
	baton start web-01 blade-a
	wait_for 120 "the OS on blade-a" is_up_again blade-a 0
	[ "$(fact blade-a mac)" = 02:ba:70:00:00:01 ]
	[ "$(fact blade-a hostname)" = web-01 ]
	[ "$(fact blade-a initiator)" = iqn.2026-01.org.example:web-01 ]
	[ "$(fact blade-a root)" = /dev/sda2 ]
	[ "$(fact blade-a ip)" = "$(baton persona show web-01 -o json | jq -r '.nics[0].address')/24" ]
	[ "$("$lab" blade "$dir" blade-a nvram show)" = "nic 0000:00:03.0 02:ba:70:00:00:01" ]
	[ "$(baton status -o json | jq -r '.personas[0].state')" = running ]
}

@test "a second persona is refused while blade-a carries the first" {
	baton persona add db-01 --nic network=mgmt
	run baton start db-01 blade-a
	[ "$status" = 1 ]
	[[ $output == *blade-a* ]]
	[ "$(baton status -o json | jq -r '.personas[] | select(.name == "web-01").state')" = running ]
}

@test "with the broker stopped a power-cycled persona boots from the table" {
	broker=$(pid_in_lab baton-broker)
	in_lab kill -STOP "$broker"
	before=$(times_up blade-a)
	"$lab" blade "$dir" blade-a power off
	"$lab" blade "$dir" blade-a boot pxe
	"$lab" blade "$dir" blade-a power on
	wait_for 120 "the OS on blade-a, again" is_up_again blade-a "$before"
	in_lab kill -CONT "$broker"
	[ "$(fact blade-a mac)" = 02:ba:70:00:00:01 ]
	baton status
}
