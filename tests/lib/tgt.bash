# SPDX-License-Identifier: GPL-3.0-or-later
# An iSCSI target in software: tgtd on a loopback address. Sourced by bats files.

# tgt_start FOLDER HOST PORT: listens once this returns 0. Its process is in $tgt_pid, the number of its control
# socket in $tgt_control.
tgt_start() {
	local folder=$1 host=$2 port=$3
	mkdir -p "$folder"
	tgt_control=$((RANDOM % 30000 + 1000))
	while [ -e "/var/run/tgtd/socket.$tgt_control" ]; do
		tgt_control=$((RANDOM % 30000 + 1000))
	done
	tgtd -f -C "$tgt_control" --iscsi "portal=$host:$port" >"$folder/tgtd.log" 2>&1 3>&- &
	tgt_pid=$!
	local deadline=$((SECONDS + 10))
	until ss -Hltn "src $host and sport = :$port" | grep -q . &&
		tgt --lld iscsi --mode target --op show >/dev/null 2>&1; do
		if ! kill -0 "$tgt_pid" 2>/dev/null || ((SECONDS > deadline)); then
			echo "tgtd does not listen on $host:$port: $(cat "$folder/tgtd.log")" >&2
			return 1
		fi
		read -rt 0.05 <> <(:) || :
	done
}

tgt() {
	tgtadm -C "$tgt_control" "$@"
}

# tgt_target TID IQN
tgt_target() {
	tgt --lld iscsi --mode target --op new --tid "$1" -T "$2" &&
		tgt --lld iscsi --mode target --op bind --tid "$1" -I ALL
}

# tgt_lun TID LUN FILE [BLOCK_LEN]: FILE is an absolute path
tgt_lun() {
	tgt --lld iscsi --mode logicalunit --op new --tid "$1" --lun "$2" -b "$3" \
		--blocksize "${4:-512}"
}

# tgt_account TID USER SECRET: who shows one of a target's accounts is let in
tgt_account() {
	tgt --lld iscsi --mode account --op new --user "$2" --password "$3" &&
		tgt --lld iscsi --mode account --op bind --tid "$1" --user "$2"
}

# tgt_sessions TID: one "IQN" of an initiator per line
tgt_sessions() {
	tgt --lld iscsi --mode target --op show | sed -n "/^Target $1:/,/^Target /p" |
		sed -n 's/^ *Initiator: \([^ ]*\).*/\1/p'
}

# tgtd ends by nothing but SIGKILL.
tgt_stop() {
	[ -n "${tgt_pid-}" ] || return 0
	kill -KILL "$tgt_pid" 2>/dev/null || :
	wait "$tgt_pid" 2>/dev/null || :
	rm -f "/var/run/tgtd/socket.$tgt_control" "/var/run/tgtd/socket.$tgt_control.lock"
	tgt_pid=
}
