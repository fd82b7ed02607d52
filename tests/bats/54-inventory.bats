#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC1091,SC2030,SC2031,SC2154
# What machines are made of (docs/design/0031): told by the shim at a boot and by a BMC when a person asks; and which
# persona fits which machine. On one site with all the real programs, its machines' BMCs the fake and the simulator.
# The tests are one story and build on each other.

load ../lib/site

setup_file() {
	. tests/lib/site.bash
	site_make
	export dir ns B
	site_start
	site_fill > /dev/null
	echo '"disks":[{"name":"nvme0n1","kind":"nvme","model":"KXG60","serial":"S-A1","firmware":"AGXA","bytes":1024209543168}]' \
		> "$dir/machines/blade-a/traits"
	# Of what is strange the rest is taken, and the boot goes on.
	echo '"disks":[7,{"kind":"nvme"},{"name":"sda","kind":"drum","model":" \u0007SSD\" ","bytes":"many"},{"name":"sdb","bytes":-4}]' \
		> "$dir/machines/blade-b/traits"
}

teardown_file() {
	[ ! -e "$dir/sim.pid" ] || kill "$(<"$dir/sim.pid")" 2> /dev/null || true
	site_drop
}

# says CODE WORDS...: what `run` ran ended so and said each of these.
says() {
	local words
	[ "$status" = "$1" ] || { echo "exit $status, want $1: $output"; return 1; }
	for words in "${@:2}"; do
		[[ $output == *"$words"* ]] || { echo "no \"$words\" in: $output"; return 1; }
	done
}

# line WORDS...: one line of $output has all of these.
line() {
	local found=$output words
	for words; do found=$(grep -F -- "$words" <<< "$found"); done
	[ -n "$found" ] || { echo "no line with: $* in: $output"; return 1; }
}

parts_of() { baton inventory "$1" -o json | jq -c "[.items[] | $2]"; }

# sim MAKER: blade-r's BMC, anew
sim() {
	[ ! -e "$dir/sim.pid" ] || kill "$(<"$dir/sim.pid")" 2> /dev/null || true
	printf 's3cret-word\n' > "$dir/sim.secret"
	rm -rf "$dir/sim-memory"
	ip netns exec "$ns" "$B/baton-sim" bmc --dir "$dir/sim-memory" --user baton --secret-file "$dir/sim.secret" \
		--redfish $SITE_ADDR:8443 --machine "$dir/fake/blade-r" --vendor "$1" > "$dir/sim.out" 2>&1 3>&- &
	echo $! > "$dir/sim.pid"
	until_true "the simulator is ready" grep -qx ready "$dir/sim.out"
	pin=sha256:$(sed -n 's/.*sha256=//p' "$dir/sim.out")
}

@test "nothing is known of a machine that has told nothing, and it is said how it would" {
	run baton inventory
	says 0 "baton machine inspect NAME"
	[ "$(baton inventory -o json)" = '{"items":[]}' ]
	run baton machine show blade-a
	says 0 "blade-a"
	[[ $output != *components* ]]
	baton machine show blade-a -o json | jq -e '.inventory == {"shim_seen":0,"bmc_seen":0,"components":[]}'
	run baton inventory nobody
	says 1 "machine nobody"
	run baton inventory 'a&b'
	says 2 "is no machine's name"
}

@test "a machine that boots by the shim tells of its disks and its NICs" {
	baton start web-01 blade-a
	run baton machine show blade-a
	says 0 "components, told by the shim"
	line nvme nvme0n1 KXG60 AGXA "1.02 TB" S-A1
	line nic 0000:00:03.0 "1af4:1000 virtio_net" $FACTORY_A
	[ "$(parts_of blade-a '[.machine,.kind,.by,.bytes]')" = \
		'[["blade-a","disk","shim",1024209543168],["blade-a","nic","shim",0]]' ]
}

@test "what is strange in a report is passed over, and the machine boots all the same" {
	baton move web-01 blade-b
	[ "$(parts_of blade-b 'select(.kind == "disk") | [.slot,.bus,.model,.bytes]')" = '[["sda","","?SSD?",0]]' ]
	baton move web-01 blade-a
}

@test "a BMC tells when a person asks; what both have told of is one, and each teller's words are a whole" {
	printf '%s\n' 'disk|Bay 0|nvme|KXG60|S-A1|AGXA4103|1024209543168|failure predicted' 'bios|||Blade 3||2.1|0|' \
		> "$dir/fake/blade-a.components"
	run baton machine inspect blade-a
	says 0 "machine blade-a: 3 components are known" "told by the shim" ", the BMC"
	line nvme0n1 AGXA4103 "failure predicted"
	[ "$(parts_of blade-a '[.kind,.by]')" = '[["disk","both"],["nic","shim"],["bios","bmc"]]' ]
	in_log "machine-inspected machine=blade-a components=2"
	# The disk was pulled, as far as the BMC knows; the shim has not looked since.
	printf 'bios|||Blade 3||2.2|0|\n' > "$dir/fake/blade-a.components"
	baton machine inspect blade-a > /dev/null
	[ "$(parts_of blade-a '[.kind,.by,.firmware]')" = \
		'[["disk","shim","AGXA"],["nic","shim",""],["bios","bmc","2.2"]]' ]
	[ "$(machine_power blade-a)" = on ]
}

@test "a BMC that is slow is told of, and one that fails changes nothing" {
	echo 1500 > "$dir/fake/blade-a.slow"
	baton machine inspect blade-a > "$dir/out" 2> "$dir/err"
	grep -q "asking the BMC of blade-a what it is made of" "$dir/err"
	grep -q "3 components are known" "$dir/out"
	rm "$dir/fake/blade-a.slow"
	echo inventory > "$dir/fake/blade-a.refuse"
	run baton machine inspect blade-a
	says 1 "machine blade-a: bmc blade-a: it refused inventory" "what was known before stays"
	rm "$dir/fake/blade-a.refuse"
	[ "$(parts_of blade-a .kind)" = '["disk","nic","bios"]' ]
	run baton machine inspect nobody
	says 1 "machine nobody"
}

@test "by Redfish it is the whole machine: disks, controllers, cards, BIOS and BMC, on or off" {
	install -o 64904 -m 600 /dev/null "$dir/etc/secrets/rack1"
	echo s3cret-word > "$dir/etc/secrets/rack1"
	sim standard
	baton machine add blade-r --bmc redfish://baton@$SITE_ADDR:8443 --bmc-secret rack1 --nic mac=52:54:00:aa:00:09,network=mgmt
	run baton machine inspect blade-r
	says 0 "told by the BMC"
	line sata "Bay 1" "Simulated SATA SSD" SIM1 "480 GB" OK
	line nvme "NVMe drive 1" "Simulated NVMe SSD" SIMN2 "1.92 TB" N1
	line storage "Simulated AHCI" 5.1
	line storage "NVMe controller 1" SIMN2
	line nic NIC1 "Simulated 25 GbE" 22.31.6 E-1
	line bios "Simulated Machine" 1.0
	line bmc "Baton BMC simulator" 1.0
	line cpu "2 of them"
	line memory "64 GiB"
	[ "$(machine_power blade-r)" = off ]
	sim dell
	baton machine set blade-r --bmc-pin "$pin" > /dev/null
	run baton machine inspect blade-r
	line "Bay 1" "failure predicted"
	# One that shows no Storage tells the rest.
	sim openbmc
	baton machine set blade-r --bmc-pin "$pin" > /dev/null
	baton machine inspect blade-r > /dev/null
	[ "$(parts_of blade-r 'select(.kind == "disk" or .kind == "storage")')" = '[]' ]
	[ "$(parts_of blade-r 'select(.kind == "bmc") | .firmware')" = '["2.14.0"]' ]
}

@test "all of it fits on a terminal of 80 columns, sizes whole" {
	local words
	for words in "machine show blade-r" "machine show blade-a" "inventory blade-r blade-a" inventory compat; do
		run script -qec "stty cols 80 rows 24; NO_COLOR=1 $dir/bin/baton --socket $dir/run/api.sock $words" /dev/null < /dev/null
		says 0
		output=$(tr -d '\r' <<< "$output")
		! LC_ALL=C.UTF-8 grep -E '^.{81}' <<< "$output" || { echo "$words is too wide"; return 1; }
		[[ $words != inventory\ * ]] || line memory "64 GiB"
	done
}

@test "which firmware stands where: models together, the odd one and what is ill in sight" {
	local i
	for i in 1 2 3 4; do
		baton machine add "rack-$i" --bmc "fake://rack-$i" --nic "mac=52:54:00:dd:00:0$i,network=mgmt" > /dev/null
		echo "disk|Bay 0|sata|PM893|R$i|JXTC304Q|960197124096|OK" > "$dir/fake/rack-$i.components"
	done
	echo "disk|Bay 0|sata|PM893|R4|JXTC104Q|960197124096|Critical" > "$dir/fake/rack-4.components"
	echo "disk|Bay 1|sata|PM893|R9|JXTC304Q|960197124096|OK" >> "$dir/fake/rack-1.components"
	for i in 1 2 3 4; do baton machine inspect "rack-$i" > /dev/null; done
	run baton inventory
	[[ $output =~ disk\ +PM893\ +JXTC104Q\ +1\ +1\ +rack-4 ]]
	[[ $output =~ disk\ +PM893\ +JXTC304Q\ +4\ +rack-1,\ rack-2,\ rack-3 ]]
	run baton inventory rack-4 rack-1
	line rack-4 "Bay 0" JXTC104Q Critical
	line rack-1 "Bay 1" "960 GB"
	[[ $output != *rack-2* ]]
	baton machine rm rack-2 > /dev/null
	run baton inventory
	[[ $output =~ JXTC304Q\ +3\ +rack-1,\ rack-3 ]]
}

@test "compat: a cell for each pair, with every reason once" {
	local m
	for m in blade-r rack-1 rack-3 rack-4; do baton machine rm "$m" > /dev/null; done
	baton machine set blade-b --label gpu=a100 --arch x86_64 --taking handover > /dev/null
	baton machine add blade-c --bmc fake://blade-c --nic mac=52:54:00:ee:00:01,network=mgmt > /dev/null
	baton persona add gpu-01 --nic network=mgmt --wants label=gpu=a100,arch=aarch64 > /dev/null
	run baton compat
	says 0 "a  wants label gpu=a100" "b  wants aarch64, it is x86_64" "c  no shim has told yet what its cards are" \
		"*: it is there now"
	[[ $output =~ PERSONA\ +blade-a\ +blade-b\ +blade-c ]]
	[[ $output =~ web-01\ +shim\*\ +handover\ +\?\ c ]]
	[[ $output =~ gpu-01\ +no\ a\ +no\ b\ +no\ a ]]
	run baton compat --persona gpu-01 --machine blade-b -o json
	[ "$(jq -c '[.machines, .items[0].no, .items[0].groups[0].reasons, .items[0].groups[0].why]' <<< "$output")" = \
		'[["blade-b"],1,["arch"],["wants aarch64, it is x86_64"]]' ]
	[ "$(jq -c '.items[0] | [.persona, .here, .yes, .unknown]' <<< "$output")" = '["gpu-01","",0,0]' ]
	run baton compat --machine nobody
	says 1 "machine nobody"
	run baton compat --persona nobody
	says 1 "persona nobody"
	run baton compat --persona 'a=b'
	says 2 "want a name"
}

@test "compat: a card that no tool-pack writes is said, as soon as the pack is gone" {
	mv "$dir/etc/packs/player" "$dir/player"
	kill -HUP "$(pid_of batond)"
	no_pack() { baton compat --persona web-01 -o json | jq -e '.items[0].groups[] | select(.why == ["no tool-pack for 1af4:1000"]) | .machines == ["blade-a","blade-b"]' > /dev/null; }
	until_true "no tool-pack writes it" no_pack
	mv "$dir/player" "$dir/etc/packs/player"
	kill -HUP "$(pid_of batond)"
	packed() { baton compat --persona web-01 -o json | jq -e '.items[0].yes == 2' > /dev/null; }
	until_true "the pack is back" packed
}

@test "compat: of many machines those that are alike are one line" {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		baton machine add "spare-$i" --bmc "fake://spare-$i" --nic "mac=52:54:00:ef:00:0$i,network=mgmt" > /dev/null
	done
	run baton compat
	[[ $output =~ web-01\ +yes\ +1\ +by\ shim\ +blade-a ]]
	[[ $output =~ yes\ +1\ +by\ handover\ +blade-b ]]
	[[ $output =~ unknown\ +9\ +no\ shim\ has\ told\ yet\ what\ its\ cards\ are\ +blade-c,\ spare-1,\ spare-2\ and\ 6\ more ]]
	[[ $output =~ gpu-01\ +no\ +10\ +wants\ label\ gpu=a100\ +blade-a,\ blade-c,\ spare-1\ and\ 7\ more ]]
	# Nothing of it was an order, or asked a machine.
	[ "$(baton order list -o json | jq '.items | length')" = 3 ]
}
