#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may include whom: holds every #include under broker/ and initramfs/ to layers.txt.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck disable=SC2016 # awk's own $
find broker initramfs -name '*.[ch]' | sort | xargs awk '
function bad(what) { print FILENAME ":" FNR ": " what; failed = 1 }
# Does the name match the entry, or lie in it where it ends in a slash?
function in_(name, entry) { return entry ~ /\/$/ ? index(name, entry) == 1 : name == entry }
function any_in(name, list, i, n, at) {
	n = split(list, at, " ")
	for (i = 1; i <= n; i++) if (in_(name, at[i])) return 1
	return 0
}
function angled(h, entry) {
	if (me in pure && !any_in(h, sees)) bad(me " is pure and may not see <" h ">")
	for (entry in owner) if (in_(h, entry)) {
		if (!any_in(FILENAME, owner[entry])) bad("<" h "> belongs to " owner[entry])
		return
	}
	if (!any_in(h, libc)) bad("<" h "> has no owner; name one in tests/lint/layers.txt")
}
FILENAME == "tests/lint/layers.txt" {
	sub(/#.*/, ""); word = $1; name = $2
	if (word == "") next
	if (word == "pure") { for (i = 2; i <= NF; i++) pure[$i]; next }
	sub(/^[ \t]*[a-z]+[ \t]+/, "")
	if (word == "sees") { sees = sees " " $0; next }
	if (word == "system") { libc = libc " " $0; next }
	sub(/^[^ \t]+[ \t]+/, ""); sub(/[ \t]+$/, "")
	if (word == "layer") { known[name]; n = split($0, to, " "); for (i = 1; i <= n; i++) may[name, to[i]] }
	else if (word == "owner") owner[name] = $0
	else bad("unknown word " word)
	next
}
FNR == 1 {
	n = split(FILENAME, path, "/"); me = path[1] == "broker" ? path[2] : path[1]
	if (!(me in known)) bad(me " is no layer; name it in tests/lint/layers.txt")
}
!/^[ \t]*#[ \t]*include/ { next }
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, quoted, "\""); split(quoted[2], to, "/")
	if (!to[2])                     bad("name the layer: #include \"" me "/" quoted[2] "\"")
	else if (!((me, to[1]) in may)) bad(me " may not include " to[1] " (" quoted[2] ")")
	next
}
/^[ \t]*#[ \t]*include[ \t]*</ { split($0, found, /[<>]/); angled(found[2]); next }
{ bad("write the name of the header that is included") }
END { exit failed }
' tests/lint/layers.txt || exit 1
