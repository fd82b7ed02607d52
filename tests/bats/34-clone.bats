#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Copies of a LUN of a tgtd in software: a file on btrfs, cloned while a writer is logged in, offered as a target of
# its own, and removed; through a hand alone, and through batond, whose hands have no rights.
# shellcheck disable=SC1091,SC2030,SC2031,SC2034,SC2154
# bats file_tags=hand,tgt,warden,root
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
	started=()
	hand_setup
	lun_fs
	target
	# The disk lies on the file system that can clone.
	tgt --lld iscsi --mode logicalunit --op delete --tid 1 --lun 1
	cp "$at/boots" "$fs/boots"
	tgt_lun 1 1 "$fs/boots"
	copy=$iqn:drill
	export BATON_CLONES_DIR=$fs/clones
	mkdir -m 700 "$BATON_CLONES_DIR"
	way=("$bin/tests/lib/tgtway" "/var/run/tgtd/socket.$tgt_control" "$at/asked")
}

teardown() {
	local pid
	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	tgt_stop
	umount "$fs"
	[ -z "${loop-}" ] || losetup -d "$loop" 2>/dev/null || :
}

# A small btrfs of our own in $fs.
lun_fs() {
	fs=$at/fs
	mkdir "$fs"
	truncate -s 300M "$at/fs.img"
	mkfs.btrfs -q "$at/fs.img" 2>/dev/null
	loop=$(losetup -f --show "$at/fs.img")
	mount -t btrfs "$loop" "$fs"
}

# clone GENERATION SECRET [MEMBERS]
clone() {
	echo '{"deed":"san-clone","san":{"kind":"'"${kind-tgt}"'","portals":["'"$host"':3260"],"of":"'"${of-$iqn}"'","of_lun":'"${of_lun-1}"',"target":"'"$copy"'","lun":1,"persona":"drill-web-01","generation":'"$1"',"user":"drill-web-01.'"$1"'","secret":"'"$2"'"'"${3-}"'}}'
}

remove() {
	echo '{"deed":"san-clone-remove","san":{"kind":"'"${kind-tgt}"'","portals":["'"$host"':3260"],"target":"'"$copy"'","lun":1,"persona":"drill-web-01","generation":1}}'
}

# writer NAME TARGET USER SECRET
writer() {
	"$bin/tests/lib/writer" "$host:3260" "$2" 1 "iqn.2026-01.org.example:$1" "$3" "$4" "$at/$1" 3>&- &
	started+=($!)
	until_true 10 grep -qsx in "$at/$1"
}

# number_in FILE: what the writer wrote last.
number_in() { od -An -tu8 -j 4096 -N 8 "$1" | tr -d ' '; }
has_gone_on() { [ "$(number_in "$fs/boots")" -gt "$1" ]; }

# Writes a growing number at one place and then at another, far from it, until it is ended.
two_places() {
	local n=10000000 place
	while :; do
		n=$((n + 1))
		for place in 2048 7000000; do
			printf %d $n | dd of="$fs/boots" bs=8 seek=$place conv=notrunc status=none
		done
	done
}

number_at() { dd if="$2" bs=8 skip="$1" count=1 status=none | tr -d "\0"; }
has_number() { [ -n "$(number_at "$1" "$fs/boots")" ]; }

let_in() { # TARGET [USER SECRET]
	iscsi-inq -i iqn.2026-01.org.example:somebody "iscsi://${2:+$2%$3@}$host:3260/$1/1" >/dev/null 2>&1
}

targets() { tgt --lld iscsi --mode target --op show | sed -n 's/^Target [0-9]*: //p'; }
accounts_of() { tgt --lld iscsi --mode target --op show | sed -n "/^Target [0-9]*: $1\$/,/^Target /{/Account information/,/ACL/s/^        //p}" | tr '\n' ' '; }

# All that tgtd says of the persona's target, and the accounts that are not of the rehearsal.
target_says() {
	tgt --lld iscsi --mode target --op show | sed -n '/^Target 1:/,/^Target [^1]/p' | grep -v '^Target [^1]'
	tgt --lld iscsi --mode account --op show | grep -v drill-
}

nothing_left() {
	[ "$(targets)" = "$iqn" ]
	[ -z "$(ls -A "$fs/clones")" ]
	[[ $(tgt --lld iscsi --mode account --op show) != *drill-* ]]
}

@test "a copy is of one moment while a writer writes, opens to its own account alone, and goes again" {
	writer one "$iqn" web-01 right-secret
	target_says >"$at/before"
	first=$(number_in "$fs/boots")
	until_true 10 has_gone_on "$first"
	low=$(number_in "$fs/boots")
	good "$(clone 3 secret-of-three)"
	high=$(number_in "$fs/boots")
	img=$fs/clones/$copy.img
	# What was written before the copy is in it, and nothing that came after.
	[ "$(number_in "$img")" -ge "$low" ]
	[ "$(number_in "$img")" -le "$high" ]
	cmp -n 4096 "$img" "$at/boots"
	[ "$(stat -c %s "$img")" = $((64 << 20)) ]
	# The two share their blocks: nothing was copied.
	shared=$(filefrag -v "$img" | grep -c shared)
	[ "$shared" -ge 1 ]
	[ "$(accounts_of "$copy")" = "drill-web-01.3 " ]
	run ! let_in "$copy"
	run ! let_in "$copy" web-01 right-secret
	run ! let_in "$copy" drill-web-01.3 right-secret
	let_in "$copy" drill-web-01.3 secret-of-three
	run ! let_in "$iqn" drill-web-01.3 secret-of-three
	# The writer has noticed nothing.
	until_true 10 has_gone_on "$high"
	run ! grep -q 'lost\|refused' "$at/one"
	target_says | diff "$at/before" -
	# Who writes at the copy writes at nothing else, and is gone when it goes.
	writer rehearsal "$copy" drill-web-01.3 secret-of-three
	good "$(remove)"
	until_true 10 grep -qs '^refused: \|^lost' "$at/rehearsal"
	nothing_left
	now=$(number_in "$fs/boots")
	until_true 10 has_gone_on "$now"
	run ! grep -q 'lost\|refused' "$at/one"
	target_says | diff "$at/before" -
	good "$(remove)"
}

@test "no copy has a later write without the earlier one" {
	two_places 3>&- &
	started+=($!)
	until_true 30 has_number 7000000
	for n in {1..15}; do
		good "$(clone "$n" "secret-$n")"
		a=$(number_at 2048 "$fs/clones/$copy.img")
		b=$(number_at 7000000 "$fs/clones/$copy.img")
		echo "$a $b"
		[ "$a" = "$b" ] || [ "$a" = $((b + 1)) ]
	done
	good "$(remove)"
}

@test "one that was left over is found and made anew, also by halves" {
	good "$(clone 3 secret-of-three)"
	writer old "$copy" drill-web-01.3 secret-of-three
	good "$(clone 4 secret-of-four ',"mutual_user":"drill-web-01.4.t","mutual_secret":"what-it-shows"')"
	[ "$(accounts_of "$copy")" = "drill-web-01.4 drill-web-01.4.t (outgoing) " ]
	run ! let_in "$copy" drill-web-01.3 secret-of-three
	let_in "$copy" drill-web-01.4 secret-of-four
	[[ $(tgt --lld iscsi --mode account --op show) != *drill-web-01.3* ]]
	# Killed at each request: nobody is let in, and the next one finds whatever is there.
	for cut in {1..80}; do
		status=0
		TGTWAY_CUT=$cut "${way[@]}" "$bin/baton-hand" <<<"$(clone $((cut + 4)) "secret-$cut")" >"$at/out" || status=$?
		[ $status != 0 ] || break
		[ $status = 137 ]
		run ! let_in "$copy"
	done
	[ "$cut" -gt 15 ]
	[ "$cut" -lt 80 ]
	for cut in {1..80}; do
		status=0
		TGTWAY_CUT=$cut "${way[@]}" "$bin/baton-hand" <<<"$(remove)" >"$at/out" || status=$?
		[ $status != 0 ] || break
		run ! let_in "$copy"
	done
	nothing_left
	good "$(clone 99 secret-of-99)"
	let_in "$copy" drill-web-01.99 secret-of-99
	good "$(remove)"
	nothing_left
	# A file without a target, and a target without a file.
	echo x >"$fs/clones/$copy.img"
	good "$(remove)"
	tgt_target 7 "$copy"
	good "$(remove)"
	nothing_left
}

@test "somebody's own target of that name is not touched" {
	truncate -s 1M "$at/own"
	tgt_target 7 "$copy"
	tgt_lun 7 1 "$at/own"
	bad "$(clone 3 secret-of-three)" EEXIST "is no copy that Baton made"
	bad "$(remove)" EEXIST "is no copy that Baton made"
	targets | grep -qx "$copy"
	[ -z "$(ls -A "$fs/clones")" ]
}

@test "what cannot be copied says so, and leaves nothing" {
	of_lun=2 bad "$(of_lun=2 clone 3 secret-of-three)" ENOTSUP \
		"$at/blank cannot be copied at one moment: want it and clones_dir on one file system"
	nothing_left
	bad "$(of_lun=9 clone 3 secret-of-three)" ENXIO "no file behind LUN 9"
	bad "$(of=$iqn-other clone 3 secret-of-three)" ENOENT "no such target"
	BATON_CLONES_DIR='' bad "$(clone 3 secret-of-three)" ENOTSUP "set clones_dir in baton.conf"
	BATON_CLONES_DIR=$at/nowhere bad "$(clone 3 secret-of-three)" ENOENT "$at/nowhere"
	bad "$(kind=iscsi clone 3 secret-of-three)" ENOTSUP "SAN kind iscsi: it makes no copy of one moment"
	bad "$(of=$copy clone 3 secret-of-three)" EINVAL "want another IQN than target"
	bad "$(clone 3 '')" EINVAL "user and secret together"
	[[ $output != *secret-of-three* ]]
	nothing_left
}

@test "the driver keeps what core/san.h promises of copies" {
	BATON_TEST_SAN="tgt $host:3260 $host:3261 $iqn web-01 right-secret" BATON_TEST_CLONES=$fs/clones \
		run -0 "${way[@]}" "$bin/tests/unit/san_clone_test"
	echo "$output"
	nothing_left
}

@test "a hand reads no disk that was not opened to it" {
	chmod 711 "$at" "$BATS_TEST_TMPDIR"
	chown 64523 "$fs/clones" "$at/run" "$at/secrets"
	chmod 600 "$fs/boots"
	as=(/usr/bin/setpriv --reuid 64523 --regid 64523 --clear-groups)
	cp "$bin/baton-hand" "$fs/baton-hand"
	chmod 755 "$fs/baton-hand" "$fs"
	# tgtway connects as root, as batond does; the hand behind it has no rights.
	unprivileged() { run -0 --separate-stderr "${way[@]}" "${as[@]}" "$fs/baton-hand" <<<"$1"; echo "$output"; }
	for d in "${at%/*}" "${at%/*/*}" "${at%/*/*/*}"; do chmod a+x "$d"; done
	unprivileged "$(clone 3 secret-of-three)"
	[[ $output == *'"errno":"EACCES"'*"may not read $fs/boots"*chgrp* ]]
	nothing_left
	chgrp 64523 "$fs/boots"
	chmod 640 "$fs/boots"
	unprivileged "$(clone 3 secret-of-three)"
	[[ $output == '{"ok":true'* ]]
	let_in "$copy" drill-web-01.3 secret-of-three
	unprivileged "$(remove)"
	[[ $output == '{"ok":true'* ]]
	nothing_left
}

@test "the fake is copied by the same deeds" {
	kind=fake
	echo $'lun=1 bytes=1048576 block_len=512 bootable=1\naccount=web-01 old\nregistration=7' >"$at/fake/$iqn.san"
	cp "$at/fake/$iqn.san" "$at/was"
	good "$(clone 3 secret-of-three)"
	grep -qx "account=drill-web-01.3 secret-of-three" "$at/fake/$copy.san"
	[ "$(grep -c 'account=\|registration=' "$at/fake/$copy.san")" = 1 ]
	cmp "$at/was" "$at/fake/$iqn.san"
	good "$(remove)"
	[ ! -e "$at/fake/$copy.san" ]
	good "$(remove)"
	echo clone=torn >>"$at/fake/$iqn.san"
	bad "$(clone 4 s4)" ENOTSUP "cannot be copied at one moment"
}
