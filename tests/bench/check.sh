#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Instructions that an answer costs, counted by callgrind and so the same on a busy machine; TAP. Each is
# held to its line in tests/bench/baseline, with 5 % of slack, and no DHCP answer may take 25,000. Counted is
# the difference of a long and a short run, which leaves the start out.
# usage: B=build/dev tests/bench/check.sh
set -euo pipefail
here=$(dirname "$0")
B=${B:-build/dev}
kinds=(os firmware ipxe stranger tftp)
slack=5 limit=25000 short=1000 long=3000
dir=$(mktemp -d /dev/shm/baton-count.XXXXXX)
trap 'rm -rf "$dir"' EXIT
command -v valgrind >/dev/null || { echo "Bail out! valgrind is not here" && exit 1; }
"$B/tests/bench/fleet" table 2000 "$dir"
truncate -s 8M "$dir/loader"
chmod 644 "$dir/loader"

# count KIND N: instructions of a whole run.
count() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$B/tests/bench/cost" "$dir" "$1" "$2" 2>&1 |
		awk '/Collected/ { n = $4 } /^cost: / { print > "/dev/stderr"; bad = 1 } END { if (bad || !n) exit 1; print n }'
}

failed=0
result() { # WORD NUMBER SENTENCE
	[ "$1" = ok ] || failed=1
	echo "$1 $2 - $3"
}

echo "1..${#kinds[@]}"
for i in "${!kinds[@]}"; do
	kind=${kinds[i]}
	n=$((i + 1))
	was=$(awk -v kind="$kind" '$1 == kind { print $2 }' "$here/baseline")
	if [ -z "$was" ] || ! { a=$(count "$kind" $short) && b=$(count "$kind" $long); }; then
		result "not ok" $n "$kind: cannot be counted, or has no baseline"
		continue
	fi
	is=$(((b - a) / (long - short)))
	said="$kind: $is instructions an answer, baseline $was"
	if [ $((is * 100)) -gt $((was * (100 + slack))) ]; then
		result "not ok" $n "$said: more than $slack % over"
	elif [ "$is" -ge $limit ] && [ "$kind" != tftp ]; then
		result "not ok" $n "$said: not under $limit"
	else
		result ok $n "$said"
		[ $((is * 100)) -ge $((was * (100 - slack))) ] || echo "# $kind has become cheaper: lower its baseline to $is"
	fi
done
exit $failed
