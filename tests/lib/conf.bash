# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The settings of a batond that a test starts. Sourced by bats files and benches.

# conf_lines INTERFACES FOLDER USER [ETC]: all lies in FOLDER, but key, packs and secrets in ETC, where that is given; its
# users are USER and the next three.
conf_lines() {
	local at=$2 user=$3 etc=${4:-$2}
	cat <<-END
		interfaces = $1
		run_dir = $at/run
		state_dir = $at/state
		key_file = $etc/store.key
		boot_dir = $at/boot
		scripts_dir = $at/scripts
		packs_dir = $etc/packs
		secrets_dir = $etc/secrets
		user_broker = $user
		user_edge = $((user + 1))
		user_files = $((user + 2))
		user_hand = $((user + 3))
		group_api = 0
	END
}
