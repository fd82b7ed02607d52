#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a DHCP exchange (DISCOVER, OFFER, REQUEST, ACK) of a known machine costs, by how many machines are
# known: baton-edge in its jail, Kea, Debian's dnsmasq, and an echo that only turns packets round, each in
# its turn in every round, over one veth pair. Medians of the rounds; server and load share this machine's
# cores, so read ratios. dnsmasq looks through lists and writes its lease file anew for each ACK: with
# 10,000 machines it is asked one question at a time, and beyond it stands out (with 100,000 machines it
# takes four minutes to start and answers 17 exchanges a second).
# usage: B=build/dev tests/bench/dhcp.sh [ROUNDS [SECONDS [MACHINES...]]]
# The table goes to standard output and, in columns for plot.awk, to build/bench/dhcp.
# shellcheck source=tests/bench/servers.bash
. "$(dirname "$0")/servers.bash"
need kea-dhcp4 kea-dhcp4-server
need dnsmasq dnsmasq-base
rounds=${1:-3} seconds=${2:-2}
shift $(($# < 2 ? $# : 2))
[ $# -gt 0 ] || set -- 1000 10000 50000 100000
servers=(baton echo kea_stock kea kea_tuned dnsmasq)
out=build/bench
mkdir -p "$out"

# measure NAME N OUTSTANDING: a line of figures.
measure() {
	local before after said
	before=$(cpu_us)
	said=$(load -n "$2" -k "$3" -t "$seconds") || { echo "dhcp.sh: $1 with $2 machines: $said" >&2 && exit 1; }
	after=$(cpu_us)
	echo "$2 $3 $1 $said $before $after $(of_status VmRSS) $(of_status VmHWM)" |
		awk '{ print $1, $2, $3, $4, $5, $6, ($13 - $12) / $10, $14 / 1000, $15 / 1000, $7 }' >>"$dir/figures"
}

stands_out() { # NAME N OUTSTANDING
	[ "$1" = dnsmasq ] && { [ "$2" -gt 10000 ] || { [ "$2" -gt 1000 ] && [ "$3" -gt 1 ]; }; }
}

for ((round = 0; round < rounds; round++)); do
	for n in "$@"; do
		for name in "${servers[@]}"; do
			! stands_out "$name" "$n" 1 || continue
			"serve_$name" "$n"
			until_answers -n "$n"
			for k in 1 16 64; do
				stands_out "$name" "$n" $k || measure "$name" "$n" $k
			done
			stop
		done
	done
done

# Medians of each column, in the order in which the lines first came.
awk '{
	key = $1 " " $2 " " $3
	if (!(key in n)) order[++keys] = key
	i = ++n[key]
	for (c = 4; c <= NF; c++) v[key, c, i] = $c
}
END {
	for (k = 1; k <= keys; k++) {
		key = order[k]
		line = key
		for (c = 4; c <= 10; c++) {
			m = n[key]
			for (i = 2; i <= m; i++)
				for (j = i; j > 1 && v[key, c, j] < v[key, c, j - 1]; j--) {
					t = v[key, c, j]; v[key, c, j] = v[key, c, j - 1]; v[key, c, j - 1] = t
				}
			line = line " " v[key, c, int((m + 1) / 2)]
		}
		print line
	}
}' "$dir/figures" | sort -s -n -k1,1 -k2,2 >"$out/dhcp"
awk 'BEGIN {
	printf "%8s %11s %-12s %11s %8s %8s %7s %7s %7s %5s\n", "machines", "outstanding", "server", "exchanges/s",
		"p50/us", "p99/us", "CPU/us", "RSS/MB", "peak/MB", "lost"
}
{ printf "%8d %11d %-12s %11d %8d %8d %7.1f %7.1f %7.1f %5d\n", $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 }' "$out/dhcp"
