#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=qemu,root
# shellcheck disable=SC2154
# A blade is killed under a running persona, and nobody types anything: the target misses its session,
# its BMC says off, and the persona's OS comes up on the spare (docs/design/0019). Real machines.

load ../lib/lab

setup_file() {
	lab_begin
}

teardown_file() {
	lab_end
}

event_at() { # WORD PATTERN: when the first such event was, in seconds
	baton events --since 0 -o json | jq -rs "[.[].items[] | select(.word == \"$1\" and (.text | test(\"$2\")))][0].at // empty"
}

signs() {
	[ "$(baton health -o json | jq -r '.items[0] | .power + " " + .session')" = "$1" ]
}

is_well() {
	[ "$(baton status -o json | jq -r '.personas[] | select(.name == "web-01") | .health')" = well ]
}

@test "the persona runs on blade-a, and is watched: it is well" {
	baton start web-01 blade-a
	wait_for 200 "the OS on blade-a" is_up_again blade-a 0
	baton policy web-01 --on-failure failover --on-power-off failover --spares spares
	wait_for 30 "it is well" is_well
	wait_for 30 "power is on and the session there" signs "on there"
}

@test "blade-a is killed: its OS is up on blade-b, and nobody has typed anything" {
	body=$(pid_in_lab qemu-system-x86)
	killed=$EPOCHREALTIME
	in_lab kill -9 "$body"
	wait_for 90 "the signs agree" happened order-begun "order=2 failover persona=web-01 from=blade-a to=blade-b who=baton"
	wait_for 60 "power on at blade-b" happened step-done "step=net-start machine=blade-b"
	wait_for 240 "the OS on blade-b" is_up_again blade-b 0
	up=$EPOCHREALTIME
	[ "$(fact blade-b hostname)" = web-01 ]
	agreed=$(event_at order-begun "order=2 ")
	accepted=$(event_at step-done "step=net-start machine=blade-b")
	awk -v k="$killed" -v s="$agreed" -v p="$accepted" -v u="$up" 'BEGIN {
		printf "# detection %.1f s, the broker until power on %.1f s, boots %.1f s\n", s - k, p - s, u - p
		exit !(p - s < 5) }' >&3
	[ "$(baton order show 2 -o json | jq -r .cause | cut -c 1-4)" = "off:" ]
	wait_for 60 "it is well" is_well
}
