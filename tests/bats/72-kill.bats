#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=qemu,root
# One start on a real machine, in which a hand, the edge, the file server, the broker and the warden
# are each killed once. The persona ends up running, once.

load ../lib/lab

setup_file() {
	lab_begin
}

teardown_file() {
	lab_end
}

is_there() {
	[ -n "$(pid_in_lab "$1")" ]
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

blade_said() {
	grep -q "$1" "$dir/log/blade-a"
}

runs() {
	[ "$(baton status -o json 2>/dev/null | jq -r '.personas[0].state')" = running ]
}

@test "a hand, edge, files, broker and batond killed in one start: the persona runs, once" {
	baton start web-01 blade-a --no-wait
	wait_for 20 "a hand" is_there baton-hand
	in_lab kill -9 "$(pid_in_lab baton-hand)" || true
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
	wait_for 60 "an order that is done" runs
	[ "$(times_up blade-a)" = 1 ]
	[ "$(fact blade-a mac)" = 02:ba:70:00:00:01 ]
	[ "$(baton order list -o json | jq -r '[.items[].state] | join(" ")')" = done ]
}
