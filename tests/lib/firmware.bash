# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Machines of which only the firmware matters: QEMU without a disk, on a bridge with baton-edge and
# baton-files (edge.bash) and, where a test wants it, another DHCP server. A test kills the machine
# as soon as it has seen what it waited for. Sourced by bats files.
# shellcheck disable=SC2154 # dir and SERVER are edge.bash's

OVMF=/usr/share/OVMF/OVMF_CODE_4M.fd
OVMF_VARS=/usr/share/OVMF/OVMF_VARS_4M.fd

# In $SERVER: a bridge s0 with 10.77.0.1 and one tap.
firmware_net() {
	ip netns exec "$SERVER" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	ip -n "$SERVER" link add s0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	ip -n "$SERVER" addr add 10.77.0.1/24 dev s0
	ip -n "$SERVER" tuntap add dev tap0 mode tap
	ip -n "$SERVER" link set tap0 master s0 up
	ip -n "$SERVER" link set s0 up
}

# machine MAC WORDS-FOR-QEMU...: its console is $dir/console. NIC names the model and what goes with it.
machine() {
	local mac=$1
	shift
	: > "$dir/console"
	ip netns exec "$SERVER" qemu-system-x86_64 -accel tcg,thread=multi,tb-size=128 -m 256 \
		-nodefaults -no-user-config -no-reboot -display none -vga none \
		-serial "file:$dir/console" -device virtio-rng-pci \
		-netdev tap,id=n0,ifname=tap0,script=no,downscript=no,vnet_hdr=off \
		-device "${NIC:-virtio-net-pci},netdev=n0,mac=$mac,bootindex=1" "$@" > "$dir/qemu" 2>&1 3>&- &
	began machine $!
}

# EDK2's own network boot where the NIC has no ROM. BY=http leaves PXE out; both leave IPv6 out.
uefi() { # MAC
	local pxe=y
	[ "${BY:-pxe}" = pxe ] || pxe=n
	cp "$OVMF_VARS" "$dir/vars.fd"
	NIC=${NIC:-virtio-net-pci,romfile=} machine "$1" -machine q35,smm=off,vmport=off,usb=off \
		-drive "if=pflash,format=raw,readonly=on,file=$OVMF" -drive "if=pflash,format=raw,file=$dir/vars.fd" \
		-fw_cfg name=opt/org.tianocore/IPv4PXESupport,string=$pxe \
		-fw_cfg name=opt/org.tianocore/IPv6PXESupport,string=n
}

bios() { # MAC WORDS-FOR-QEMU...
	machine "$@" -machine pc,smm=off,vmport=off,usb=off -fw_cfg name=etc/sercon-port,string=0
}

# A stock DHCP server that knows nothing of booting, as 10.77.0.2 on the same bridge.
foreign_make() {
	FOREIGN=bte-f-$$
	export FOREIGN
	ip netns add "$FOREIGN"
	ip -n "$SERVER" link add foreign0 type veth peer name f0 netns "$FOREIGN"
	ip -n "$SERVER" link set foreign0 master s0 up
	ip -n "$FOREIGN" addr add 10.77.0.2/24 dev f0
	ip -n "$FOREIGN" link set f0 up
}

foreign_start() {
	ip netns exec "$FOREIGN" dnsmasq -C /dev/null --keep-in-foreground --log-facility=- --user=root --pid-file= \
		--port=0 --interface=f0 --dhcp-range=10.77.0.100,10.77.0.199,1h --dhcp-authoritative --no-ping \
		--dhcp-leasefile="$dir/foreign.leases" > "$dir/foreign" 2>&1 3>&- &
	began foreign $!
	wait_for 'IP range' "$dir/foreign"
}

foreign_lease() {
	cut -d' ' -f3 "$dir/foreign.leases"
}
