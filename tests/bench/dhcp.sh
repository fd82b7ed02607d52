#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a DHCP exchange (DISCOVER, OFFER, REQUEST, ACK) of one known machine costs through real sockets
# over a veth pair: baton-edge in its jail, and Debian's dnsmasq with one dhcp-host. The medians of
# rounds in which each has its turn. Read the ratio; client and server share this machine's cores.
# usage: B=build/dev tests/bench/dhcp.sh [ROUNDS [SECONDS]]
set -euo pipefail
B=$(realpath "${B:-build/dev}")
rounds=${1:-3} seconds=${2:-1}
mac=52:54:00:aa:00:01
server=bench-s-$$ client=bench-c-$$
dir=$(mktemp -d /dev/shm/baton-bench.XXXXXX)
pid=
# Before whatever else this machine does, where that is allowed.
first=
! chrt -r 10 true 2>/dev/null || first="chrt -r 10"
PATH=$PATH:/usr/sbin
command -v dnsmasq >/dev/null || { echo "dhcp.sh: dnsmasq is not here; install dnsmasq-base" >&2 && exit 1; }

finish() {
	[ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null || true
	ip netns del "$server" 2>/dev/null || true
	ip netns del "$client" 2>/dev/null || true
	rm -rf "$dir"
}
trap finish EXIT

ip netns add "$server"
ip netns add "$client"
ip -n "$server" link add s0 type veth peer name c0 netns "$client"
ip -n "$server" addr add 10.77.0.1/24 dev s0
ip -n "$server" link set s0 up
ip -n "$client" link set c0 address $mac up
ip -n "$client" addr add 10.77.0.11/24 dev c0

serve_baton() {
	mkdir -p "$dir"/{table,boot}
	chmod 755 "$dir"
	cat > "$dir/site" <<-EOF
		network mgmt interface=s0 address=10.77.0.1/24
		machine blade-a
		nic $mac network=mgmt addr=10.77.0.11
	EOF
	"$B/tests/scenes/scene" --table "$dir/table/boot.table" "$dir/site"
	chmod 644 "$dir/table/boot.table"
	cp "$B/baton-edge" "$dir/"
	$first ip netns exec "$server" "$B/tests/lib/give" -u 64502 "table=dir:$dir/table" "boot=dir:$dir/boot" \
		"events=log:$dir/events" "dhcp.s0=udp:0.0.0.0:67@s0" "raw.s0=raw:s0" \
		-- "$dir/baton-edge" 2> "$dir/log" &
	pid=$!
}

serve_dnsmasq() {
	$first ip netns exec "$server" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=s0 \
		--bind-interfaces --dhcp-authoritative --dhcp-range=10.77.0.0,static --dhcp-host=$mac,10.77.0.11 \
		--dhcp-leasefile="$dir/leases" --pid-file= --quiet-dhcp --log-facility="$dir/log" "$@" &
	pid=$!
}

# measure NAME: until it answers, then with 1 and with 16 exchanges on their way.
measure() {
	local outstanding figures
	until ip netns exec "$client" "$B/tests/bench/dhcp-load" c0 $mac 1 1 > /dev/null; do
		kill -0 "$pid"
	done
	for outstanding in 1 16; do
		figures=$($first ip netns exec "$client" "$B/tests/bench/dhcp-load" c0 $mac "$seconds" $outstanding)
		echo "$1 $outstanding $figures" >> "$dir/figures"
	done
	kill "$pid"
	wait "$pid" 2>/dev/null || true
	pid=
}

for ((round = 0; round < rounds; round++)); do
	serve_baton
	measure baton-edge
	serve_dnsmasq
	measure dnsmasq
	serve_dnsmasq --leasefile-ro
	measure dnsmasq-without-leases
done

# median SERVER OUTSTANDING COLUMN
median() {
	awk -v s="$1" -v o="$2" -v c="$3" '$1 == s && $2 == o { print $c }' "$dir/figures" | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
printf '%-24s %11s %12s %8s %8s %5s\n' server outstanding exchanges/s p50/us p99/us lost
for outstanding in 1 16; do
	for name in baton-edge dnsmasq dnsmasq-without-leases; do
		printf '%-24s %11s %12s %8s %8s %5s\n' $name $outstanding "$(median $name $outstanding 3)" \
			"$(median $name $outstanding 4)" "$(median $name $outstanding 5)" "$(median $name $outstanding 6)"
	done
done
