#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the pure layers call: nothing from outside but the names in pure.txt. Needs the objects of a
# plain build: pure.sh build/dev
set -eu
cd "$(dirname "$0")/../.."
build=${1:?usage: pure.sh BUILD-FOLDER}
[ -d "$build" ] || { echo "pure.sh: $build is not there; run make first" && exit 1; }
for layer in base wire core; do
	for source in broker/"$layer"/*.c; do
		[ -e "$source" ] || continue
		object=$build/${source%.c}.o
		[ -e "$object" ] || { echo "lacks $object $source" && continue; }
		nm "$object" | awk -v layer="$layer" -v source="$source" \
			'NF == 3 { print "has", layer, $3 } NF == 2 && $1 == "U" { print "calls", layer, $2, source }'
	done
done | awk '
FILENAME == "tests/lint/pure.txt" { sub(/#.*/, ""); for (i = 2; i <= NF; i++) may[$1, $i]; next }
$1 == "lacks" { print $3 ":1: " $2 " is not built; run make first"; failed = 1; next }
$1 == "has" { own[$3]; next }
{ line[++n] = $0 }
# The hardened twin of a function is that function: __snprintf_chk.
function plain(name) { return name ~ /^__.*_chk$/ && name != "__stack_chk_fail" ? substr(name, 3, length(name) - 6) : name }
END {
	for (i = 1; i <= n; i++) {
		split(line[i], w, " "); name = plain(w[3])
		if (name in own || ("*", name) in may || (w[2], name) in may) continue
		print w[4] ":1: " w[2] " is pure and may not call " name "()"
		failed = 1
	}
	exit failed
}' tests/lint/pure.txt -
