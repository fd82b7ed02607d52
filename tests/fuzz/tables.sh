#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the corpus of boot tables anew: after a change of their layout the old ones are refused for that alone.
# tests/fuzz/tables.sh BUILD-FOLDER
set -eu
mktable=${1:?usage: tables.sh BUILD-FOLDER}/tests/lib/mktable
cd "$(dirname "$0")/../.."
corpus=tests/fuzz/corpus/table
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# whole PHASE NAME: tests/unit/world.h's site, whose persona is in that phase.
whole() {
	"$mktable" "$work" "$1" >"$work/tokens"
	cp "$work/boot.table" "$corpus/$2"
}
whole identity whole-before-the-identity
whole persona whole-with-a-persona
whole restore whole-before-the-restore

table=$corpus/whole-with-a-persona
len=$(wc -c <"$table")
head_len=$(od -An -tu4 -j12 -N4 "$table" | tr -d ' ')
head -c 300 "$table" >"$corpus/cut-short"
head -c "$head_len" "$table" >"$corpus/head-alone"
head -c $((head_len - 1)) "$table" >"$corpus/head-cut-short"
: >"$corpus/empty"
cat "$table" "$table" >"$corpus/twice"
# The last byte is the end of the last text.
{ head -c $((len - 1)) "$table" && printf x; } >"$corpus/text-without-an-end"
{ head -c "$head_len" "$table" && head -c $((len - head_len)) /dev/zero; } >"$corpus/nothing-behind-the-head"
{ head -c "$head_len" "$table" && head -c $((len - head_len)) /dev/zero | tr '\0' '\377'; } >"$corpus/every-reference-too-far"
# Of the header nothing is left but what says that it is one.
{ head -c 16 "$table" && head -c $((len - 16)) /dev/zero | tr '\0' '\377'; } >"$corpus/every-count-too-large"
