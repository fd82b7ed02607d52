#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Which drivers a persona's initramfs carries (docs/design/0022), read by a hand from a disk at a real tgtd:
# partitions by fdisk, file systems by mke2fs, archives by cpio and whatever compresses them.
# shellcheck disable=SC1091,SC2030,SC2031,SC2034,SC2154
# bats file_tags=hand,tgt,root
bats_require_minimum_version 1.5.0

E1000=pci:v00008086d0000100Esv00000000sd00000000bc02sc00i00
MLX=pci:v000015B3d00001015sv00000000sd00000000bc02sc00i00
VERSION=6.1.0-18-amd64

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=$(realpath "${B:-build/dev}")
	export root bin
}

setup() {
	. "$root/tests/lib/ipmi-sim.bash"
	. "$root/tests/lib/tgt.bash"
	. "$root/tests/lib/hand.bash"
	host=$(loopback_address)
	hand_setup
	tree=$at/tree
	mkdir -p "$tree/boot"
}

teardown() {
	tgt_stop
}

# initramfs COMPRESS...: one as Debian makes them: microcode first and uncompressed, then the rest.
initramfs() {
	local d=$at/ram/usr/lib/modules/$VERSION
	rm -rf "$at/ram" "$at/early"
	mkdir -p "$d/kernel/drivers/net/ethernet/intel/e1000" "$at/early/kernel/x86/microcode"
	head -c 3000 /dev/urandom > "$at/early/kernel/x86/microcode/GenuineIntel.bin"
	head -c 20000 /dev/urandom > "$d/kernel/drivers/net/ethernet/intel/e1000/e1000.ko"
	cat > "$d/modules.alias" <<-'ALIAS'
		# Aliases extracted from modules themselves.
		alias pci:v00008086d0000100Esv*sd*bc*sc*i* e1000
		alias pci:v000015B3d00001015sv*sd*bc*sc*i* mlx5_core
	ALIAS
	echo kernel/drivers/net/virtio_net.ko > "$d/modules.builtin"
	{
		(cd "$at/early" && find . | cpio --quiet -o -H newc)
		(cd "$at/ram" && find . | cpio --quiet -o -H newc) | "$@"
	} > "$tree/boot/initrd.img-$VERSION"
	echo kernel > "$tree/boot/vmlinuz-$VERSION"
}

# disk: a GPT with a small partition and the tree as an ext4 behind it, at the target.
disk() {
	truncate -s 64M "$at/disk"
	sfdisk -q "$at/disk" <<-'TABLE'
		label: gpt
		size=4MiB, type=U
		type=L
	TABLE
	mke2fs -q -t ext4 -d "$tree" -E offset=$((5 << 20)) "$at/disk" 57M
	offer
}

offer() {
	tgt_start "$at/tgt" "$host" 3260
	tgt_target 1 "$iqn"
	tgt --lld iscsi --mode logicalunit --op new --tid 1 --lun 1 -b "$at/disk"
	tgt --lld iscsi --mode logicalunit --op update --tid 1 --lun 1 --params readonly=1
	tgt_account 1 web-01 right-secret
}

drivers() { # WANTED...
	local list
	list=$(printf '"%s",' "$@")
	hand '{"deed":"san-drivers","timeout_ms":5000,"wanted":['"${list%,}"'],"san":{"kind":"iscsi","portals":["'"$host"':3260"],"target":"'"$iqn"'","lun":1,"user":"web-01","secret":"right-secret"}}'
}

is() { jq -r ".wanted[$1].is" <<< "$output"; }
unknown() { jq -r .unknown <<< "$output"; }

@test "what is there, what is built in and what is missing; compressed in each way, and the disk unchanged" {
	for packed in "cat" "gzip -1" "xz -0 --check=crc32" "zstd -q -1"; do
		read -ra words <<< "$packed"
		initramfs "${words[@]}"
		rm -rf "$at/tgt" "$at/disk"
		disk
		before=$(sha256sum < "$at/disk")
		drivers $E1000 $MLX virtio_net
		[[ $output == '{"ok":true'* ]]
		[ "$(jq -r .kernel <<< "$output")" = $VERSION ]
		[ "$(jq -r .initramfs <<< "$output")" = "/boot/initrd.img-$VERSION" ]
		[ "$(is 0) $(is 1) $(is 2)" = "module missing builtin" ]
		[ "$(jq -r '.wanted[0].module' <<< "$output")" = e1000 ]
		[ "$(jq -r .partition <<< "$output")" = 2 ]
		[ "$(sha256sum < "$at/disk")" = "$before" ]
		tgt_stop
	done
}

@test "a disk that cannot be read is unknown, with a sentence, and no failure" {
	# No file system, no initramfs, a damaged one, a table that lies.
	truncate -s 64M "$at/disk"
	offer
	drivers $E1000
	[[ $(unknown) == ?* ]]
	tgt_stop
	rm -rf "$at/tgt" "$at/disk"
	disk
	drivers $E1000
	[[ $(unknown) == *initr* ]]
	tgt_stop
	initramfs gzip
	head -c 9000 "$tree/boot/initrd.img-$VERSION" > "$at/cut"
	cp "$at/cut" "$tree/boot/initrd.img-$VERSION"
	rm -rf "$at/tgt" "$at/disk"
	disk
	drivers $E1000
	[[ $(unknown) == *"/boot/initrd.img-$VERSION"* ]]
	tgt_stop
	dd if=/dev/urandom of="$at/disk" bs=512 seek=2 count=20 conv=notrunc status=none
	rm -rf "$at/tgt"
	offer
	drivers $E1000
	[[ $(unknown) == ?* ]]
}

@test "a target that refuses or dies is the deed's failure" {
	initramfs cat
	disk
	bad '{"deed":"san-drivers","timeout_ms":2000,"wanted":["e1000"],"san":{"kind":"iscsi","portals":["'"$host"':3260"],"target":"'"$iqn"'","lun":1,"user":"web-01","secret":"wrong-secret"}}' EACCES
	kill -STOP "$tgt_pid"
	bad '{"deed":"san-drivers","timeout_ms":1000,"wanted":["e1000"],"san":{"kind":"iscsi","portals":["'"$host"':3260"],"target":"'"$iqn"'","lun":1,"user":"web-01","secret":"right-secret"}}' ETIMEDOUT
	kill -CONT "$tgt_pid"
	bad '{"deed":"san-drivers","wanted":[],"san":{"kind":"iscsi","portals":["'"$host"':3260"],"target":"'"$iqn"'","lun":1}}' EINVAL wanted
}
