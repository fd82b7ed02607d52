#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=qemu,root
# shellcheck disable=SC2154
# Never two writers (docs/design/0015), with a BMC that lies: it says off, and the machine runs on. A
# writer in each OS counts in a sector of its own; once the second has written, the first never changes.
# The tests are one story and build on each other, since a boot costs half a minute.

load ../lib/lab

FIRST=1001 SECOND=1002 # sectors before the first partition

setup_file() {
	lab_begin
}

teardown_file() {
	lab_end
}

# writer_begin BLADE SECTOR: counts there until it cannot, in the OS on that blade.
writer_begin() {
	"$lab" shell "$dir" "$1" "(i=0; while i=\$((i + 1)); printf '%511d\n' \$i | dd of=/dev/sda bs=512 seek=$2 count=1 \
		oflag=direct conv=notrunc status=none; do :; done) </dev/null >/dev/null 2>&1 &"
}

# What the disk holds there, as the target's own computer sees it.
count() {
	dd if="$dir/luns/web-01.img" bs=512 skip="$1" count=1 status=none | tr -d ' \0\n'
}

counts_on() { # SECTOR THAN
	local now
	now=$(count "$1")
	[ "${now:-0}" -gt "$2" ]
}

proved() { # KIND MACHINE
	baton proofs -o json | jq -e ".items[] | select(.kind == \"$1\" and .machine == \"$2\")" > /dev/null
}

state_of() {
	baton status -o json | jq -r ".machines[] | select(.name == \"$1\").state"
}

@test "the persona runs on blade-a and writes" {
	baton start web-01 blade-a
	wait_for 200 "the OS on blade-a" is_up_again blade-a 0
	writer_begin blade-a $FIRST
	wait_for 30 "the first writer" counts_on $FIRST 5
	[ -z "$(count $SECOND)" ]
}

@test "its BMC lies, and the persona comes up on blade-b with nobody else at its disk" {
	touch "$dir/blade-a/control.lies"
	# Fenced while it writes: from then on not one byte of it arrives.
	baton failover web-01 blade-b --no-wait
	wait_for 60 "the fence" proved storage blade-a
	wait_for 60 "the claim of blade-b" happened step-done "step=claim machine=blade-b"
	frozen=$(count $FIRST)
	wait_for 240 "the OS on blade-b" is_up_again blade-b 0
	# The old body was never off.
	! grep -q "power-off" "$dir/log/blade-a"
	[ "$(count $FIRST)" = "$frozen" ]
	writer_begin blade-b $SECOND
	wait_for 30 "the second writer" counts_on $SECOND 5
	before=$(count $SECOND)
	wait_for 30 "more of it" counts_on $SECOND $((before + 50))
	[ "$(count $FIRST)" = "$frozen" ]
	[ "$(state_of blade-a)" = stale ]
}

@test "the old body is switched on again by somebody: it gets nothing, and is switched off" {
	frozen=$(count $FIRST)
	rm "$dir/blade-a/control.lies"
	"$lab" blade "$dir" blade-a power off
	"$lab" blade "$dir" blade-a boot pxe
	"$lab" blade "$dir" blade-a power on
	wait_for 60 "it is told of and switched off" happened stale-woke "machine=blade-a persona=web-01 off=yes"
	! happened script-sent "machine=blade-a .*persona.ipxe.*generation=$(baton persona show web-01 -o json | jq .generation)"
	baton status | grep -q "machine blade-a is on again"
	[ "$(count $FIRST)" = "$frozen" ]
	before=$(count $SECOND)
	wait_for 30 "the second writer goes on" counts_on $SECOND "$before"
}
