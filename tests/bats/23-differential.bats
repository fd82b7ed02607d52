#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=edge,root
# The same questions to baton-edge in its jail and to Debian's dnsmasq with a configuration that means the same,
# each in a namespace of its own with the same addresses. Every difference is intended and stands, with its
# reason, in tests/diff/intended. How: docs/design/0011-differences-from-dnsmasq.md. With KEEP=FOLDER the answers
# stay there.

. tests/lib/wait.bash

USER_EDGE=64502
MAC=02:00:00:77:00:0

setup_file() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-diff.XXXXXX)
	mkdir -p "$dir"/{table,boot}
	chmod 755 "$dir"
	export B dir
	cp tests/diff/site "$dir/site"
	marks 0 mgmt 10.77.0
	marks 1 other 10.88.0
	marks 2 beside 10.79.0
	for who in stock ours; do network $who; done
	start_ours
	start_stock
	for who in stock ours; do
		ip netns exec "bdc-$who-$$" "$B/tests/diff/ask" tests/diff/packets \
			"c0=10.77.0.1@${MAC}1" "c1=10.88.0.1@${MAC}2" \
			"c2=10.79.0.1@${MAC}3" > "$dir/$who" 2> "$dir/$who.ask" ||
			{ cat "$dir/$who.ask" "$dir/stderr" "$dir/dnsmasq.log"; false; }
	done
}

# marks N NETWORK PREFIX: the machines whose answers show that a server has done with a question.
marks() {
	"$B/tests/diff/ask" --marks "$1" | awk -v net="$2" -v at="$3" -v on="$1" '
		NR % 8 == 1 { print "machine mark-" on "-" NR }
		{ print "nic", $1, "network=" net, "addr=" at "." $2 }' >> "$dir/site"
}

# What the site says of NICs and personas: "MAC ADDRESS NAME", one a line.
nics() {
	awk '$1 == "machine" { name = $2 }
	$1 == "nic" { sub("addr=", "", $4); print $2, $4, name }
	$1 == "persona" { sub("mac=", "", $3); sub("addr=", "", $5); print $3, $5, $2 }' "$dir/site"
	for n in 100 101; do echo "52:54:00:99:01:01 10.88.0.$n guest"; done
}

# Whom an address belongs to is known without ARP, so the client needs none of them; the relay is a
# neighbour, too, and the way to what lies behind it.
network() {
	local s=bds-$1-$$ c=bdc-$1-$$
	ip netns add "$s"
	ip netns add "$c"
	for i in 0 1 2; do
		ip -n "$s" link add s$i address "$MAC$((i + 1))" type veth peer name c$i netns "$c"
		ip -n "$s" link set s$i up
		ip -n "$c" link set c$i up
	done
	ip -n "$s" addr add 10.77.0.1/24 dev s0
	ip -n "$s" link set lo up
	ip -n "$s" addr add 10.99.0.1/32 dev lo
	ip -n "$s" addr add 10.88.0.1/24 dev s1
	ip -n "$s" addr add 10.79.0.1/24 dev s2
	{
		nics | awk '{ print "neigh replace", $2, "lladdr", $1, "dev", ($2 ~ /^10.88/ ? "s1" : $2 ~ /^10.79/ ? "s2" : "s0"), "nud permanent" }'
		echo "neigh replace 10.77.0.254 lladdr 02:00:00:00:00:fe dev s0 nud permanent"
		echo "route add 10.99.0.0/24 via 10.77.0.254"
		echo "route add 10.66.0.0/24 via 10.77.0.254"
	} | ip -n "$s" -batch -
}

start_ours() {
	"$B/tests/scenes/scene" --table "$dir/table/boot.table" "$dir/site"
	chmod 644 "$dir/table/boot.table"
	cp "$B/baton-edge" "$dir/"
	ip netns exec "bds-ours-$$" "$B/tests/lib/give" -u $USER_EDGE "table=dir:$dir/table" "boot=dir:$dir/boot" "leases.0=file:$dir/loans.0" "leases.1=file:$dir/loans.1" \
		"events=log:$dir/events" "dhcp.s0=udp:0.0.0.0:67@s0" "pxe.s0=udp:0.0.0.0:4011@s0" "raw.s0=raw:s0" \
		"dhcp.s1=udp:0.0.0.0:67@s1" "pxe.s1=udp:0.0.0.0:4011@s1" "raw.s1=raw:s1" \
		"dhcp.s2=udp:0.0.0.0:67@s2" "pxe.s2=udp:0.0.0.0:4011@s2" "raw.s2=raw:s2" \
		-- "$dir/baton-edge" 2> "$dir/stderr" 3>&- &
	echo $! > "$dir/ours.pid"
	wait_for 'started.*jail=seccomp' "$dir/stderr"
}

start_stock() {
	cp tests/diff/dnsmasq.conf "$dir/dnsmasq.conf"
	echo "dhcp-leasefile=$dir/leases" >> "$dir/dnsmasq.conf"
	nics | awk '$1 ~ /^(52:54:00:[^9]|02:00)/ { print "dhcp-host=" $1 "," $2 "," $3 }' >> "$dir/dnsmasq.conf"
	ip netns exec "bds-stock-$$" dnsmasq -C "$dir/dnsmasq.conf" --keep-in-foreground --user=root --pid-file= \
		--log-facility="$dir/dnsmasq.log" 2> "$dir/dnsmasq.stderr" 3>&- &
	echo $! > "$dir/stock.pid"
	wait_for 'DHCP, static leases only on 10.99.0.0' "$dir/dnsmasq.log"
}

teardown_file() {
	for who in stock ours; do
		if [ -e "$dir/$who.pid" ]; then
			kill "$(cat "$dir/$who.pid")" 2>/dev/null || true
			wait "$(cat "$dir/$who.pid")" 2>/dev/null || true
		fi
		ip netns del "bds-$who-$$" 2>/dev/null || true
		ip netns del "bdc-$who-$$" 2>/dev/null || true
	done
	[ -z "$KEEP" ] || cp -r "$dir" "$KEEP"
	rm -rf "$dir"
}

compare() { tests/diff/compare.sh "$dir/stock" "$dir/ours" "$1"; }

@test "every question was asked of both, in the jail, and both are alive" {
	grep -oE '^[a-z0-9-]+: send' tests/diff/packets | cut -d: -f1 > "$dir/names"
	[ "$(wc -l < "$dir/names")" -ge 40 ]
	[ -z "$(sort "$dir/names" | uniq -d)" ]
	for who in stock ours; do
		awk '$2 == "answer" { print $1 }' "$dir/$who" | diff "$dir/names" -
		[ "$(awk '$2 == "answer" && $3 != "silence"' "$dir/$who" | wc -l)" -ge 40 ]
		kill -0 "$(cat "$dir/$who.pid")"
	done
	grep -qE '^Seccomp:[[:space:]]+2$' "/proc/$(pgrep -P "$(cat "$dir/ours.pid")")/status"
}

@test "every difference is intended, and every one that is intended is there" {
	compare tests/diff/intended
}

@test "a difference that is not on the list is found" {
	grep -v '^uefi-asks-for-little' tests/diff/intended > "$dir/short"
	run compare "$dir/short"
	[ "$status" -eq 1 ]
	[[ $output == *"uefi-asks-for-little: option-43: stock none, ours 0601080a0400505845ff: not intended"* ]]
	sed 's/^\(after-decline .*\) offer/\1 nak/' tests/diff/intended > "$dir/other"
	run compare "$dir/other"
	[ "$status" -eq 1 ]
	[[ $output == "after-decline: answer: stock silence, ours offer; intended was: silence nak" ]]
}

@test "an intended difference that is none, or has no reason, is found" {
	{ cat tests/diff/intended; echo "renewing answer ack nak no-reason"; } > "$dir/long"
	run compare "$dir/long"
	[ "$status" -eq 1 ]
	[[ $output == *"renewing answer: intended, and did not occur"* ]]
	[[ $output == *'renewing answer: no line "because no-reason:" says why'* ]]
}

@test "an option too many, one too few and another order are differences" {
	cp "$dir/ours" "$dir/mine"
	sed -i -e '/^os-discover option-28 /d' -e 's/^\(os-discover order .*\),28/\1/' \
		-e 's/^\(selecting order 53,54\),51,\(.*\)$/\1,\2,51/' "$dir/mine"
	echo "inform option-51 00000e10" >> "$dir/mine"
	run tests/diff/compare.sh "$dir/stock" "$dir/mine" tests/diff/intended
	[ "$status" -eq 1 ]
	[[ $output == *"os-discover: option-28: stock 10.77.0.255, ours none: not intended"* ]]
	[[ $output == *"selecting: order: stock 53,54,51,"*", ours 53,54,"*",51: not intended"* ]]
	[[ $output == *"inform: option-51: stock none, ours 00000e10: not intended"* ]]
	[ "${#lines[@]}" -eq 3 ]
}
