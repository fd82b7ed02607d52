#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC2154,SC2034
# Personas whose disk is reached by Fibre Channel (docs/design/0029): real processes, machines whose HBAs are a file of
# the player's. blade-a's BMC sets its cards, blade-b's HBAs are written by the shim. The tests are one story.

load ../lib/site

A0=10:00:00:00:c9:00:0a:00 A1=10:00:00:00:c9:00:0a:01 AN=20:00:00:00:c9:00:0a:00
B0=10:00:00:00:c9:00:0b:00 B1=10:00:00:00:c9:00:0b:01 BN=20:00:00:00:c9:00:0b:00
T0=50:00:09:72:00:00:00:01 T1=50:00:09:72:00:00:00:02
P0=20:00:02:ba:70:00:00:01 P1=20:00:02:ba:70:00:00:02 PN=20:00:02:ba:70:00:00:03

setup_file() {
	. tests/lib/site.bash
	site_make
	site_start
	site_nets
	echo $UUID_A > "$dir/blade-a.uuid"
	echo $UUID_B > "$dir/blade-b.uuid"
	machine_plug blade-a $FACTORY_A
	machine_plug blade-b $FACTORY_B
	printf '%s\n' "ethernet 0000:00:03.0 $FACTORY_A $FACTORY_A" "fc 0000:00:05.0 $A0 $AN $A0 $AN" \
		"fc 0000:00:06.0 $A1 $AN $A1 $AN" > "$dir/fake/blade-a.cards"
	chmod 666 "$dir/fake/blade-a.cards"
	printf '%s\n' "0000:00:05.0 $B0 $BN $B0 $BN" "0000:00:06.0 $B1 $BN $B1 $BN" > "$dir/machines/blade-b/hbas"
	export dir ns B
}

teardown_file() { site_drop; }

bmc_hbas() { sed -n 's/^fc [^ ]* [^ ]* [^ ]* //p' "$dir/fake/blade-a.cards"; }
own_hbas() { cut -d' ' -f4- "$dir/machines/blade-b/hbas"; }
as_made() { printf '%s\n' "$2 $1" "$3 $1"; }
as_persona() { printf '%s\n' "$P0 $PN $T0/3 $T1/3" "$P1 $PN $T1/3 $T0/4"; }
machine() { baton status -o json | jq -r ".machines[] | select(.name == \"$1\") | .state"; }
on() { baton status -o json | jq -r '.personas[] | select(.name == "fc-01") | .machine'; }
newest_order() { baton order list -o json | jq '[.items[].id] | max'; }
says() {
	local words
	[ "$status" = "$1" ] || { echo "exit $status, want $1: $output"; return 1; }
	for words in "${@:2}"; do
		[[ $output == *"$words"* ]] || { echo "no \"$words\" in: $output"; return 1; }
	done
}
add_a() { baton machine add blade-a --bmc fake://blade-a --uuid $UUID_A --nic mac=$FACTORY_A,network=mgmt "$@"; }

@test "a pool of WWNs, machines with HBAs, a persona with two and two targets each; what makes no sense is one sentence" {
	run baton persona add fc-01 --nic network=mgmt --hba target=$T0/3
	says 1 "there is no pool of WWNs; \`baton pool add\` makes one, or write the WWN out"
	run baton pool add wwns --wwn 10:00:00:00:c9:00:00:01-10:00:00:00:c9:00:00:ff
	says 1 "with a locally administered number in them: 20:00:02:ba"
	run baton pool add wwns --wwn 20:00:02:ba:70:00:00:01
	says 2 "want two WWNs, as in 20:00:02:ba:70:00:00:01-20:00:02:ba:70:00:ff:ff"
	baton pool add wwns --wwn 20:00:02:ba:70:00:00:01-20:00:02:ba:70:00:00:ff
	run add_a --hba wwpn=$A0
	says 2 "wwnn=WWNN is missing"
	run add_a --hba wwpn=20:00,wwnn=$AN
	says 1 "\"20:00\" is no WWN; want eight bytes"
	run add_a --hba wwpn=00:00:00:00:00:00:00:00,wwnn=$AN
	says 1 "is no name that a port may have: it is zero"
	run add_a --hba wwpn=20:00:01:00:5e:00:00:01,wwnn=$AN
	says 1 "it is a group's"
	run add_a --hba wwpn=60:00:01:00:5e:00:00:01,wwnn=$AN
	says 1 "its first digit is none that ports have: 1, 2, 3, 5, c to f"
	run add_a --hba wwpn=$A0,wwnn=$AN --hba wwpn=$A0,wwnn=$AN
	says 1 "WWPN $A0 is written twice"
	add_a --hba wwpn=$A0,wwnn=$AN,pci=0000:00:05.0 --hba wwpn=$A1,wwnn=$AN,pci=0000:00:06.0
	baton machine add blade-b --bmc fake://blade-b --uuid $UUID_B --nic mac=$FACTORY_B,network=mgmt \
		--hba wwpn=$B0,wwnn=$BN --hba wwpn=$B1,wwnn=$BN
	run baton machine show blade-a
	says 0 "hbas" "$A0" "$AN" "0000:00:06.0"
	run baton persona add fc-01 --nic network=mgmt --hba target=$T0
	says 1 "want the WWPN of a port of the storage and the LUN there, decimal"
	run baton persona add fc-01 --nic network=mgmt --hba wwpn=$A0,target=$T0/3
	says 1 "WWN $A0 belongs to machine blade-a"
	run baton persona add fc-01 --nic network=mgmt --target iqn.2026-01.org.example:d --lun 1 --portal $SITE_ADDR:3260 --hba target=$T0/3
	says 1 "has a target to boot from, and iqn.2026-01.org.example:d is one by iSCSI: want one of them"
	run baton persona add fc-01 --san tgt --nic network=mgmt --hba target=$T0/3
	says 1 "want fc, or leave it out"
	baton persona add fc-01 --nic network=mgmt,address=10.88.0.50 --hba target=$T0/3,target=$T1/3 --hba target=$T1/3,target=$T0/4
	run baton persona show fc-01
	says 0 "$P0" "$P1" "$PN" "$T0/3 $T1/3" "$T1/3 $T0/4"
	[ "$(baton persona show fc-01 -o json | jq -r .san)" = fc ]
	run baton pool list
	says 0 "wwns" "wwn" "255"
}

@test "the plan says what fences it, who will see the disk, and how each machine takes the names" {
	run baton start fc-01 blade-a --plan
	says 0 "by its BMC while it is off, in one start" "Fibre Channel knows no secret" "no person can sign for it" \
		"Baton has no Fibre Channel itself" "it has an HBA for each of fc-01"
	run baton start fc-01 blade-b --plan
	says 0 "by the shim, in two starts"
	baton machine add blade-c --bmc fake://blade-c --nic mac=52:54:00:cc:00:01,network=mgmt
	run baton start fc-01 blade-c
	says 1 "machine blade-c has no HBA left that carries HBA 0"
}

@test "by its BMC: names and targets are set while it is off, and its one start leaves the network boot for the HBA" {
	baton start fc-01 blade-a
	diff <(bmc_hbas) <(as_persona)
	grep -q "hba: $P0 boots from $T0/3" "$dir/machines/blade-a/screen"
	in_log "script-sent .*script=persona-fc.ipxe"
	! grep -q "shim:" "$dir/machines/blade-a/screen"
	baton events --order "$(newest_order)" | grep -q "identity-written.*old=$A1 new=$P1 by=bmc"
	grep -q "^echo Baton: HBA $P1 boots from target $T0, LUN 4$" "$dir/machines/blade-a/script"
}

@test "a shim whose tool wrote no targets is not believed, and the persona goes back" {
	touch "$dir/machines/blade-b/hba-lie"
	run baton move fc-01 blade-b
	says 4 "the HBA at 0000:00:05.0 reads back 0 boot targets that are not the 2 wanted; tool lab did not write them"
	until_true "the persona is back" [ "$(on)" = blade-a ]
	rm "$dir/machines/blade-b/hba-lie"
	diff <(bmc_hbas) <(as_persona)
	[ "$(machine blade-b)" = stale ]
}

@test "a move to a machine whose HBAs the shim writes: the old one has its maker's names back and no targets" {
	baton stop fc-01
	diff <(bmc_hbas) <(as_made $AN $A0 $A1)
	baton restore blade-b
	diff <(own_hbas) <(as_made $BN $B0 $B1)
	baton start fc-01 blade-a
	baton move fc-01 blade-b
	diff <(own_hbas) <(as_persona)
	diff <(bmc_hbas) <(as_made $AN $A0 $A1)
	in_log "factory-journaled machine=blade-b pci=0000:00:05.0 factory=$B0 seen=yes"
	in_log "identity-written machine=blade-b pci=0000:00:06.0 old=$B1 new=$P1"
	grep -q "hba: $P0 boots from $T0/3" "$dir/machines/blade-b/screen"
}

@test "a failover asks for power off or shut ports, takes no person's word, and says why" {
	echo > "$dir/fake/blade-b.refuse"
	run baton failover fc-01 blade-a
	says 4 "then: baton order retry"
	[[ $output != *"baton attest"* ]]
	run baton attest blade-b "pulled both cords"
	says 1 "nobody can attest for it: the LUNs of fc-01 are reached by Fibre Channel, which knows no secret"
	# Its Ethernet port alone does not keep it from the LUNs.
	baton machine set blade-b --nic mac=$FACTORY_B,port=fake://sw/b
	run baton order retry "$(newest_order)"
	says 4 "HBA $B0 of blade-b has no switch port on record"
	run baton machine set blade-b --hba wwpn=$A0,port=fake://fabric-a/b
	says 1 "machine blade-b has no HBA with the factory WWPN $A0"
	baton machine set blade-b --hba wwpn=$B0,port=fake://fabric-a/b --hba wwpn=$B1,port=fake://fabric-b/b
	baton order retry "$(newest_order)"
	[ "$(on)" = blade-a ]
	run baton proofs
	says 0 "shut, and read back so: fake://fabric-a/b fake://fabric-b/b fake://sw/b"
	rm "$dir/fake/blade-b.refuse"
	diff <(bmc_hbas) <(as_persona)
	[ "$(machine blade-b)" = stale ]
}

@test "the machine that was left is restored once the persona is down" {
	run baton restore blade-b
	says 1 "holds the addresses of persona fc-01"
	baton stop fc-01
	baton restore blade-b
	diff <(own_hbas) <(as_made $BN $B0 $B1)
	diff <(bmc_hbas) <(as_made $AN $A0 $A1)
	[ "$(machine blade-b)" = free ]
}

@test "an HBA whose WWPN only a tool can tell is known by its place, and one that is not there is named" {
	touch "$dir/machines/blade-b/hba-mute"
	baton start fc-01 blade-b
	diff <(own_hbas) <(as_persona)
	baton stop fc-01
	baton machine rm blade-b
	baton machine add blade-b --bmc fake://blade-b --uuid $UUID_B --nic mac=$FACTORY_B,network=mgmt \
		--hba wwpn=$B0,wwnn=$BN --hba wwpn=$B1,wwnn=$BN
	run baton start fc-01 blade-b
	says 4 "the shim found no HBA $B0; where only a tool can tell its WWPN, want its PCI address with the machine"
}
