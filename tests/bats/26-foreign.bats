#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=edge,root
# A second DHCP server, Debian's dnsmasq, on the network that baton-edge serves: it is noticed. The
# edge's interface is a bridge, as in the lab, and one more interface of its own is on the same wire.

. tests/lib/wait.bash

USER_EDGE=64502
THEIRS=02:00:00:00:00:99

setup() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-foreign.XXXXXX)
	mkdir -p "$dir"/{table,boot}
	chmod 755 "$dir"
	SERVER=btf-s-$$ FOREIGN=btf-f-$$ CLIENT=btf-c-$$
	for ns in "$SERVER" "$FOREIGN" "$CLIENT"; do ip netns add "$ns"; done
	ip -n "$SERVER" link add br0 address 02:00:00:00:00:01 type bridge
	ip -n "$SERVER" link add p0 type veth peer name f0 netns "$FOREIGN"
	ip -n "$SERVER" link add p1 type veth peer name c0 netns "$CLIENT"
	ip -n "$SERVER" link add p2 type veth peer name s1 address 02:00:00:00:00:02
	for p in p0 p1 p2; do ip -n "$SERVER" link set $p master br0 up; done
	ip -n "$SERVER" addr add 10.77.0.1/24 dev br0
	ip -n "$SERVER" addr add 10.78.0.1/24 dev s1
	ip -n "$SERVER" link set br0 up
	ip -n "$SERVER" link set s1 up
	ip -n "$FOREIGN" link set f0 address $THEIRS
	ip -n "$FOREIGN" addr add 10.77.0.99/24 dev f0
	ip -n "$FOREIGN" link set f0 up
	ip -n "$CLIENT" link set c0 up
	cp "$B/baton-edge" "$dir/baton-edge"
	: > "$dir/events"
}

teardown() {
	for pid in "$dir"/*.pid; do
		[ -e "$pid" ] || continue
		kill "$(cat "$pid")" 2>/dev/null || true
		wait "$(cat "$pid")" 2>/dev/null || true
	done
	for ns in "$SERVER" "$FOREIGN" "$CLIENT"; do ip netns del "$ns" 2>/dev/null || true; done
	rm -rf "$dir"
}

# start_edge [UNKNOWN]: what it does with strangers on its second network.
start_edge() {
	cat > "$dir/site" <<-TABLE
		network mgmt interface=br0 address=10.77.0.1/24 ${PROXY-}
		network guests interface=s1 address=10.78.0.1/24 pool=10.78.0.100-10.78.0.199 unknown=${1-silence}
		machine blade-a
		nic 52:54:00:aa:00:01 network=mgmt addr=10.77.0.11
	TABLE
	GENERATION=1 "$B/tests/scenes/scene" --table "$dir/table/boot.table" "$dir/site"
	chmod 644 "$dir/table/boot.table"
	ip netns exec "$SERVER" "$B/tests/lib/give" -u $USER_EDGE "table=dir:$dir/table" \
		"boot=dir:$dir/boot" "events=log:$dir/events" "leases.0=file:$dir/loans.0" "leases.1=file:$dir/loans.1" \
		"dhcp.br0=udp:0.0.0.0:67@br0" "raw.br0=raw:br0" "heard.br0=heard:br0" \
		"dhcp.s1=udp:0.0.0.0:67@s1" "raw.s1=raw:s1" "heard.s1=heard:s1" \
		-- "$dir/baton-edge" 2> "$dir/stderr" 3>&- &
	echo $! > "$dir/edge.pid"
	wait_for table-taken "$dir/events"
}

# A server that knows nothing of us.
start_foreign() {
	ip netns exec "$FOREIGN" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --no-ping \
		--interface=f0 --bind-interfaces --leasefile-ro --log-facility=- --log-dhcp --pid-file= \
		--user=root --dhcp-authoritative --dhcp-range=10.77.0.200,10.77.0.250 2> "$dir/dnsmasq" 3>&- &
	echo $! > "$dir/foreign.pid"
	wait_for 'DHCP, IP range' "$dir/dnsmasq"
}

# take_from BYTE: blade-a's REQUEST, to everybody, of what the server 10.77.0.BYTE has offered it.
take_from() {
	{
		printf '\1\1\6\0' && head -c 24 /dev/zero
		printf '\122\124\0\252\0\1' && head -c 202 /dev/zero
		printf '\143\202\123\143\65\1\3\62\4\12\115\0\13\66\4\12\115\0'"\\$(printf %o "$1")"'\377'
	} > "$dir/packet" # whole, or it would be sent in pieces
	ip netns exec "$CLIENT" socat -u - UDP4-DATAGRAM:255.255.255.255:67,broadcast,bind=:68,so-bindtodevice=c0 < "$dir/packet"
}

# ask MAC [WORD]: a client's DHCP from beginning to end, whoever answers.
ask() {
	ip -n "$CLIENT" link set c0 address "$1"
	ip netns exec "$CLIENT" busybox udhcpc -i c0 -f -n -q -t 3 -T 1 -s /bin/true ${2+"$2"} 2>&1
}

told() { grep -c dhcp-foreign "$dir/events" || true; }

@test "a foreign server is noticed as soon as the edge starts, and told of once on each interface" {
	start_foreign
	start_edge
	wait_for "dhcp-foreign network=mgmt addr=10.77.0.99 server-mac=$THEIRS offered=10.77.0.2" "$dir/events"
	wait_for 'dhcp-foreign' "$dir/events" 2
	# It goes on talking to clients of its own, and is no news any more.
	for i in 1 2 3; do ask "52:54:00:99:00:0$i"; done
	[ "$(grep -c 'DHCPACK(f0)' "$dir/dnsmasq")" -ge 3 ]
	[ "$(told)" -eq 2 ]
}

@test "one that comes later is noticed with its first word to everybody" {
	start_edge
	start_foreign
	ask 52:54:00:99:00:01 -B
	wait_for "dhcp-foreign network=mgmt addr=10.77.0.99 server-mac=$THEIRS" "$dir/events"
}

@test "alone, the edge takes neither its own answers nor its own questions for somebody's" {
	start_edge lease
	run ask 52:54:00:aa:00:01 -B
	[[ $output == *"lease of 10.77.0.11 obtained"* ]]
	run ask 52:54:00:99:00:01 -B # from our other interface
	[[ $output == *"lease of 10.78.0.1"* ]]
	wait_for 'dhcp-answered mac=52:54:00:99:00:01' "$dir/events"
	[ "$(told)" -eq 0 ]
	[ "$(grep -c 'mac=02:00:00:00:00:0[12]' "$dir/events")" -eq 0 ]
}

@test "one that answers by unicast is noticed when somebody takes its offer" {
	start_edge
	# All that we ever hear of such a one: the client names it.
	take_from 98
	wait_for "dhcp-foreign network=mgmt addr=10.77.0.98 offered=10.77.0.11" "$dir/events"
	ask 52:54:00:aa:00:01 -B
	wait_for 'dhcp-answered mac=52:54:00:aa:00:01' "$dir/events"
	[ "$(told)" -eq 1 ]
}

@test "beside its proxy, the other server is wanted" {
	PROXY=mode=proxy
	start_foreign
	start_edge
	run ask 52:54:00:aa:00:01
	[[ $output == *"lease of 10.77.0.2"* ]]
	wait_for 'dhcp-left mac=52:54:00:aa:00:01 stage=os machine=blade-a deed=park generation=0 addr=10.77.0.2' "$dir/events"
	# The interface of the second network, on the same wire, is no proxy's.
	wait_for 'dhcp-foreign network=guests' "$dir/events"
	[ "$(grep -c 'dhcp-foreign network=mgmt' "$dir/events")" -eq 0 ]
}

@test "the edge takes no address from the foreign server" {
	start_foreign
	start_edge
	wait_for 'dhcp-foreign' "$dir/events" 2
	grep -q 'DHCPOFFER(f0) 10.77.0.2[0-9]* 02:00:00:00:00:01' "$dir/dnsmasq"
	run grep 'DHCPREQUEST(f0)' "$dir/dnsmasq"
	[ -z "$output" ]
}

# offer_of BYTE: an offer, to everybody, by a server 10.9.9.BYTE.
offer_of() {
	{
		printf '\2\1\6\0' && head -c 232 /dev/zero
		printf '\143\202\123\143\65\1\2\66\4\12\11\11'"\\$(printf %o "$1")"'\377'
	} > "$dir/packet"
	ip netns exec "$FOREIGN" socat -u - \
		UDP4-DATAGRAM:255.255.255.255:68,broadcast,bind=:67,so-bindtodevice=f0 < "$dir/packet"
}

@test "who makes up servers is told of some thirty times, and then no more" {
	start_edge
	for ((i = 1; i <= 40; i++)); do offer_of $i; done
	wait_for 'dhcp-foreign network=mgmt addr=10.9.9.' "$dir/events" 16
	offer_of 99
	ask 52:54:00:aa:00:01 # whatever was sent before it has been heard
	wait_for 'dhcp-answered' "$dir/events"
	[ "$(told)" -le 32 ]
}
