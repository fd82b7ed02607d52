#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=qemu,root
# Firmware as it is shipped, against the jailed edge and files: what it asks for, whether it takes the
# answer, what it fetches with it, until iPXE runs the machine's script. No disk, no BMC, no broker.

. tests/lib/wait.bash
. tests/lib/edge.bash
. tests/lib/firmware.bash

BLADE=52:54:00:bb:00:01

setup_file() {
	export WAIT_S=90
	edge_make
	cp -L "$B"/boot/*.efi "$B"/boot/*.kpxe "$dir/boot/"
	chmod 644 "$dir"/boot/*.*
	firmware_net
	: > "$dir/console"
	foreign_make
	export OTHER=bte-o-$$
	ip netns add "$OTHER"
	ip -n "$SERVER" link add other0 type veth peer name c0 netns "$OTHER"
	ip -n "$SERVER" link set other0 master s0 up
	site > "$dir/site"
	publish
	edge_start s0
	files_start s0 10.77.0.1
}

teardown_file() {
	edge_end "$FOREIGN" "$OTHER"
}

setup() {
	: > "$dir/events"
}

teardown() {
	if [ -z "${BATS_TEST_COMPLETED-}" ]; then
		cat "$dir/events" "$dir/qemu"
		strings "$dir/console" | tail -n 20
	fi
	ended machine KILL
	ended foreign
	ip -n "$OTHER" link set c0 down
	site > "$dir/site"
	publish
}

site() {
	cat <<-EOF
		network mgmt interface=s0 address=10.77.0.1/24
		machine blade ${1-}
		nic $BLADE network=mgmt addr=10.77.0.12
	EOF
}

site_proxy() {
	site | sed 's/^network.*/& mode=proxy/' > "$dir/site"
	publish
}

# The end of each way: iPXE was given the script of a machine without a persona.
reached_its_script() {
	wait_for "script-sent mac=$BLADE machine=blade script=park.ipxe" "$dir/events"
}

# The same line of the events is not before the other.
in_order() { # FIRST SECOND
	local first second
	first=$(grep -n -m 1 -- "$1" "$dir/events" | cut -d: -f1)
	second=$(grep -n -m 1 -- "$2" "$dir/events" | cut -d: -f1)
	[ "$first" -lt "$second" ]
}

@test "undionly.kpxe by TFTP, over the network driver of whoever loaded it" {
	printf '%s\n' '#!ipxe' 'dhcp net0' 'chain tftp://${next-server}/undionly.kpxe' > "$dir/script"
	NIC=e1000,romfile= bios $BLADE -kernel /usr/lib/ipxe/ipxe.lkrn -initrd "$dir/script"
	wait_for 'loader-sent addr=10.77.0.12 file=undionly.kpxe' "$dir/events"
	reached_its_script
	in_order 'loader-sent .*undionly.kpxe' script-sent
}

@test "EDK2's PXE takes ipxe.efi where the machine names it" {
	site loader=ipxe.efi > "$dir/site"
	publish
	uefi $BLADE
	wait_for "dhcp-answered mac=$BLADE stage=firmware arch=7 .*addr=10.77.0.12 file=ipxe.efi" "$dir/events"
	wait_for 'loader-sent addr=10.77.0.12 file=ipxe.efi' "$dir/events"
	reached_its_script
}

@test "EDK2's HTTP boot takes snponly.efi by its URL" {
	BY=http uefi $BLADE
	wait_for "dhcp-answered mac=$BLADE stage=http arch=16 .*addr=10.77.0.12 file=snponly.efi" "$dir/events"
	reached_its_script
	wait_for "dhcp-answered mac=$BLADE stage=ipxe .*file=entry.ipxe" "$dir/events"
	grep -aq 'URI: http://10.77.0.1:8080/loaders/snponly.efi' "$dir/console"
	[ "$(grep -c loader-sent "$dir/events")" -eq 0 ]
	ip netns exec "$FOREIGN" curl -sI http://10.77.0.1:8080/loaders/snponly.efi |
		grep -qi '^content-type: application/efi'
}

@test "an EDK2 that finds iPXE in the NIC's ROM is told the script at once" {
	NIC=e1000 uefi $BLADE
	reached_its_script
	wait_for "dhcp-answered mac=$BLADE stage=ipxe arch=7 .*file=entry.ipxe" "$dir/events"
	[ "$(grep -c 'stage=firmware' "$dir/events")" -eq 0 ]
}

# The other server gave it this address.
left_to_the_other() {
	wait_for "dhcp-left mac=$BLADE stage=$1 machine=blade .*addr=$(foreign_lease)" "$dir/events"
}

@test "beside another DHCP server: EDK2 asks on port 4011 and boots" {
	site_proxy
	foreign_start
	uefi $BLADE
	reached_its_script
	left_to_the_other firmware
	wait_for "dhcp-answered mac=$BLADE stage=firmware arch=7 .*addr=0.0.0.0 file=snponly.efi" "$dir/events"
	wait_for "loader-sent addr=$(foreign_lease) file=snponly.efi" "$dir/events"
}

@test "beside another DHCP server: the NIC's own iPXE takes its address there and its script here" {
	site_proxy
	foreign_start
	NIC=e1000 bios $BLADE
	reached_its_script
	left_to_the_other ipxe
}

@test "beside another DHCP server: EDK2's HTTP boot takes its URL from us" {
	site_proxy
	foreign_start
	BY=http uefi $BLADE
	reached_its_script
	left_to_the_other http
	[ "$(grep -c loader-sent "$dir/events")" -eq 0 ]
}

@test "beside another DHCP server: a firmware that takes its address and asks us for nothing is told of" {
	site_proxy
	foreign_start
	ip -n "$OTHER" link set c0 address $BLADE up
	# An answer without a mask is none to it: it looks at the other server's alone.
	printf '%s\n' 'option arch code 93 = unsigned integer 16;' 'send arch 7;' 'require subnet-mask;' \
		'send vendor-class-identifier "PXEClient:Arch:00007:UNDI:003016";' > "$dir/dhclient.conf"
	ip netns exec "$OTHER" dhclient -4 -d -cf "$dir/dhclient.conf" -lf "$dir/dhclient.leases" \
		-pf "$dir/dhclient.pid" -sf /bin/true c0 > "$dir/qemu" 2>&1 3>&- &
	began machine $!
	wait_for "proxy-ignored .*mac=$BLADE" "$dir/events"
}
