#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=qemu,root
# shellcheck disable=SC2154
# Machines whose BMC sets their addresses while they are off (docs/design/0028): real firmware by BIOS and by UEFI, once
# each; BMCs by Redfish with a pinned certificate; a real target with CHAP, a real Debian. The tests are one story.

load ../lib/lab

MINE=02:ba:70:00:00:01

setup_file() {
	export LAB_BMC=sim
	lab_begin
}

teardown_file() {
	lab_end
}

nvram() { # BLADE PCI: what the card goes by
	"$lab" blade "$dir" "$1" nvram show | sed -n "s/^nic $2 //p"
}

starts() { # BLADE
	grep -c firmware-start "$dir/log/$1" || true
}

never_happened() { # WORD PATTERN
	! happened "$@"
}

# came_up BLADE: by one start of its firmware and no shim, as web-01.
came_up() {
	wait_for 300 "the OS on $1" is_up_again "$1" 0
	[ "$(starts "$1")" = 1 ]
	[ "$(fact "$1" mac)" = $MINE ]
	[ "$(fact "$1" hostname)" = web-01 ]
	[ "$(fact "$1" initiator)" = iqn.2026-01.org.example:web-01 ]
	[[ $(fact "$1" root) == /dev/sd* ]]
	[ "$(fact "$1" ip)" = "$(baton persona show web-01 -o json | jq -r '.nics[0].address')/24" ]
}

@test "BIOS: its BMC gives the card the persona's address while it is off, and the one start boots the persona's disk" {
	[ "$(baton machine show blade-a -o json | jq -r .bmc.kind)" = redfish ]
	[ "$(baton machine show blade-a -o json | jq -r .bmc.pin)" = "sha256:$(sed -n 's/.*sha256=//p' "$dir/log/blade-a.bmc")" ]
	baton start web-01 blade-a --plan | grep "by its BMC while it is off, in one start"
	baton start web-01 blade-a
	came_up blade-a
	[ "$(fact blade-a firmware)" = bios ]
	[ "$(nvram blade-a 0000:00:03.0)" = $MINE ]
	happened identity-written "old=52:54:00:aa:00:01 new=$MINE by=bmc"
	# Set before it was powered, and never by itself.
	awk '/nvram-set .*mac='$MINE'/ { set = NR } /power-on/ { on = NR } END { exit !(set && set < on) }' "$dir/log/blade-a"
	[ "$(grep -c nvram-write "$dir/log/blade-a")" = 0 ]
	never_happened script-sent script=shim.ipxe
	never_happened bmc-trusted .
}

@test "a move to UEFI that boots by a NIC which keeps its own address: the old body need not start to lose the persona's" {
	baton move web-01 blade-b
	[ "$(starts blade-a)" = 1 ]
	happened identity-written "machine=blade-a .*new=52:54:00:aa:00:01 by=bmc"
	came_up blade-b
	[ "$(fact blade-b firmware)" = uefi ]
	[ "$(nvram blade-b 0000:00:03.0)" = 52:54:00:bb:00:01 ]
	[ "$(nvram blade-b 0000:00:04.0)" = $MINE ]
	never_happened script-sent script=shim.ipxe
}

# A card takes what its BMC was told at its next start, as real ones do: so it is switched on for that.
has_its_own_again() { # BLADE PORT PCI MAC
	[ "$(starts "$1")" = 1 ]
	[ "$("$lab" blade "$dir" "$1" power status)" = "power off" ]
	in_lab ipmitool -I lanplus -C 17 -H 127.0.0.1 -p "$2" -U baton -P "$(<"$dir/secrets/$1")" power on
	[ "$(nvram "$1" "$3")" = "$4" ]
	"$lab" blade "$dir" "$1" power off
}

@test "a stop: both bodies have their own addresses back, and were not started for it" {
	baton stop web-01
	has_its_own_again blade-a 9001 0000:00:03.0 52:54:00:aa:00:01
	has_its_own_again blade-b 9002 0000:00:04.0 52:54:00:bb:00:02
	baton order list -o json | jq -e '[.items[].state] | unique == ["done"]'
}
