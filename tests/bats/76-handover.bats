#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=qemu,root
# shellcheck disable=SC2154
# A machine that takes its persona by a handover (docs/design/0027): real firmware by UEFI, once; a real
# target with CHAP, a real Debian that finds its disk through the table that the shim has made.

load ../lib/lab

setup_file() {
	lab_begin
}

teardown_file() {
	lab_end
}

at() { # WORD PATTERN: when the first such event was, in ms
	baton events --since 0 -o json | jq -rs "[.[].items[] | select(.word == \"$1\" and (.text | test(\"$2\")))][0].at * 1000 | floor"
}

@test "a persona is started by a handover: one start of the firmware, its own kernel, its MAC, its LUN" {
	[ "$(baton machine show blade-b -o json | jq -r .taking)" = auto ]
	baton machine set blade-b --taking handover
	baton start web-01 blade-b
	wait_for 100 "the OS on blade-b" is_up_again blade-b 0
	up=${EPOCHREALTIME/[.,]/}
	echo "# handover on blade-b: $((up / 1000 - $(at step-done net-start))) ms from power on to the OS" >&3
	[ "$(grep -c firmware-start "$dir/log/blade-b")" = 1 ]
	[ "$(fact blade-b mac)" = 02:ba:70:00:00:01 ]
	[ "$(fact blade-b firmware)" = uefi ]
	[ "$(fact blade-b initiator)" = iqn.2026-01.org.example:web-01 ]
	[[ $(fact blade-b root) == /dev/sd* ]]
	[ "$(fact blade-b ip)" = "$(baton persona show web-01 -o json | jq -r '.nics[0].address')/24" ]
	# What the disk's own loader says, and the table.
	"$lab" shell "$dir" blade-b 'cat /proc/cmdline /sys/firmware/ibft/acpi_header/oem_id' >"$dir/said"
	grep -E '^root=LABEL=persona .*nowatchdog panic=30' "$dir/said"
	grep -o 'baton.uuid=[^ ]*' "$dir/said" | grep -x "baton.uuid=$(baton persona show web-01 -o json | jq -r .uuid)"
	grep BATON "$dir/said"
	"$lab" shell "$dir" blade-b 'ls /baton /etc/udev/rules.d/70-baton.rules 2>&1' | grep -c 'No such file' | grep -x 2
}

@test "the disk is given out when nobody else can write to it, to the shim, and no secret is told anywhere else" {
	[ "$(at step-done look-again)" -le "$(at handover-sent blade-b)" ]
	[ "$(at step-done arm-next)" -le "$(at handover-sent blade-b)" ]
	happened step-said 'step=handover what=starts%20/vmlinuz%20of%20partition%201'
	! happened script-sent script=persona.ipxe
	"$lab" shell "$dir" blade-b 'cat /sys/firmware/ibft/target0/chap-secret' | grep -v -e READY -e DONE | tr -d '\r\n' >"$dir/secret"
	[ "$(wc -c <"$dir/secret")" -ge 12 ]
	! grep -rqF -f "$dir/secret" "$dir/log" "$dir"/blade-b/console.log
	baton order list -o json | jq -e '[.items[].state] == ["done"]'
}
