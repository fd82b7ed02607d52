#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=shim,qemu
# SPDX-License-Identifier: GPL-3.0-or-later
# The shim, booted in QEMU against a small peer in place of baton-files: what it weighs, what it
# tells before and after it writes, and what it says when a card, a tool or the broker does not do
# as it should. Guests hear nothing but the peer.

B=${B:-build/dev}
here=tests/bats/60-shim
token=525400aa0001-4-1-aa

setup() {
	dir=$BATS_TEST_TMPDIR
	mkdir "$dir/peer" "$dir/nv"
	touch "$dir/peer/log" "$dir/nv/log"
}

teardown() {
	[ -z "${qemu:-}" ] || kill "$qemu" 2>/dev/null || true
	[ -z "${nvram:-}" ] || kill "$nvram" 2>/dev/null || true
	[ -n "${BATS_TEST_COMPLETED:-}" ] || { cat "$dir/screen" "$dir/peer/log" "$dir/nv/log"; } 2>/dev/null || true
}

# nic ID MODEL MAC SLOT: QEMU's words for one card
nic() {
	echo "-device $2,netdev=$1,mac=$3,addr=$4,romfile="
}

# hba ID SLOT: QEMU's words for a device whose class is that of an HBA; nobody drives it.
hba() {
	echo "-blockdev driver=null-co,node-name=$1,size=1048576 -device virtio-blk-pci,drive=$1,addr=$2,class=0x0c04"
}

# hba_holds PCI WWPN WWNN [TARGET/LUN...]: what its memory holds at first
hba_holds() {
	echo "$2 $3" >"$dir/nv/$1.hba"
	: >"$dir/nv/$1.targets"
	[ $# = 3 ] || printf '%s\n' "${@:4}" >"$dir/nv/$1.targets"
}

# boot INITRD... -- QEMU-ARGS...: starts the blade; $qemu is its process.
boot() {
	local initrds=()
	while [ "$1" != -- ]; do
		initrds+=("$1")
		shift
	done
	shift
	cat "${initrds[@]}" >"$dir/initrd"
	timeout 100 qemu-system-x86_64 -accel tcg -m 384 -display none -no-reboot -nic none \
		-serial "file:$dir/screen" \
		-netdev "user,id=n0,restrict=on,bootfile=http://10.0.2.100:80/b/$token-new/entry.ipxe,guestfwd=tcp:10.0.2.100:80-cmd:$PWD/$here/peer $dir/peer" \
		-device virtio-serial-pci -chardev "socket,id=nv,path=$dir/nv.sock,server=on,wait=off" \
		-device virtserialport,chardev=nv,name=org.baton.nvram \
		-kernel "$B/boot/shim/vmlinuz" -initrd "$dir/initrd" \
		-append "console=ttyS0 quiet ipv6.disable=1 cryptomgr.notests baton.base=http://10.0.2.100:80/b/$token baton.mac=52:54:00:aa:00:01" \
		"$@" </dev/null >"$dir/qemu" 2>&1 3>&- &
	qemu=$!
	socat "UNIX-CONNECT:$dir/nv.sock,retry=100,interval=0.05" EXEC:"$here/nvram $dir/nv" 3>&- &
	nvram=$!
}

# said FILE PATTERN: waits until a line of the file matches.
said() {
	for ((i = 0; i < 600; i++)); do
		! grep -qE -- "$2" "$dir/$1" || return 0
		kill -0 "$qemu" 2>/dev/null || break
		read -rt 0.1 <> <(:) || true
	done
	grep -qE -- "$2" "$dir/$1"
}

# The place of the first line of the peer's log that matches.
line_of() {
	grep -nE -m 1 -- "$1" "$dir/peer/log" | cut -d: -f1
}

@test "kernel and initrd together stay under 16 MB" {
	[ $(($(stat -c %s "$B/boot/shim/vmlinuz") + $(stat -c %s "$B/boot/shim/initrd.img"))) -lt 16000000 ]
}

@test "the same sources give the same initrd and the same pack image, byte for byte" {
	touch initramfs/steps/*
	initramfs/build-initrd build/kernel "$B/initramfs/baton-shim" "$dir/again.img"
	cmp "$dir/again.img" "$B/boot/shim/initrd.img"
	cp -r "$B/lab/packs/nvram" "$dir/nvram"
	initramfs/pack-image "$dir/nvram" "$dir/nvram.img"
	cmp "$dir/nvram.img" "$B/lab/nvram.img"
}

@test "every iPXE script is shorter than 40 lines" {
	for script in ipxe-scripts/*.ipxe; do
		[ "$(wc -l <"$script")" -lt 40 ] || {
			echo "$script is too long"
			false
		}
	done
}

own=10:00:00:00:c9:aa:00:01 new=20:00:02:ba:70:00:00:01 node=20:01:02:ba:70:00:00:01
port_a=50:06:01:60:3b:a0:00:01 port_b=50:06:01:68:3b:a0:00:01

@test "an identity: told before it is written, read back, reported, no handover, restarted; a busy broker is waited for" {
	printf 'deed identity\nmachine blade-a\npersona web-01\ngeneration 4\ntakes handover\nnic - 52:54:00:aa:00:01 02:ba:70:00:00:01 carries\nhba - %s %s %s carries\nfc-target 0 %s 3\nfc-target 0 %s 3\nserial PERSONA-1\n' \
		"$own" "$new" "$node" "$port_a" "$port_b" >"$dir/peer/job"
	printf '503\n200\n503\n200\n' >"$dir/peer/answers"
	echo 52:54:00:aa:00:01 >"$dir/nv/0000:00:05.0"
	hba_holds 0000:00:06.0 "$own" 20:00:00:00:c9:aa:00:01 "$port_b/9"
	echo 5e0c1a70-0a0a-4a00-8000-52540aaa0001 OWN-1 >"$dir/nv/board"
	# shellcheck disable=SC2046
	boot "$B/boot/shim/initrd.img" "$B"/lab/nvram{,-fc,-board}.img -- $(nic n0 e1000 52:54:00:aa:00:01 5) $(hba h0 6)
	wait "$qemu"
	grep -F '"stage":"found","deed":"identity","machine":"blade-a","generation":4' "$dir/peer/log"
	grep -F '"arch":"x86_64","firmware":"bios","memory_mb":384,"cpus":1,"nics":[' "$dir/peer/log"
	grep -F '],"disks":[{"name":"vda","kind":"virtio","model":"","serial":"","firmware":"","bytes":1048576}]}' "$dir/peer/log"
	grep -F '"nics":[{"pci":"0000:00:05.0","permanent":"52:54:00:aa:00:01","current":"52:54:00:aa:00:01","driver":"e1000","id":"8086:100e","modalias":"pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00"}]' "$dir/peer/log"
	grep -F '"nics":[{"pci":"0000:00:05.0","read_back":"02:ba:70:00:00:01","tool":"nvram"}]' "$dir/peer/log"
	[ "$(grep -c '"stage":"found"' "$dir/peer/log")" = 2 ]
	[ "$(grep -c '"stage":"written"' "$dir/peer/log")" = 2 ]
	[ "$(<"$dir/nv/0000:00:05.0")" = 02:ba:70:00:00:01 ]
	grep -F 'old address   52:54:00:aa:00:01' "$dir/screen"
	grep -F 'NEW ADDRESS   02:ba:70:00:00:01   of web-01' "$dir/screen"
	grep -F 'not now (503)' "$dir/screen"
	# The HBA: nobody but the tool knows its name; journaled before it is written, and read back.
	grep -F '"hbas":[{"pci":"0000:00:06.0","wwpn":"'"$own"'","wwnn":"20:00:00:00:c9:aa:00:01","id":"1af4:1001","driver":"virtio-pci","modalias":"pci:v00001AF4d00001001sv00001AF4sd00000002bc0Csc04i00"}]' "$dir/peer/log"
	grep -F '"hbas":[{"pci":"0000:00:06.0","read_back":"'"$new"'","read_back_wwnn":"'"$node"'","targets":[{"wwpn":"'"$port_a"'","lun":3},{"wwpn":"'"$port_b"'","lun":3}],"tool":"nvram-fc"}],"serial_read_back":"PERSONA-1"}' "$dir/peer/log"
	[ "$(cat "$dir/nv/0000:00:06.0.hba" "$dir/nv/0000:00:06.0.targets" "$dir/nv/board")" = "$new $node
$port_a/3
$port_b/3
5e0c1a70-0a0a-4a00-8000-52540aaa0001 PERSONA-1" ]
	grep -F "old WWPN      $own" "$dir/screen"
	grep -F "NEW WWPN      $new  WWNN $node   of web-01" "$dir/screen"
	grep -F "BOOTS FROM    $port_a LUN 3" "$dir/screen"
	# A handover that is refused is told, and ends in the restart that always works.
	[ "$(line_of '"stage":"written".*')" -lt "$(line_of "GET /b/$token/handover")" ]
	grep -F "GET /b/$token/said?step=handover&what=no%20such%20thing" "$dir/peer/log"
	grep -F 'no handover: no such thing' "$dir/screen"
	grep -F 'done; restart' "$dir/screen"
}

@test "a restore: each card by its own address, what holds it already is not written; then power off" {
	printf 'deed restore\nmachine blade-b\ngeneration 5\nnic - 52:54:00:aa:00:01 - keeps\nnic 0000:00:06.0 52:54:00:aa:00:02 52:54:00:aa:00:02 carries\nnic 0000:00:07.0 52:54:00:aa:00:03 52:54:00:aa:00:03 carries\nhba 0000:00:08.0 %s %s 20:00:00:00:c9:aa:00:01 carries\n' "$own" "$own" >"$dir/peer/job"
	hba_holds 0000:00:08.0 "$new" "$node" "$port_a/3"
	echo 52:54:00:aa:00:01 >"$dir/nv/0000:00:05.0"
	echo 02:ba:70:00:00:01 >"$dir/nv/0000:00:06.0"
	echo 52:54:00:aa:00:03 >"$dir/nv/0000:00:07.0"
	# shellcheck disable=SC2046
	boot "$B/boot/shim/initrd.img" "$B"/lab/nvram{,-fc}.img -- $(hba h0 8) \
		$(nic n0 virtio-net-pci 52:54:00:aa:00:01 5) -netdev user,id=n1,restrict=on \
		$(nic n1 virtio-net-pci 02:ba:70:00:00:01 6) -netdev user,id=n2,restrict=on \
		$(nic n2 e1000 52:54:00:aa:00:03 7)
	wait "$qemu"
	[ "$(grep ^write "$dir/nv/log")" = "write 0000:00:06.0 52:54:00:aa:00:02" ]
	grep -F '"nics":[{"pci":"0000:00:06.0","read_back":"52:54:00:aa:00:02","tool":"nvram"},{"pci":"0000:00:07.0","read_back":"52:54:00:aa:00:03","tool":"nvram"}]' "$dir/peer/log"
	grep -F '"hbas":[{"pci":"0000:00:08.0","read_back":"'"$own"'","read_back_wwnn":"20:00:00:00:c9:aa:00:01","targets":[],"tool":"nvram-fc"}]' "$dir/peer/log"
	grep -F 'card 0000:00:07.0 holds the wanted address already' "$dir/screen"
	grep -F 'done; power off' "$dir/screen"
}

@test "a tool that lies is caught by the read-back, and the order stops with its words" {
	printf 'deed identity\nmachine blade-a\npersona web-01\ngeneration 4\nnic - 52:54:00:aa:00:01 02:ba:70:00:00:01 carries\n' >"$dir/peer/job"
	echo 52:54:00:aa:00:01 >"$dir/nv/0000:00:05.0"
	touch "$dir/nv/lies"
	# shellcheck disable=SC2046
	boot "$B/boot/shim/initrd.img" "$B/lab/nvram.img" -- $(nic n0 virtio-net-pci 52:54:00:aa:00:01 5)
	said peer/log '"stage":"failed".*"step":"50-read-back","why":"card 0000:00:05.0 holds 52:54:00:aa:00:01 after 02:ba:70:00:00:01 was written; pack nvram says: mac 52:54:00:aa:00:01"'
	said peer/log 'GET /b/[^ ]*/said\?step=50-read-back&what=card%20'
	said screen 'STOPPED at 50-read-back'
	[ "$(grep -c '"stage":"written"' "$dir/peer/log")" = 0 ]
}

@test "a tool of an HBA that lies is caught by the read-back, too" {
	printf 'deed identity\nmachine blade-a\npersona web-01\ngeneration 4\nnic - 52:54:00:aa:00:01 - keeps\nhba 0000:00:06.0 - %s %s carries\nfc-target 0 %s 3\n' \
		"$new" "$node" "$port_a" >"$dir/peer/job"
	hba_holds 0000:00:06.0 "$own" "$node"
	touch "$dir/nv/lies-hba"
	# shellcheck disable=SC2046
	boot "$B/boot/shim/initrd.img" "$B/lab/nvram-fc.img" -- $(nic n0 virtio-net-pci 52:54:00:aa:00:01 5) $(hba h0 6)
	said peer/log '"stage":"failed".*"step":"50-read-back","why":"card 0000:00:06.0 holds WWPN '"$own"', WWNN '"$node"' after '"$new"', '"$node"' was written by pack nvram-fc"'
	[ "$(grep -c '"stage":"written"' "$dir/peer/log")" = 0 ]
}

@test "a card that no tool-pack writes is named, with its id; a wrong manifest is named, too" {
	printf 'deed identity\nmachine blade-a\npersona web-01\ngeneration 4\nnic - 52:54:00:aa:00:01 02:ba:70:00:00:01 carries\n' >"$dir/peer/job"
	mkdir "$dir/broken"
	echo 'pci = all of them' >"$dir/broken/manifest"
	initramfs/pack-image "$dir/broken" "$dir/broken.img"
	# shellcheck disable=SC2046
	boot "$B/boot/shim/initrd.img" "$dir/broken.img" -- $(nic n0 virtio-net-pci 52:54:00:aa:00:01 5)
	said peer/log '"step":"40-write","why":"card 0000:00:05.0 \(virtio_net, PCI id 1af4:1000\): none of 0 tool-packs writes it; want one in packs_dir whose manifest names that id; left out: /packs/broken/manifest:1: pci: want'
	[ "$(grep -c '"stage":"written"' "$dir/peer/log")" = 0 ]
}

@test "a refusal stops the shim before any write; a URL that has run out is replaced through DHCP; disks are told of, and left alone" {
	printf 'deed identity\nmachine blade-a\npersona web-01\ngeneration 4\nnic - 52:54:00:aa:00:01 02:ba:70:00:00:01 carries\n' >"$dir/peer/job"
	printf '410\n410\n410\n409\n' >"$dir/peer/answers"
	echo 52:54:00:aa:00:01 >"$dir/nv/0000:00:05.0"
	truncate -s 16M "$dir/vda" "$dir/nvme" "$dir/sda"
	# shellcheck disable=SC2046
	boot "$B/boot/shim/initrd.img" "$B/lab/nvram.img" -- $(nic n0 virtio-net-pci 52:54:00:aa:00:01 5) \
		-drive "if=none,id=d0,format=raw,file=$dir/vda" -device virtio-blk-pci,drive=d0,serial=VB1 \
		-drive "if=none,id=d1,format=raw,file=$dir/nvme" -device nvme,drive=d1,serial=NV1 \
		-drive "if=none,id=d2,format=raw,file=$dir/sda" -device ahci,id=ahci -device ide-hd,drive=d2,bus=ahci.0,serial=SA1
	said peer/log '"stage":"failed".*"step":"30-find","why":"/report: refused with 409: the peer says 409"'
	[ "$(line_of "GET /b/$token/job")" -lt "$(line_of "GET /b/$token-new/job")" ]
	[ "$(grep -c ^write "$dir/nv/log")" = 0 ]
	# Each time it has found what is there by then; nothing waits for a disk, so that the first may know of none.
	grep '"stage":"found"' "$dir/peer/log" | tail -n 1 >"$dir/found"
	grep -E '"name":"nvme0n1","kind":"nvme","model":"QEMU NVMe Ctrl","serial":"NV1","firmware":"[^"]+","bytes":16777216' "$dir/found"
	grep -F '"name":"vda","kind":"virtio","model":"","serial":"VB1","firmware":"","bytes":16777216' "$dir/found"
	grep -E '"name":"sda","kind":"sata","model":"QEMU HARDDISK","serial":"SA1","firmware":"[^"]+","bytes":16777216' "$dir/found"
	cmp "$dir/vda" "$dir/nvme" && cmp -n 16777216 "$dir/sda" /dev/zero && cmp -n 16777216 "$dir/vda" /dev/zero
}
