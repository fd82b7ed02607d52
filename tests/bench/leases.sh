#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What an exchange of a stranger costs, whom a network with `unknown = lease` lends an address of a pool
# of 100,000: for the first time, and again. Leases are on a disk, not in memory: the edge's are there
# before the ACK leaves; dnsmasq's, too, by a file that is written anew each time, so that it is given
# 1,000 strangers only; Kea writes each without waiting for the disk. A round is a fresh server. Refused:
# two were offered one address at once, and one of them had to ask again.
# usage: B=build/dev tests/bench/leases.sh [ROUNDS [STRANGERS]]
# shellcheck source=tests/bench/servers.bash
. "$(dirname "$0")/servers.bash"
need kea-dhcp4 kea-dhcp4-server
need dnsmasq dnsmasq-base
rounds=${1:-3} strangers=${2:-50000} pool=100000

# measure NAME STRANGERS OUTSTANDING
measure() {
	local when before said words
	"serve_$1" 1000 $pool
	until_answers -n 1
	for when in first again; do
		words=(-o -t 120)
		[ $when = first ] || words=(-t 3)
		before=$(cpu_us)
		said=$(load -s "${words[@]}" -n "$2" -k "$3") ||
			{ echo "leases.sh: $1, $when: $said" >&2 && exit 1; }
		echo "$1 $when $said $before $(cpu_us) $(of_status VmRSS)" |
			awk '{ print $1, $2, $3, $4, $5, ($12 - $11) / $9, $13 / 1000, $6, $10 }' >>"$dir/figures"
	done
	stop
}

for ((round = 0; round < rounds; round++)); do
	measure baton "$strangers" 64
	measure kea "$strangers" 64
	measure kea_threads "$strangers" 64
	measure dnsmasq 1000 4
done

printf '%-12s %-6s %11s %8s %8s %7s %7s %5s %7s\n' server when exchanges/s p50/us p99/us CPU/us RSS/MB lost refused
for when in first again; do
	for name in baton kea kea_threads dnsmasq; do
		row=()
		for c in 3 4 5 6 7 8 9; do
			row+=("$(awk -v s=$name -v w=$when -v c=$c '$1 == s && $2 == w { print $c }' "$dir/figures" | median)")
		done
		printf '%-12s %-6s %11d %8d %8d %7.1f %7.1f %5d %7d\n' $name $when "${row[@]}"
	done
done
