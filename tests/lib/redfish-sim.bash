# SPDX-License-Identifier: GPL-3.0-or-later
# One BMC by Redfish in software: baton-sim on a loopback address. Sourced by bats files; $bin is where the
# programs are.
# shellcheck disable=SC2154,SC2034

# redfish_sim_start FOLDER ADDR:PORT MACHINE [WORDS...]: its memory is in FOLDER, its machine is made of files
# FOLDER/NAME. It answers once this returns 0; its process is then in $redfish_sim_pid, its port in
# $redfish_sim_port, and its certificate's fingerprint in $redfish_sim_pin. Account baton, s3cret-word.
redfish_sim_start() {
	local folder=$1 at=$2 machine=$3 deadline=$((SECONDS + 10)) line
	shift 3
	mkdir -p "$folder"
	echo s3cret-word >"$folder/secret"
	: >"$folder/out"
	"$bin/baton-sim" bmc --dir "$folder/memory" --user baton --secret-file "$folder/secret" --redfish "$at" \
		--machine "$machine" "$@" >"$folder/out" 2>&1 3>&- &
	redfish_sim_pid=$!
	until grep -qx ready "$folder/out"; do
		if ! kill -0 "$redfish_sim_pid" 2>/dev/null || ((SECONDS > deadline)); then
			echo "baton-sim does not come up at $at: $(cat "$folder/out")" >&2
			return 1
		fi
		read -rt 0.02 <> <(:) || :
	done
	line=$(grep '^redfish ' "$folder/out")
	redfish_sim_port=${line##*:}
	redfish_sim_port=${redfish_sim_port%% *}
	redfish_sim_pin=sha256:${line##*sha256=}
}

redfish_sim_stop() {
	[ -n "${redfish_sim_pid-}" ] || return 0
	kill -KILL "$redfish_sim_pid" 2>/dev/null || :
	wait "$redfish_sim_pid" 2>/dev/null || :
	redfish_sim_pid=
}
