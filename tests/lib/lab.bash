# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The lab of tests/lab for bats: real machines under QEMU, real Baton. Sourced by bats files.

# In setup_file: the lab is this file's, and ends with it.
lab_begin() {
	top=$PWD
	dir=$BATS_FILE_TMPDIR/lab
	lab=$top/tests/lab/lab.sh
	LAB_BIN=$(realpath "${B:-build/dev}")
	export top dir lab LAB_BIN
	make -s persona 3>&-
	LAB_OWNER=$$ "$lab" up "$dir" 3>&-
}

lab_end() {
	"$lab" down "$dir"
}

baton() {
	"$lab" enter "$dir" /mnt/bin/baton "$@"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; says what did not come, and what was logged last.
wait_for() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@"; do
		if [ $SECONDS -ge $end ]; then
			echo "not in time: $what ($*)"
			tail -n 30 "$dir/log/batond"
			tail -n 5 "$dir"/log/blade-? "$dir"/blade-?/console.log
			return 1
		fi
		read -rt 0.1 <> <(:) || true
	done
}

# How often the persona's OS has come up on a blade.
times_up() {
	grep -c END-FACTS "$dir/$1/console.log" 2>/dev/null || true
}

is_up_again() { # BLADE TIMES-BEFORE
	[ "$(times_up "$1")" -gt "$2" ]
}

fact() { # BLADE NAME
	"$lab" facts "$dir" "$1" | sed -n "s/^$2=//p"
}

happened() { # WORD PATTERN: the broker has logged such an event
	grep -qE "baton-broker $1 .*$2" "$dir/log/batond"
}

in_lab() {
	"$lab" enter "$dir" "$@"
}

# The newest process of that name inside the lab.
pid_in_lab() {
	in_lab sh -c "for p in /proc/[0-9]*; do [ \"\$(cat \$p/comm 2>/dev/null)\" = $1 ] && echo \${p#/proc/}; done" |
		sort -n | tail -n 1
}
