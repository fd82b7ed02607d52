#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The guard in front of the portals, with real packets: a router between machines and a portal, set by a hand; then a
# whole site whose persona starts, reaches its portal, and stops. `nft` looks on.
# shellcheck disable=SC1091,SC2030,SC2031,SC2034,SC2154
# bats file_tags=hand,guard,warden,root
bats_require_minimum_version 1.5.0

MAC=02:ba:70:00:00:01
OTHER_MAC=52:54:00:cc:00:01

setup() {
	bin=$(realpath "${B:-build/dev}")
	. tests/lib/hand.bash
	hand_setup
	r=baton-g$$-$BATS_TEST_NUMBER
	started=()
}

teardown() {
	local pid n
	for pid in "${started[@]}"; do
		kill "$pid" 2>/dev/null || :
	done
	for n in "" -m -o -p; do
		ip netns del "$r$n" 2>/dev/null || :
	done
	[ -z "${dir-}" ] || site_drop
}

inside() { ip netns exec "$r$1" "${@:2}"; }

# wire END ADDRESS ROUTER-INTERFACE ROUTER-ADDRESS: a namespace behind an interface of the router.
wire() {
	ip netns add "$r$1"
	ip -n "$r" link add "$3" type veth peer name e0 netns "$r$1"
	ip -n "$r" addr add "$4/24" dev "$3"
	ip -n "$r" link set "$3" up
	ip -n "$r$1" link set lo up
	ip -n "$r$1" addr add "$2/24" dev e0
	ip -n "$r$1" link set e0 up
	ip -n "$r$1" route add default via "$4"
}

# A router; a machine on mgmt0, another on other0, the portal behind san0.
router() {
	ip netns add "$r"
	way=(ip netns exec "$r")
	ip -n "$r" link set lo up
	wire -m 10.77.0.50 mgmt0 10.77.0.1
	wire -o 10.78.0.50 other0 10.78.0.1
	wire -p 10.90.0.9 san0 10.90.0.1
	inside "" sysctl -qw net.ipv4.ip_forward=1
	is "$MAC" 10.77.0.50
	echo_at -p 10.90.0.9 3260
	echo_at "" 0.0.0.0 3260
	echo_at -p 10.90.0.9 80
}

# echo_at END ADDRESS PORT: says back what it hears.
echo_at() {
	inside "$1" socat "TCP4-LISTEN:$3,bind=$2,reuseaddr,fork" EXEC:cat 3>&- &
	started+=($!)
	until_true 10 listens "$1" "$3"
}
listens() { inside "$1" ss -Hltn "sport = :$2" | grep -q .; }

# is MAC ADDRESS: what the machine on mgmt0 is from now on
is() {
	ip -n "$r-m" link set e0 down
	ip -n "$r-m" link set e0 address "$1"
	ip -n "$r-m" addr flush dev e0
	ip -n "$r-m" addr add "$2/24" dev e0
	ip -n "$r-m" link set e0 up
	ip -n "$r-m" route replace default via 10.77.0.1
}

# deed INTERFACES PORTALS PASSES, each a list of JSON without its brackets
deed() { echo '{"deed":"guard-set","guard":{"kind":"'"${kind-nft}"'","interfaces":['"$1"'],"portals":['"$2"'],"passes":['"$3"']}}'; }
portals='"10.90.0.9:3260","10.77.0.1:3260"'
pass_of() { echo '"'"${3-mgmt0} $1 $2"' 10.90.0.9:3260","'"${3-mgmt0} $1 $2"' 10.77.0.1:3260"'; }
# guard PASSES: set by a hand in the router's namespace
guard() { good "$(deed '"mgmt0","other0"' "$portals" "$1")"; }

# reaches END ADDRESS [PORT]: it is answered
reaches() { [ "$(echo hello | inside "$1" timeout 10 socat -t 5 - "TCP4:$2:${3-3260},connect-timeout=5")" = hello ]; }
dropped() { inside "" nft -j list chain inet baton guard | jq '[.. | .counter? // empty | .packets] | add'; }
# kept_out END ADDRESS: what it sends is dropped, and that is counted
kept_out() {
	local before
	before=$(dropped)
	run ! inside "$1" timeout 10 socat -u /dev/null "TCP4:$2:3260,connect-timeout=0.4"
	[ "$(dropped)" -gt "$before" ]
}

@test "the right machine gets through, to a portal behind this host and to one on it; the others do not" {
	router
	reaches -o 10.90.0.9
	guard "$(pass_of $MAC 10.77.0.50)"
	reaches -m 10.90.0.9
	reaches -m 10.77.0.1
	# By another interface, also with the right MAC and address.
	kept_out -o 10.90.0.9
	kept_out -o 10.77.0.1
	ip -n "$r-o" link set e0 down address $MAC
	ip -n "$r-o" link set e0 up
	ip -n "$r-o" route replace default via 10.78.0.1
	kept_out -o 10.90.0.9
	ip -n "$r-o" addr add 10.77.0.50/32 dev lo
	before=$(dropped)
	run ! inside -o timeout 10 socat -u /dev/null TCP4:10.90.0.9:3260,bind=10.77.0.50,connect-timeout=0.4
	[ "$(dropped)" -gt "$before" ]
	# By the right one with another MAC, or another address.
	is $OTHER_MAC 10.77.0.50
	kept_out -m 10.90.0.9
	is $MAC 10.77.0.51
	kept_out -m 10.90.0.9
	kept_out -m 10.77.0.1
	# What is no portal is nobody's business here, and neither is this host itself.
	reaches -m 10.90.0.9 80
	reaches "" 10.90.0.9
	is $MAC 10.77.0.50
	reaches -m 10.90.0.9
}

@test "an address that another DHCP server gives may be any, the MAC may not" {
	router
	guard "$(pass_of $MAC any)"
	reaches -m 10.90.0.9
	is $MAC 10.77.0.99
	reaches -m 10.90.0.9
	is $OTHER_MAC 10.77.0.99
	kept_out -m 10.90.0.9
}

@test "an open connection is cut when its generation ends" {
	router
	guard "$(pass_of $MAC 10.77.0.50)"
	mkfifo "$at/say"
	inside -m socat - TCP4:10.90.0.9:3260 <"$at/say" >"$at/heard" 3>&- &
	started+=($!)
	exec 9>"$at/say"
	echo one >&9
	until_true 10 grep -qsx one "$at/heard"
	# The persona runs elsewhere now.
	guard "$(pass_of $OTHER_MAC 10.77.0.50)"
	before=$(dropped)
	echo two >&9
	until_true 10 more_dropped "$before"
	run ! grep -q two "$at/heard"
	# It was this that cut it: with its pass back, TCP repeats what was lost.
	guard "$(pass_of $MAC 10.77.0.50)"
	until_true 20 grep -qsx two "$at/heard"
	exec 9>&-
}
more_dropped() { [ "$(dropped)" -gt "$1" ]; }

@test "nft shows the table, and other tables stay as they are" {
	router
	inside "" nft -f - <<-END
		table inet filter { chain input { type filter hook input priority 0; tcp dport 22 counter accept; }; }
		table ip nat { chain prerouting { type nat hook prerouting priority -100; tcp dport 8081 redirect to :80; }; }
	END
	inside "" nft list ruleset >"$at/before"
	guard "$(pass_of $MAC 10.77.0.50)"
	[[ $output == '{"ok":true,"kept":false,"bridged":'* ]]
	guard "$(pass_of $MAC 10.77.0.50)"
	[[ $output == '{"ok":true,"kept":true,'* ]]
	inside "" nft list table inet baton >"$at/ours"
	cat "$at/ours"
	grep -q "\"mgmt0\" . $MAC . 10.77.0.50 . 10.90.0.9 . 3260" "$at/ours"
	grep -q 'iifname . ether saddr . ip saddr . ip daddr . tcp dport @allowed accept' "$at/ours"
	grep -q 'iifname @interfaces ip daddr . tcp dport @portals counter .* drop' "$at/ours"
	# All of it anew where somebody has flushed it, or has taken a part.
	inside "" nft delete element inet baton portals '{ 10.90.0.9 . 3260 }'
	guard "$(pass_of $MAC 10.77.0.50)"
	[[ $output == *'"kept":false'* ]]
	inside "" nft flush chain inet baton guard
	guard "$(pass_of $MAC 10.77.0.50)"
	[[ $output == *'"kept":false'* ]]
	good "$(deed "" "" "")"
	inside "" nft list ruleset | diff "$at/before" -
}

@test "what fails leaves the old guard in force, and says one sentence" {
	router
	guard "$(pass_of $MAC 10.77.0.50)"
	inside "" nft list table inet baton | sed 's/packets.*drop/drop/' >"$at/before"
	# Somebody's own table of that name, in the other family of the batch.
	inside "" nft delete table bridge baton 2>/dev/null || :
	inside "" nft add table bridge baton
	bad "$(deed '"mgmt0"' "$portals" "")" EEXIST "a table baton that Baton has not made is there; nothing was changed"
	inside "" nft list table bridge baton
	inside "" nft delete table bridge baton
	# A user without the right.
	chmod 777 "$at" "$at/run" "$at/run/lock"
	chmod 666 "$at/run/lock/guard"
	cp "$bin/baton-hand" "$at/hand"
	run ip netns exec "$r" setpriv --reuid 64999 --regid 64999 --clear-groups \
		env BATON_RUN_DIR=/proc/self/fd/7 "/proc/self/fd/8" 7<"$at/run" 8<"$at/hand" <<<"$(deed '"mgmt0"' "$portals" "")"
	echo "$output"
	[[ $output == *'"errno":"EPERM","why":"guard: the kernel wants CAP_NET_ADMIN of who sets it'* ]]
	bad "$(deed '"mgmt/0"' "$portals" "")" EINVAL 'interfaces: \"mgmt/0\": want it like \"eth1\"'
	bad "$(deed '"mgmt0"' '"10.90.0.9"' "")" EINVAL 'portals: \"10.90.0.9\": want it like'
	bad "$(deed '"mgmt0"' "$portals" '"mgmt0 x 10.77.0.50 10.90.0.9:3260"')" EINVAL 'passes: \"mgmt0 x'
	kind=wall bad "$(kind=wall deed '"mgmt0"' "$portals" "")" EINVAL 'no guard kind \"wall\": want one of nft, fake'
	inside "" nft list table inet baton | sed 's/packets.*drop/drop/' | diff "$at/before" -
	reaches -m 10.90.0.9
	kept_out -o 10.90.0.9
}

@test "the contract of core/guard.h holds for the kernel's guard" {
	ip netns add "$r"
	ip netns exec "$r" env BATON_TEST_GUARD=nft "$bin/tests/unit/guard_contract_test"
}

@test "bridged traffic is guarded where the kernel can tell the bridge" {
	router
	guard "$(pass_of $MAC 10.77.0.50)"
	if [[ $output == *'"bridged":false'* ]]; then
		# Then nothing of it is there, and the answer has said so.
		run ! inside "" nft list table bridge baton
		skip "this kernel has no \`meta ibrname\` (CONFIG_NFT_BRIDGE_META)"
	fi
	# The machine and another one on one bridge with the portal.
	ip -n "$r" link add br0 type bridge
	for i in mgmt0 other0 san0; do
		ip -n "$r" addr flush dev $i
		ip -n "$r" link set $i master br0
	done
	ip -n "$r" link set br0 up
	for n in -m -o -p; do
		ip -n "$r$n" addr flush dev e0
	done
	ip -n "$r-m" addr add 10.90.0.50/24 dev e0
	ip -n "$r-o" addr add 10.90.0.51/24 dev e0
	ip -n "$r-p" addr add 10.90.0.9/24 dev e0
	good "$(deed '"br0"' '"10.90.0.9:3260"' '"br0 '$MAC' 10.90.0.50 10.90.0.9:3260"')"
	[[ $output == *'"bridged":true'* ]]
	reaches -m 10.90.0.9
	run ! inside -o timeout 10 socat -u /dev/null TCP4:10.90.0.9:3260,connect-timeout=0.4
}

# A site whose broker keeps the guard. The portal is this host's own.
TARGET=iqn.2026-01.org.example:disk.web-01
guarded_site() {
	. tests/lib/site.bash
	site_make
	echo "guard_interfaces = mgmt0" >>"$dir/etc/baton.conf"
	echo "lun=1 bytes=1073741824 block_len=512 bootable=1" >"$dir/fake/$TARGET.san"
	chmod 666 "$dir/fake/$TARGET.san"
	site_start
	baton network add mgmt --interface mgmt0 --address $SITE_ADDR/24 --pool 10.88.0.100-10.88.0.199
	baton pool add macs --mac 02:ba:70:00:00:01-02:ba:70:00:ff:ff
	baton pool add iqns --iqn iqn.2026-01.org.example:
	baton machine add blade-a --bmc fake://blade-a --nic mac=$FACTORY_A,network=mgmt
	baton machine add blade-b --bmc fake://blade-b --nic mac=$FACTORY_B,network=mgmt
	baton persona add web-01 --san fake --target $TARGET --lun 1 --portal $SITE_ADDR:3260 \
		--nic network=mgmt,address=10.88.0.50
	machine_plug blade-a $FACTORY_A
	machine_plug blade-b $FACTORY_B
	ip netns exec "$ns" socat "TCP4-LISTEN:3260,bind=$SITE_ADDR,reuseaddr,fork" EXEC:cat 3>&- &
	started+=($!)
}
shown() { ip netns exec "$ns" nft list table inet baton 2>/dev/null | grep -q -- "$1"; }
not_shown() { ! shown "$1"; }
from() { [ "$(echo hello | timeout 10 ip netns exec "$ns-$1" socat -t 2 - TCP4:$SITE_ADDR:3260,connect-timeout=1)" = hello ]; }

@test "a site: the persona's machine reaches the portal while it carries it, and no other does" {
	guarded_site
	until_true "the portal is guarded" shown "$SITE_ADDR . 3260"
	until_true "it is told of" in_log "baton-broker guard-set interfaces=1 portals=1 passes=0 without=0 families=inet"
	baton start web-01 blade-a
	mac=$(baton persona show web-01 -o json | jq -r '.nics[0].mac')
	until_true "its pass is set" shown "\"mgmt0\" . $mac . 10.88.0.50 . $SITE_ADDR . 3260"
	from blade-a
	# Another machine with an address of the network is not let in.
	ip -n "$ns-blade-b" addr add 10.88.0.77/24 dev e0
	ip -n "$ns-blade-b" link set e0 up
	run ! from blade-b
	# Batond's end leaves it in force; a broker that starts finds it as it should be.
	sets=$(grep -c " guard-set " "$dir/log")
	site_stop
	shown "$mac"
	from blade-a
	site_start
	until_true "it is told of again" in_log " guard-set " $((sets + 1))
	# The order does not wait for the guard; the guard follows.
	baton move web-01 blade-b
	until_true "the guard knows" shown "$mac"
	baton stop web-01
	until_true "its pass is gone" not_shown "$mac"
	shown "$SITE_ADDR . 3260"
	run ! in_log "guard-not-set"
	# The setting is taken away: so is the guard.
	site_stop
	sed -i '/^guard_interfaces/d' "$dir/etc/baton.conf"
	site_start
	until_true "the guard is gone" not_shown guard
}

@test "a guard that cannot be set is an alarm, holds no order up, and is set when it can be" {
	. tests/lib/site.bash
	guarded_site
	until_true "the portal is guarded" shown "$SITE_ADDR . 3260"
	ip netns exec "$ns" nft delete table inet baton
	ip netns exec "$ns" nft add table inet baton
	baton start web-01 blade-a
	until_true "it is told of" in_log "guard-not-set why=guard: a table baton that Baton has not made is there"
	baton status | grep -q "the guard in front of the personas' portals is not as it should be"
	baton status -o json | jq -e '.alarms[] | select(.word == "guard-not-set")'
	ip netns exec "$ns" nft delete table inet baton
	mac=$(baton persona show web-01 -o json | jq -r '.nics[0].mac')
	until_true "it is set" shown "$mac"
	from blade-a
}

@test "an interface that is not there, or is a port of a bridge, is refused before anything starts" {
	. tests/lib/site.bash
	site_make
	ip -n "$ns" link add tap0 type veth peer name tap1
	ip -n "$ns" link set tap0 master mgmt0
	echo "guard_interfaces = mgmt0 mgmt7 tap0" >>"$dir/etc/baton.conf"
	run ip netns exec "$ns" "$dir/bin/batond" -c "$dir/etc/baton.conf" --check
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"guard_interfaces: mgmt7: this machine has no such interface"* ]]
	[[ $output == *"guard_interfaces: tap0 is a port of a bridge: name the bridge"* ]]
	[[ $output != *"guard_interfaces: mgmt0"* ]]
}
