#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2089,SC2090 # the story's words go through the environment, quotes and all
# `make run`: a persona boots on one machine and moves to another, told as it happens; then the lab
# stays up until Ctrl-C. With RUN_ONCE=1 it ends with the story.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
lab=$here/lab.sh
dir=${LAB_DIR:-$top/build/lab/run}
wrapper=$top/build/lab/baton
told=
begin=0

bold='' dim='' green='' cyan='' plain=''
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' cyan=$'\e[36m' plain=$'\e[0m'
fi

# The story is one process group, so that it can be ended whole.
finish() {
	trap '' INT TERM
	trap - EXIT
	end_story
	"$lab" down "$dir" || true
	rm -f "$wrapper"
}
trap finish EXIT
trap 'exit 130' INT TERM

now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t/[.,]/} / 1000))
}

# From Baton's own events to `MILLISECONDS <TAB> MACHINE <TAB> KIND <TAB> TEXT`.
tell='(.items // [.])[] | . as $e
	| def f(k): ($e.text | [match("(?:^| )" + k + "=([^ ]*)").captures[0].string][0] // "");
	{
		"order-begun": ["order", "order " + ($e.order | tostring) + ": " + ($e.text | split(" ")[1]) + " " + $e.persona],
		"step-begun": ["step", f("step")],
		"dhcp-answered": ["net", "DHCP: " + ({firmware: "firmware", ipxe: "iPXE", os: "an OS"}[f("stage")] // f("stage"))
			+ " with " + f("mac") + " gets " + f("addr") + (if f("file") != "" then " and " + f("file") else "" end)],
		"loader-sent": ["net", "loader: " + f("file") + ", " + f("bytes") + " bytes by TFTP"],
		"script-sent": ["net", "script: " + f("script")],
		"shim-sent": ["net", "shim: kernel and initrd are over"],
		"factory-journaled": ["id", "factory address of " + f("pci") + " journaled: " + f("factory")],
		"identity-written": ["id", f("old") + " -> " + f("new") + "  (" + f("pci") + ", read back)"],
		"step-failed": ["bad", "a try failed: " + $e.text],
		"order-stopped": ["bad", "the order stopped: " + $e.text],
		"order-done": ["order", "order " + ($e.order | tostring) + " is done"],
		"child-died": ["bad", "a process of Baton died: " + $e.text]
	}[$e.word] // empty
	| [($e.at * 1000 | floor), (if $e.machine == "" then "-" else $e.machine end), .[0], .[1]] | @tsv'

baton_tells() {
	"$lab" enter "$dir" /mnt/bin/baton events -f -o json --since "$1" | jq --unbuffered -r "$tell"
}

# From a blade's supervisor: `SECONDS.MS BLADE WORD ...`.
blade_tells() {
	local at name word rest text
	tail -q -n 0 -F "$dir/log/blade-a" "$dir/log/blade-b" 2>/dev/null | while read -r at name word rest; do
		case $word in
		power-on) text="power on" ;;
		power-off) text="power off (${rest#why=})" ;;
		power-button) text="power button: the OS is asked to shut down" ;;
		guest-reset) text="reboot" ;;
		*) continue ;;
		esac
		printf '%s\t%s\tpower\t%s\n' "${at/./}" "$name" "$text"
	done
}

console_tells() {
	local line
	tail -n 0 -F "$dir/$1/console.log" 2>/dev/null | while IFS= read -r line; do
		case $line in
		*"Booting from SAN"*) line="firmware reads the LUN" ;;
		*"is operational now"*) line="LUN: the persona's kernel has logged in" ;;
		*END-FACTS*) line="OS up" ;;
		*) continue ;;
		esac
		printf '%s\t%s\tos\t%s\n' "$(now_ms)" "$1" "$line"
	done
}

print_story() {
	local at who kind text colour
	while IFS=$'\t' read -r at who kind text; do
		case $kind in
		order) colour=$bold ;;
		id) colour=$cyan ;;
		os) colour=$green ;;
		bad) colour=$bold ;;
		step) colour=$dim ;;
		*) colour=$plain ;;
		esac
		at=$((at - begin))
		[ $at -ge 0 ] || at=0
		printf '%5d.%d s  %-8s %s%s%s\n' $((at / 1000)) $((at % 1000 / 100)) "$who" "$colour" "$text" "$plain"
	done
}

begin_story() {
	local last
	last=$("$wrapper" events -o json | jq '[.items[].id] | max // 0')
	begin=$(now_ms)
	export -f baton_tells blade_tells console_tells print_story now_ms
	export lab dir tell begin last bold dim green cyan plain
	setsid bash -c '{ baton_tells "$last" & blade_tells & console_tells blade-a & console_tells blade-b & wait; } | print_story' &
	told=$!
}

end_story() {
	[ -n "$told" ] || return 0
	kill -- -"$told" 2>/dev/null || true
	wait "$told" 2>/dev/null || true
	told=
}

blocks() {
	grep -c END-FACTS "$dir/$1/console.log" 2>/dev/null || true
}

# An order, and then the OS it brings up.
order_and_os() { # BLADE WORDS...
	local name=$1 before end
	shift
	before=$(blocks "$name")
	if ! "$wrapper" "$@" >"$dir/log/order" 2>&1; then
		cat "$dir/log/order" >&2
		exit 1
	fi
	end=$((SECONDS + 180))
	until [ "$(blocks "$name")" -gt "${before:-0}" ]; do
		if [ $SECONDS -ge $end ]; then
			echo "run: the persona's OS did not come up on $name within 3 minutes; see $dir/$name/console.log" >&2
			exit 1
		fi
		sleep 0.1
	done
	sleep 0.2 # the story's own lines come through pipes
}

fact() { # FILE NAME
	sed -n "s/^$2=//p" "$1"
}

compare() {
	local a=$dir/facts-a b=$dir/facts-b name left right same=0 wrong=0
	printf '\n%s%-12s %-42s %-42s%s\n' "$bold" "" "on blade-a" "on blade-b" "$plain"
	for name in mac ip hostname initiator machine-id marker; do
		left=$(fact "$a" $name) right=$(fact "$b" $name)
		[ $name != marker ] || left="(written before the move) $marker"
		if [ "${left#"(written before the move) "}" = "$right" ] && [ -n "$right" ]; then
			same=$((same + 1))
			printf '%-12s %-42s %-42s %ssame%s\n' "$name" "$left" "$right" "$green" "$plain"
		else
			wrong=1
			printf '%-12s %-42s %-42s %sNOT THE SAME%s\n' "$name" "$left" "$right" "$bold" "$plain"
		fi
	done
	for name in cpu firmware driver uuid; do
		printf '%s%-12s %-42s %-42s the body'\''s%s\n' "$dim" "$name" "$(fact "$a" $name)" "$(fact "$b" $name)" "$plain"
	done
	printf '\nblade-a has its factory address back:\n'
	"$lab" blade "$dir" blade-a nvram show
	return $wrong
}

mkdir -p "$top/build/lab"
"$lab" down "$dir"
rm -rf "$dir"
echo "The lab comes up: a network, an iSCSI target, two machines with management controllers, and Baton."
LAB_OWNER=$$ "$lab" up "$dir"
cat >"$wrapper" <<END
#!/bin/sh
# Types \`baton ...\` inside the lab.
exec "$lab" enter "$dir" /mnt/bin/baton "\$@"
END
chmod +x "$wrapper"

printf '\n%sA persona, web-01, starts on blade-a (BIOS, Intel).%s\n' "$bold" "$plain"
begin_story
order_and_os blade-a start web-01 blade-a
"$lab" facts "$dir" blade-a >"$dir/facts-a"
marker="note-$(date +%s)"
"$lab" shell "$dir" blade-a "echo $marker >/var/lib/marker && sync"
end_story

printf '\n%sIt moves to blade-b (UEFI, AMD, another NIC).%s\n' "$bold" "$plain"
begin_story
order_and_os blade-b move web-01 blade-b
end_story
"$lab" facts "$dir" blade-b >"$dir/facts-b"
compare

[ -z "${RUN_ONCE:-}" ] || exit 0
cat <<END

The lab stays up. In another terminal:
  ${bold}sudo ${wrapper#"$PWD"/} status${plain}            what runs where
  ${bold}sudo ${wrapper#"$PWD"/} move web-01 blade-a${plain}   and back
  ${bold}sudo ${wrapper#"$PWD"/} help${plain}              all words
  ${bold}sudo socat -,raw,echo=0,escape=0x1d UNIX-CONNECT:${dir#"$PWD"/}/blade-b/console${plain}   the console (Ctrl-] leaves)
Ctrl-C ends it.
END
while :; do
	sleep 3600 &
	wait $!
done
