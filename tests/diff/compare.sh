#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Holds the differences of two servers' answers (tests/diff/ask prints them) to the list of those that are
# intended: compare.sh STOCK OURS INTENDED. A line for each difference that is not on the list, and for each on
# the list that did not occur. `compare.sh -l STOCK OURS` prints all there are, in the form of the list.
set -eu
list=
if [ "$1" = -l ]; then
	list=1
	shift
	set -- "$1" "$2" /dev/null
fi
# shellcheck disable=SC2016 # awk's own $
exec awk -v list="$list" '
function say(what) { print what; failed = 1 }
function value(side, name, field) { return (side, name, field) in got ? got[side, name, field] : "none" }
# Of the order of options, what both have: an option that one of them lacks is a difference of its own.
function common(order, other, i, n, at, text) {
	n = split(order, at, ",")
	for (i = 1; i <= n; i++) if (index("," other ",", "," at[i] ",")) text = text "," at[i]
	return substr(text, 2)
}
function differ(name, field, stock, ours, key) {
	if (stock == ours) return 0
	key = name " " field
	seen[key]
	if (list) print name, field, stock, ours
	else if (!(key in want)) say(name ": " field ": stock " stock ", ours " ours ": not intended")
	else if (want[key] != stock " " ours) say(name ": " field ": stock " stock ", ours " ours "; intended was: " want[key])
	return 1
}
function compare(name, i, n, field, stock, ours, others) {
	# Answers of two kinds, or one answer, have nothing to be put side by side.
	if (differ(name, "answer", value(1, name, "answer"), value(2, name, "answer"))) return
	n = split(fields[name], field, " ")
	for (i = 1; i <= n; i++) {
		stock = value(1, name, field[i]); ours = value(2, name, field[i])
		if (field[i] == "order") { stock = common(stock, value(2, name, "order")); ours = common(ours, value(1, name, "order")) }
		if (field[i] != "length") others += differ(name, field[i], stock, ours)
	}
	# A length that differs for no other reason.
	if (!others) differ(name, "length", value(1, name, "length"), value(2, name, "length"))
}
FNR == 1 { side++ }
side <= 2 {
	if (side == 1 && $2 == "answer") names[++asked] = $1
	if (!((1, $1, $2) in got)) fields[$1] = fields[$1] " " $2
	got[side, $1, $2] = $3
	next
}
{ sub(/^[ \t]*#.*/, "") }
NF == 0 { next }
$1 == "because" { sub(/:$/, "", $2); because[$2] = FNR; next }
NF != 5 { say("line " FNR ": want NAME FIELD STOCK OURS REASON"); next }
($1 " " $2) in want { say("line " FNR ": " $1 " " $2 " stands here twice"); next }
{ want[$1 " " $2] = $3 " " $4; why[$1 " " $2] = $5 }
END {
	for (i = 1; i <= asked; i++) compare(names[i])
	if (!asked) say("stock was not asked anything")
	for (key in want) {
		used[why[key]]
		if (!(why[key] in because)) say(key ": no line \"because " why[key] ":\" says why")
		if (!(key in seen)) say(key ": intended, and did not occur")
	}
	for (word in because) if (!(word in used)) say("line " because[word] ": because " word ": no difference has this reason")
	exit failed
}' "$1" "$2" "$3"
