#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# A hand looks into the initramfs of a disk, at a tgtd in software: which drivers it finds, what it cannot read, and
# that it writes nothing.
# shellcheck disable=SC1091,SC2030,SC2031,SC2034,SC2154
# bats file_tags=hand,tgt,root
bats_require_minimum_version 1.5.0

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
}

teardown() {
	[ -z "${between-}" ] || kill "$between" 2>/dev/null || :
	tgt_stop
}

# disk [KEY=VALUE...]: LUN 1 of $iqn, as tests/lib/os-disk makes it; nobody can write to it
disk() {
	"$root/tests/lib/os-disk" "$at/disk" "$@"
	tgt_start "$at/tgt" "$host" 3260
	tgt_target 1 "$iqn"
	tgt_lun 1 1 "$at/disk"
	tgt --lld iscsi --mode logicalunit --op update --tid 1 --lun 1 --params readonly=1
	tgt_account 1 web-01 right-secret
	before=$(sha256sum <"$at/disk")
}

e1000=pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00
mlx5=pci:v000015B3d00001015sv000015B3sd00000001bc02sc00i00

# drivers [PORTAL]: asks for those two cards, and for two modules by their names
drivers() {
	echo '{"deed":"san-drivers","san":{"kind":"iscsi","portals":["'"${1-$host:3260}"'"],"target":"'"$iqn"'","lun":1,"user":"web-01","secret":"right-secret"},"wanted":["'"$e1000"'","'"$mlx5"'","virtio-net","igb"],"timeout_ms":1000}'
}

@test "the deed tells which drivers the newest kernel's initramfs has, and writes nothing" {
	disk early=yes
	good "$(drivers)"
	[ "$output" = '{"ok":true,"kernel":"6.1.0-18-amd64","initramfs":"/boot/initrd.img-6.1.0-18-amd64","partition":1,"modules":3,"aliases":true,"wanted":[{"is":"module","module":"e1000"},{"is":"missing","module":""},{"is":"module","module":"virtio_net"},{"is":"builtin","module":"igb"}],"line":{"uuid":"","serial":"","grub":true}}' ]
	[ "$(sha256sum <"$at/disk")" = "$before" ]
	[ -z "$(tgt_sessions 1)" ]
}

@test "a kernel on an EFI system partition, as kernel-install puts it there: a driver is there, and one is missing" {
	disk boot=esp early=yes
	good "$(drivers)"
	[[ $output == *'"initramfs":"/4b3c0de1f5a74b2e9d8c7b6a59483726/6.1.0-18-amd64/initrd.img-6.1.0-18-amd64","partition":1,"modules":3,'* ]]
	[[ $output == *'"wanted":[{"is":"module","module":"e1000"},{"is":"missing","module":""},'* ]]
	[ "$(sha256sum <"$at/disk")" = "$before" ]
	tgt_stop
	disk boot=esp esp=plain modules=mlx5_core
	good "$(drivers)"
	[[ $output == *'"kernel":"6.1.0-18-amd64","initramfs":"/initrd.img","partition":1,'* ]]
	[[ $output == *'"wanted":[{"is":"missing","module":""},{"is":"module","module":"mlx5_core"},'* ]]
	tgt_stop
	disk boot=both esp=image
	good "$(drivers)"
	[ "$output" = '{"ok":true,"unknown":"it may boot a unified kernel image (/EFI/Linux), which is not read here"}' ]
}

@test "a disk that can be written to, with a journal to replay, is left as it is" {
	"$root/tests/lib/os-disk" "$at/disk" table=none
	debugfs -w -R "feature needs_recovery" "$at/disk" 2>/dev/null
	dumpe2fs -h "$at/disk" 2>/dev/null | grep -q needs_recovery
	before=$(sha256sum <"$at/disk")
	tgt_start "$at/tgt" "$host" 3260
	tgt_target 1 "$iqn"
	tgt_lun 1 1 "$at/disk"
	tgt_account 1 web-01 right-secret
	good "$(drivers)"
	[[ $output == *'"partition":0,"modules":3'* ]]
	[ "$(sha256sum <"$at/disk")" = "$before" ]
}

@test "an initramfs in every way of packing is read over iSCSI" {
	disk table=none
	for pack in none gzip xz lzma zstd lz4 bzip2; do
		tgt --lld iscsi --mode logicalunit --op delete --tid 1 --lun 1
		"$root/tests/lib/os-disk" "$at/disk" table=none "pack=$pack" bulk=300 "modules=mlx5_core"
		tgt_lun 1 1 "$at/disk"
		good "$(drivers)"
		[[ $output == *'"wanted":[{"is":"missing","module":""},{"is":"module","module":"mlx5_core"},{"is":"missing","module":"virtio_net"},'* ]]
	done
}

@test "a disk with blocks of 4096 bytes is read" {
	"$root/tests/lib/os-disk" "$at/disk" table=none
	tgt_start "$at/tgt" "$host" 3260
	tgt_target 1 "$iqn"
	tgt_lun 1 1 "$at/disk" 4096
	tgt_account 1 web-01 right-secret
	good "$(drivers)"
	[[ $output == *'"modules":3'* ]]
}

@test "what cannot be read is unknown and says why" {
	disk fs=xfs
	good "$(drivers)"
	[[ $output == '{"ok":true,"unknown":"it has no kernel with an initramfs in '*'; not read here: XFS"}' ]]
	tgt_stop
	disk cut=50
	good "$(drivers)"
	[[ $output == '{"ok":true,"unknown":"/boot/initrd.img-6.1.0-18-amd64: it cannot be unpacked: '* ]]
	tgt_stop
	"$root/tests/lib/os-disk" "$at/disk"
	dd if=/dev/urandom of="$at/disk" bs=4096 seek=$((256 + 1)) count=8 conv=notrunc status=none
	tgt_start "$at/tgt" "$host" 3260
	tgt_target 1 "$iqn"
	tgt_lun 1 1 "$at/disk"
	tgt_account 1 web-01 right-secret
	good "$(drivers)"
	[[ $output == '{"ok":true,"unknown":"partition 1: '* ]]
}

# between COMMAND: a portal at port 3261 where COMMAND gets what the target sends
between() {
	socat "TCP-LISTEN:3261,bind=$host,reuseaddr,fork" SYSTEM:"socat - TCP\:$host\:3260 | ($1)" 2>/dev/null 3>&- &
	between=$!
	until_true 10 sh -c "ss -Hltn 'src $host and sport = :3261' | grep -q ."
}

@test "a target that goes away in the middle fails the deed, with a sentence" {
	disk bulk=2000
	between "stdbuf -o0 head -c 700000"
	bad "$(drivers "$host:3261")" ECONNRESET "portal $host:3261: the connection was lost (LUN 1, a read)"
	[[ $output != *right-secret* ]]
	kill "$between"
	wait "$between" || :
	between "stdbuf -o0 head -c 700000; cat >/dev/null"
	bad "$(drivers "$host:3261")" ETIMEDOUT "portal $host:3261: no answer within 1000 ms to a read"
	good "$(drivers)"
	[ "$(sha256sum <"$at/disk")" = "$before" ]
}

@test "a hand that reads a disk can open no file, whoever has taken it over" {
	perl -e 'exit(syscall(444, 0, 0, 1) < 1)' || skip "this kernel has no Landlock"
	disk bulk=2000
	between "stdbuf -o0 head -c 700000; cat >/dev/null"
	deed=$(drivers "$host:3261")
	"$bin/baton-hand" <<<"${deed/\"timeout_ms\":1000/\"timeout_ms\":30000}" >"$at/answer" 3>&- &
	hand=$!
	reads() { [ "$(sed -n 's/^NoNewPrivs:\t//p' "/proc/$hand/status")" = 1 ]; }
	until_true 10 reads
	timeout 60 gdb -batch -nx -p "$hand" -ex 'p (int)open("/etc/hostname", 0)' -ex 'p *(int *)__errno_location()' \
		-ex 'p (int)open("'"$at"'/new", 0101, 0600)' >"$at/gdb" 2>&1 </dev/null 3>&- || { cat "$at/gdb"; false; }
	kill -KILL "$hand"
	wait "$hand" || :
	cat "$at/gdb"
	[ "$(grep '^\$' "$at/gdb" | sed 's/.*= //' | paste -sd ' ')" = "-1 13 -1" ]
	[ ! -e "$at/new" ]
}

@test "the hand's deadline ends a look that takes too long" {
	disk bulk=2000
	between "stdbuf -o0 head -c 700000; cat >/dev/null"
	begun=$(now_ms)
	deed=$(drivers "$host:3261")
	BATON_DEADLINE_MS=2000 bad "${deed/\"timeout_ms\":1000/\"timeout_ms\":60000}" ETIMEDOUT "san $iqn: san-drivers"
	[ $(($(now_ms) - begun)) -lt 2000 ]
}

@test "the account: Baton's own where it has one, else the persona's, and who refuses is told" {
	disk table=none
	tgt_account 1 baton-look own-secret
	secret_put san own-secret
	deed=$(drivers)
	BATON_SAN_USER=baton-look BATON_SAN_SECRET=san good "${deed/right-secret/wrong-secret}"
	bad "${deed/right-secret/wrong-secret}" EACCES 'refused CHAP user \"web-01\"'
	[[ $output != *wrong-secret* ]]
	good "${deed/\[/[\"$host:3262\",}"
	bad "${deed//3260/3262}" ECONNREFUSED "nothing listens there"
}

@test "it tells what the loader says of UUID and serial, and no other word of the line" {
	disk boot=esp told=baton.uuid=1,baton.serial=BTN-7,secret=x,baton.uuid=2
	deed=$(drivers)
	good "${deed/\"wanted\":*\]/\"wanted\":[]}"
	[[ $output == *'"wanted":[],"line":{"uuid":"2","serial":"BTN-7","grub":false}}' ]]
	[[ $output != *secret=x* ]]
}

@test "a deed that asks for nothing, or for too much, is refused" {
	deed=$(drivers)
	bad "${deed/igb/i gb}" EINVAL "wanted: want modaliases and names of modules"
	bad "$(sed 's/"wanted":.*\],//' <<<"$deed")" EINVAL "wanted is missing"
}

@test "the fake disk is looked into by the same deed" {
	"$root/tests/lib/os-disk" "$at/fake/$iqn.img" table=mbr boot=own
	echo 'lun=1 bytes=1048576 block_len=512 bootable=1' >"$at/fake/$iqn.san"
	deed=$(drivers)
	good "${deed/iscsi/fake}"
	[[ $output == *'"initramfs":"/initrd.img-6.1.0-18-amd64","partition":2,"modules":3'* ]]
}
