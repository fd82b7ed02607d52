#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=qemu,root
# The story of `make run`: from a machine with BIOS and an Intel processor to one with UEFI, an AMD
# processor and other NICs. What the OS is stays; what its body is changes.

load ../lib/lab

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	make -s persona 3>&-
	export LAB_DIR=$BATS_FILE_TMPDIR/lab
	LAB_BIN=$(realpath "${B:-build/dev}") RUN_ONCE=1 tests/lab/run.sh >"$BATS_FILE_TMPDIR/story" 2>&1 3>&- ||
		{ cat "$BATS_FILE_TMPDIR/story"; return 1; }
	story=$BATS_FILE_TMPDIR/story
	dir=$LAB_DIR
	export story dir
}

same() {
	left=$(sed -n "s/^$1=//p" "$dir/facts-a")
	[ -n "$left" ] && [ "$left" = "$(sed -n "s/^$1=//p" "$dir/facts-b")" ]
}

@test "MAC, address, host name, initiator name and machine-id stay the same" {
	same mac
	same ip
	same hostname
	same initiator
	same machine-id
}

@test "a file written and synced before the move is there after it" {
	grep -E '^marker +\(written before the move\) note-.* same$' "$story"
}

@test "processor, firmware and NIC are another machine's" {
	! same cpu
	! same firmware
	! same driver
	! same uuid
}

@test "blade-a has its factory address back, blade-b has the persona's" {
	[ "$(cat "$dir/blade-a/nvram")" = "nic 0000:00:03.0 52:54:00:aa:00:01" ]
	[ "$(cat "$dir/blade-b/nvram")" = "nic 0000:00:03.0 52:54:00:bb:00:01
nic 0000:00:04.0 02:ba:70:00:00:01" ]
}

@test "the old body has its own address back before the new one is powered" {
	restored=$(grep -n '02:ba:70:00:00:01 -> 52:54:00:aa:00:01' "$story" | cut -d: -f1)
	powered=$(grep -n 'blade-b .*power on' "$story" | cut -d: -f1)
	[ "$restored" -lt "$powered" ]
}

@test "the story names power, DHCP, loader, script, shim, addresses, reboot, LUN and OS" {
	for word in 'power on' 'DHCP: firmware' 'loader: snponly.efi' 'script: shim.ipxe' 'shim: kernel' \
		'52:54:00:bb:00:02 -> 02:ba:70:00:00:01' 'reboot' 'script: persona.ipxe' 'LUN: ' 'OS up'; do
		grep -F -- "$word" "$story"
	done
}
