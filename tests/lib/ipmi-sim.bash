# SPDX-License-Identifier: GPL-3.0-or-later
# One BMC in software: ipmi_sim on a loopback address. Sourced by bats files.

# ipmi_sim_start FOLDER HOST PORT USER SECRET PROGRAM [ARGS...]
# PROGRAM is the machine behind it (see tests/lib/chassis). Answers once this returns 0; its process
# is then in $ipmi_sim_pid. FOLDER is its own, and is made.
ipmi_sim_start() {
	local folder=$1 host=$2 port=$3 user=$4 secret=$5
	shift 5
	mkdir -p "$folder/state"
	cat >"$folder/lan.conf" <<-EOF
		name "bmc"
		set_working_mc 0x20
		startlan 1
		  addr $host $port
		  priv_limit admin
		  allowed_auths_callback none md2 md5 straight
		  allowed_auths_user none md2 md5 straight
		  allowed_auths_operator none md2 md5 straight
		  allowed_auths_admin none md2 md5 straight
		  guid a123456789abcdefa123456789abcdef
		endlan
		chassis_control "$*"
		user 2 true "$user" "$secret" admin 10 none md2 md5 straight
	EOF
	cat >"$folder/cmd.conf" <<-EOF
		mc_setbmc 0x20
		mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
		sel_enable 0x20 1000 0x0a
		mc_enable 0x20
	EOF
	ipmi_sim -n -d -c "$folder/lan.conf" -f "$folder/cmd.conf" -s "$folder/state" \
		>"$folder/sim.log" 2>&1 3>&- &
	ipmi_sim_pid=$!
	# The socket of that pid on that address, seen by the kernel: no packet is needed.
	local deadline=$((SECONDS + 10))
	until ss -Hlun "src $host and sport = :$port" | grep -q .; do
		if ! kill -0 "$ipmi_sim_pid" 2>/dev/null || ((SECONDS > deadline)); then
			echo "ipmi_sim does not listen on $host:$port: $(cat "$folder/sim.log")" >&2
			return 1
		fi
		read -rt 0.02 <> <(:) || :
	done
}

# Ends the one that was started last, or the one of that pid.
ipmi_sim_stop() {
	local pid=${1:-${ipmi_sim_pid-}}
	[ -n "$pid" ] || return 0
	kill -KILL "$pid" 2>/dev/null || :
	wait "$pid" 2>/dev/null || :
	ipmi_sim_pid=
}

# An address of the loopback network that no other test has: tests may run side by side.
loopback_address() {
	echo "127.$((RANDOM % 250 + 2)).$((RANDOM % 250 + 2)).$((RANDOM % 250 + 2))"
}
