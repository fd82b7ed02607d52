#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=qemu,root
# shellcheck disable=SC2154
# One machine on real firmware, real iPXE, real kernels and a real BMC protocol stack, and what may go
# wrong around it. The tests are one story and build on each other, since a boot costs half a minute.

load ../lib/lab

setup_file() {
	lab_begin
}

teardown_file() {
	lab_end
}

killed() { # NAME: another one takes its place
	local old
	old=$(pid_in_lab "$1")
	in_lab kill -9 "$old"
	wait_for 20 "another $1" is_another "$1" "$old"
}

is_another() {
	local now
	now=$(pid_in_lab "$1")
	[ -n "$now" ] && [ "$now" != "$2" ]
}

is_there() {
	[ -n "$(pid_in_lab "$1")" ]
}

blade_said() {
	grep -q "$1" "$dir/log/blade-a"
}

web_01() { # MEMBER of its status
	baton status -o json | jq -r ".personas[] | select(.name == \"web-01\") | .$1"
}

is_running() {
	[ "$(web_01 state)" = running ]
}

ipmi() {
	in_lab ipmitool -I lanplus -C 3 -H 127.0.0.1 -p 9001 -U baton -P "$(cat "$dir/secrets/blade-a")" "$@"
}

is_off() {
	ipmi chassis power status | grep -q "is off"
}

nvram() {
	"$lab" blade "$dir" blade-a nvram show
}

@test "hand, edge, files, broker and warden are killed in one start, and the persona runs, once" {
	baton start web-01 blade-a --no-wait
	wait_for 20 "a hand" is_there baton-hand
	in_lab kill -9 "$(pid_in_lab baton-hand)"
	wait_for 60 "power on blade-a" blade_said power-on
	killed baton-edge
	killed baton-files
	wait_for 60 "the shim on its way" happened shim-sent machine=blade-a
	killed baton-broker
	wait_for 60 "the second boot" blade_said 'firmware-start why=reset'
	in_lab kill -9 "$(cat "$dir/pid/batond")"
	in_lab sh -c 'exec /mnt/bin/batond -c /mnt/lab/baton.conf >>/mnt/lab/log/batond 2>&1 </dev/null 3>&- &
		echo $! >/mnt/lab/pid/batond'
	wait_for 200 "the OS on blade-a" is_up_again blade-a 0
	wait_for 60 "an order that is done" is_running
	[ "$(times_up blade-a)" = 1 ]
	[ "$(nvram)" = "nic 0000:00:03.0 02:ba:70:00:00:01" ]
	[ "$(baton order list -o json | jq -r '[.items[].state] | join(" ")')" = "done" ]
}

@test "the OS finds itself to be web-01, on its LUN" {
	[ "$(fact blade-a mac)" = 02:ba:70:00:00:01 ]
	[ "$(fact blade-a hostname)" = web-01 ]
	[ "$(fact blade-a initiator)" = iqn.2026-01.org.example:web-01 ]
	[[ $(fact blade-a root) == /dev/sd* ]]
	[ "$(fact blade-a ip)" = "$(baton persona show web-01 -o json | jq -r '.nics[0].address')/24" ]
	# Its own address was written down before any card was written.
	journaled=$(grep -n "baton-broker factory-journaled .*52:54:00:aa:00:01" "$dir/log/batond" | head -n 1 | cut -d: -f1)
	written=$(grep -n "baton-broker identity-written machine=blade-a" "$dir/log/batond" | head -n 1 | cut -d: -f1)
	[ "$journaled" -lt "$written" ]
}

@test "a second persona is refused while the machine carries the first" {
	baton persona add db-01 --nic network=mgmt
	run baton start db-01 blade-a
	[ "$status" = 1 ]
	[[ $output == *blade-a* ]]
	is_running
}

@test "with the broker stopped a power-cycled persona boots from the table" {
	before=$(times_up blade-a)
	in_lab kill -STOP "$(pid_in_lab baton-broker)"
	ipmi chassis power off
	wait_for 20 "blade-a is off" is_off
	ipmi chassis bootdev pxe
	ipmi chassis power on
	wait_for 180 "the OS on blade-a, again" is_up_again blade-a "$before"
	in_lab kill -CONT "$(pid_in_lab baton-broker)"
	[ "$(fact blade-a mac)" = 02:ba:70:00:00:01 ]
	baton status
}

@test "a stop gives the machine its own address back, and leaves it off" {
	baton stop web-01
	[ "$(web_01 state)" = stopped ]
	[ "$(nvram)" = "nic 0000:00:03.0 52:54:00:aa:00:01" ]
	is_off
}

@test "a plan finds the driver of its card in the initramfs on the persona's EFI system partition" {
	[ "$(baton machine show blade-a -o json | jq -r '.nics[0] | .card + " " + .driver')" = "8086:100e e1000" ]
	run baton start web-01 blade-a --plan
	echo "$output"
	[[ $output == *"its initramfs (/initrd.img) has a driver for each card of machine blade-a that it gets: e1000"* ]]
}

@test "a tool that lies is caught by the read-back: the order stops with a sentence, and is taken back" {
	"$lab" blade "$dir" blade-a lie on
	run baton start web-01 blade-a
	echo "$output"
	[ "$status" = 4 ]
	[[ $output == *"0000:00:03.0"* ]]
	[[ $output == *"order retry"* ]]
	[ "$(nvram)" = "nic 0000:00:03.0 52:54:00:aa:00:01" ]
	"$lab" blade "$dir" blade-a lie off
	baton order undo "$(baton order list -o json | jq '[.items[].id] | max')"
	[ "$(web_01 state)" = stopped ]
}
