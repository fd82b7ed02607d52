# SPDX-License-Identifier: GPL-3.0-or-later
# baton-hand without batond: what it is started with, its answers, and a target for it. Sourced by bats
# files, behind tgt.bash; $bin is where the programs are, $host a loopback address.
# shellcheck disable=SC2154

# A folder and the environment of a hand, in $at.
hand_setup() {
	at=$BATS_TEST_TMPDIR
	iqn=iqn.2026-01.org.example:web-01
	mkdir "$at/run" "$at/secrets" "$at/fake"
	export BATON_RUN_DIR=$at/run BATON_SECRETS_DIR=$at/secrets BATON_FAKE_DIR=$at/fake
	export BATON_DEADLINE_MS=20000 BATON_SAN_IQN=iqn.2026-01.baton:broker
	unset BATON_SAN_USER BATON_SAN_SECRET
}

secret_put() {
	rm -f "$BATON_SECRETS_DIR/$1"
	(umask 077 && printf '%s\n' "$2" >"$BATON_SECRETS_DIR/$1")
}

# hand DEED: one answer, in $output; it must be one line of JSON. $way, where it is set, is what gives the hand its
# way to tgtd.
hand() {
	run -0 --separate-stderr "${way[@]}" "$bin/baton-hand" <<<"$1"
	echo "$output"
	[ "${#lines[@]}" -eq 1 ] && [[ $output == '{"ok":'*'}' ]]
}

good() {
	hand "$1" && [[ $output == '{"ok":true,'* ]]
}

# bad DEED ERRNO WORDS...: refused with that errno and a sentence that holds all the words
bad() {
	hand "$1"
	[[ $output == '{"ok":false,"errno":"'"$2"'","why":"'* ]] || return 1
	for words in "${@:3}"; do
		[[ $output == *"$words"* ]] || return 1
	done
}

now_ms() {
	local s=${EPOCHREALTIME/./}
	echo $((s / 1000))
}

# until_true SECONDS COMMAND...: waits for it, polling
until_true() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < deadline)) || return 1
		read -rt 0.02 <> <(:) || :
	done
}

# The target $iqn with three disks and the account web-01.
target() {
	truncate -s 64M "$at/boots"
	printf '\353\143\220' | dd of="$at/boots" conv=notrunc status=none
	printf '\125\252' | dd of="$at/boots" bs=1 seek=510 conv=notrunc status=none
	truncate -s 1M "$at/blank"
	truncate -s 8M "$at/large"
	printf 'EFI PART' | dd of="$at/large" bs=4096 seek=1 conv=notrunc status=none
	tgt_start "$at/tgt" "$host" 3260
	tgt_target 1 "$iqn"
	tgt_lun 1 1 "$at/boots"
	tgt_lun 1 2 "$at/blank"
	tgt_lun 1 3 "$at/large" 4096
	tgt_account 1 web-01 right-secret
}
