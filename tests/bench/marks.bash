# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Marks of a double boot on $blade (blade-a), as `MILLISECONDS NAME` lines in $marks, whoever answers it. Sourced by
# by-hand.sh and by-baton.sh, which bring the lab in $dir up and begin the marks before they power the blade on.

now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t/[.,]/} / 1000))
}

# NAME: now, if it is the first of that name.
mark() {
	grep -q " $1\$" "$marks" 2>/dev/null || echo "$(now_ms) $1" >>"$marks"
}

blade_marks() {
	local word
	tail -q -n 0 -F "$dir/log/$blade" 2>/dev/null | while read -r _ _ word _; do
		case $word in
		power-on) mark power-on ;;
		nvram-write) mark written ;;
		guest-reset) mark reset ;;
		esac
	done
}

console_marks() {
	local line
	tail -q -n 0 -F "$dir/$blade/console.log" 2>/dev/null | while IFS= read -r line; do
		case $line in
		*"is operational now"*) mark lun ;;
		*END-FACTS*) mark os-up ;;
		esac
	done
}

# Both, in a process group of their own whose first process is $watchers.
marks_begin() {
	: "${blade:=blade-a}"
	marks=$dir/marks
	: >"$marks"
	: >>"$dir/$blade/console.log"
	export -f now_ms mark blade_marks console_marks
	export marks dir blade
	setsid bash -c 'blade_marks & console_marks & wait' &
	watchers=$!
}

marks_end() {
	[ -z "${watchers:-}" ] || kill -- -"$watchers" 2>/dev/null || true
	watchers=
}

wait_mark() { # NAME SECONDS
	local end=$((SECONDS + $2))
	until grep -q " $1\$" "$marks"; do
		if [ $SECONDS -ge $end ]; then
			echo "bench: no \`$1\` within $2 s; see $dir" >&2
			return 1
		fi
		read -rt 0.05 <> <(:) || true
	done
}

# The marks in order, as `NAME MILLISECONDS-SINCE-POWER-ON`.
marks_print() {
	sort -n "$marks" | awk '$2 == "power-on" {begin = $1} {at[NR] = $1; name[NR] = $2}
		END {for (i = 1; i <= NR; i++) print name[i], at[i] - begin}'
}
