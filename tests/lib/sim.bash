# SPDX-License-Identifier: GPL-3.0-or-later
# One BMC in software: baton-sim. Sourced by bats files; $bin is where the programs are.
# shellcheck disable=SC2034,SC2154

# sim_start FOLDER [OPTION...]: answers once this returns 0, by Redfish at $redfish and by IPMI at $ipmi_port, for
# the user baton. Its process is then in $sim_pid, and FOLDER/machine.* is its machine.
sim_start() {
	local folder=$1
	shift
	mkdir -p "$folder"
	[ -e "$folder/secret" ] || (umask 077 && echo s3cret-word >"$folder/secret")
	"$bin/baton-sim" bmc --dir "$folder" --user baton --secret-file "$folder/secret" --redfish 127.0.0.1:0 \
		--ipmi 127.0.0.1:0 "$@" >"$folder/out" 2>"$folder/err" 3>&- &
	sim_pid=$!
	sim_pids+=("$sim_pid")
	local deadline=$((SECONDS + 10))
	until grep -qx ready "$folder/out"; do
		if ! kill -0 "$sim_pid" 2>/dev/null || ((SECONDS > deadline)); then
			echo "baton-sim does not answer: $(cat "$folder/err")" >&2
			return 1
		fi
		read -rt 0.02 <> <(:) || :
	done
	redfish=$(awk '$1 == "redfish" { print $2 }' "$folder/out")
	ipmi_port=$(sed -n 's/^ipmi .*://p' "$folder/out")
}

# Ends all that were started, or that one.
sim_stop() {
	local pid
	for pid in "${@:-${sim_pids[@]}}"; do
		[ -n "$pid" ] || continue
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
}

# ask METHOD PATH [BODY [CURL OPTION...]]: the body in $output, the status in $status_code, the header in $at/header.
ask() {
	local method=$1 path=$2 body=${3-}
	shift $(($# < 3 ? $# : 3))
	curl_code=0
	output=$(curl -sk --max-time 10 -D "$at/header" -u baton:s3cret-word -X "$method" -H 'Content-Type: application/json' \
		${body:+-d "$body"} "$@" "$redfish$path") || curl_code=$?
	status_code=$(awk 'NR == 1 { print $2 }' "$at/header")
	echo "$method $path: $status_code $output"
}

# want STATUS METHOD PATH [BODY...]: asks, and wants that status.
want() {
	local status=$1
	shift
	ask "$@"
	[ "$status_code" = "$status" ]
}

# value PATH JQ: one value of a resource
value() {
	curl -sk --max-time 10 -u baton:s3cret-word "$redfish$1" | jq -r "$2"
}

# The value of that field of the last answer's header.
field() {
	tr -d '\r' <"$at/header" | sed -n "s/^$1: //Ip"
}
