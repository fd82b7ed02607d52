#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=bad-input,root,tgt,ipmi_sim
# shellcheck disable=SC1091,SC2016,SC2030,SC2031,SC2086,SC2119,SC2154
# What people, machines, BMCs, targets and disks get wrong, on one site with all the real programs.
# Each is one sentence that names it and a hint what to do; nothing is changed, nothing half done.

setup_file() {
	. tests/lib/site.bash
	site_make
	export dir ns B
	site_start
	site_fill > /dev/null
	baton persona add free --nic network=mgmt > /dev/null
	baton machine add spare --bmc fake://spare --nic mac=52:54:00:cc:00:01,network=mgmt > /dev/null
	baton start web-01 blade-a > /dev/null
	# Its BMC takes every order and does nothing; that shows only when a minute has passed.
	echo "power-on" > "$dir/fake/liar.lie"
	baton machine add liar --bmc fake://liar --nic mac=52:54:00:cc:00:02,network=mgmt > /dev/null
	baton persona add patient --nic network=mgmt > /dev/null
	baton start patient liar --no-wait > "$dir/liar"
}

teardown_file() {
	. tests/lib/site.bash
	site_drop
}

setup() {
	. tests/lib/site.bash
	. tests/lib/tgt.bash
	. tests/lib/ipmi-sim.bash
}

teardown() {
	tgt_stop
	ipmi_sim_stop
}

# In the site's namespace; in place of the shell that is started for them.
tgtd() { exec ip netns exec "$ns" tgtd "$@"; }
ipmi_sim() { exec ip netns exec "$ns" ipmi_sim "$@"; }
ss() { ip netns exec "$ns" ss "$@"; }
at_blade_a() { ip netns exec "$ns-blade-a" "$@"; }

# Everything that Baton knows, but the orders and when things were seen last. The liar's order goes on
# meanwhile.
known() {
	local what
	for what in network pool machine persona; do
		baton $what list -o json | jq '.items[] | select(.name != "liar" and .name != "patient") |
			del(.seen, .since)'
	done
}

# says WORDS...: the first line names what was wrong, the second what to do.
says() {
	local words
	[[ ${lines[0]} == "baton: "* && ${#lines[@]} -eq 2 && ${lines[1]} == "  "?* ]] ||
		{ echo "want a sentence and a hint: $output"; return 1; }
	for words; do
		[[ ${lines[0]} == *"$words"* ]] || { echo "no \"$words\" in: $output"; return 1; }
	done
}

# refused CODE WORDS... -- BATON'S ARGUMENTS: it ends so, says so, and nothing is other than it was.
refused() {
	local code=$1 words=()
	shift
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	{ known; baton order list -o json | jq '[.items[].id]'; } > "$dir/before"
	run baton "$@"
	[ "$status" = "$code" ] || { echo "$*: exit $status, want $code: $output"; return 1; }
	says "${words[@]}"
	{ known; baton order list -o json | jq '[.items[].id]'; } | cmp "$dir/before" -
}

# stops WORDS... -- PERSONA MACHINE: the start stops at its preflight and says so, is taken back, and
# nothing is other than it was.
stops() {
	local words=()
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	known > "$dir/before"
	run baton start "$2" "$3"
	stopped_at preflight "${words[@]}"
	run baton order undo "$order"
	[ "$status" = 0 ]
	[[ $output == *"nothing had been touched"* ]]
	known | diff "$dir/before" -
}

# stopped_at STEP WORDS...: what `run` ran was an order that stopped there. Sets $order.
stopped_at() {
	local words step=$1
	shift
	[ "$status" = 4 ] || { echo "exit $status, want 4: $output"; return 1; }
	order=$(sed -n 's/^ .*baton order undo \([0-9]*\).*/\1/p' <<< "$output")
	[[ $output == *"order $order: "*" stopped at $step: "* && $output == *"baton order retry $order"* ]] ||
		{ echo "want where it stopped, retry and undo: $output"; return 1; }
	for words; do
		[[ $output == *"stopped at $step: "*"$words"* ]] || { echo "no \"$words\" in: $output"; return 1; }
	done
}

never_logged() { [ "$(grep -c -- "$1" "$dir/log")" = 0 ]; }
# How often it was switched on.
starts_of() {
	touch "$dir/fake/$1.log"
	grep -c "power on" "$dir/fake/$1.log" || true
}

add_machine() { # NAME MAC [OPTIONS...]: its arguments, in $add
	add=(machine add "$1" --bmc "fake://$1" --nic "mac=$2,network=mgmt${3:+,$3}")
}

@test "what is not there is named" {
	refused 1 "machine nowhere: no such machine" -- start free nowhere
	refused 1 "persona nobody: no such persona" -- start nobody blade-b
	refused 1 "persona nobody" -- stop nobody
	refused 1 "persona nobody" -- persona show nobody
	refused 1 "machine nowhere" -- move web-01 nowhere
	refused 1 "network nonet: no such network" -- persona add p --nic network=nonet
	refused 1 "network nonet: no such network" -- machine add m --bmc fake://m --nic mac=52:54:00:cc:01:01,network=nonet
	refused 1 "order 777" -- order undo 777
}

@test "one persona a machine, one machine a persona" {
	refused 1 "machine blade-a carries persona web-01" -- start free blade-a
	refused 1 "web-01 is on machine blade-a already" -- start web-01 blade-b
	refused 1 "web-01 is on machine blade-a already" -- move web-01 blade-a
	refused 1 "persona free is on no machine" -- stop free
	refused 1 "persona free is on no machine" -- move free blade-b
	refused 1 "machine blade-a carries persona web-01" -- machine rm blade-a
	refused 1 "persona web-01 is on machine blade-a" -- persona rm web-01
}

@test "no MAC, initiator name, address or name twice" {
	add_machine twin $FACTORY_A
	refused 1 "MAC $FACTORY_A belongs to machine blade-a" -- "${add[@]}"
	add_machine twin "$(persona_mac web-01)"
	refused 1 "MAC $(persona_mac web-01) belongs to persona web-01" -- "${add[@]}"
	refused 1 "MAC $FACTORY_B belongs to machine blade-b" -- persona add twin --nic mac=$FACTORY_B,network=mgmt
	refused 1 "MAC $(persona_mac web-01) belongs to persona web-01" -- persona add twin --nic "mac=$(persona_mac web-01),network=mgmt"
	refused 1 "IQN iqn.2026-01.org.example:web-01 belongs to persona web-01" -- \
		persona add twin --iqn iqn.2026-01.org.example:web-01 --nic network=mgmt
	add_machine twin 52:54:00:cc:01:02 address=10.88.0.50
	refused 1 "10.88.0.50" "persona web-01" -- "${add[@]}"
	add_machine blade-a 52:54:00:cc:01:03
	refused 1 "machine blade-a exists already" -- "${add[@]}"
	refused 1 "persona web-01 exists already" -- persona add web-01 --nic network=mgmt
	# One NIC's MAC twice in one machine.
	refused 1 "52:54:00:cc:01:04" -- machine add twin --bmc fake://twin \
		--nic mac=52:54:00:cc:01:04,network=mgmt --nic mac=52:54:00:cc:01:04,network=mgmt
	# What was refused has used up nothing: the next one gets the next of the pool.
	baton persona add next --nic network=mgmt > /dev/null
	[ "$(persona_mac next)" = 02:ba:70:00:00:04 ]
	baton persona rm next
}

persona_mac() { baton persona show "$1" -o json | jq -r '.nics[0].mac'; }

@test "a value that cannot be is said with what is wanted" {
	refused 1 '"name"' "want 1 to 63 of a-z" -- machine add ../etc --bmc fake://m --nic mac=52:54:00:cc:01:01,network=mgmt
	add_machine "$(printf 'x%.0s' {1..64})" 52:54:00:cc:01:01
	refused 1 '"name"' "at most 63" -- "${add[@]}"
	for mac in 01:54:00:aa:00:09 00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 52:54:00:aa:00 52:54:00:aa:00:zz; do
		add_machine m $mac
		refused 1 '"mac"' "$mac" -- "${add[@]}"
	done
	add_machine m 52:54:00:cc:01:01 address=10.99.0.1
	refused 1 10.99.0.1 -- "${add[@]}"
	local disk=(persona add p --nic network=mgmt --target iqn.2026-01.org.example:d)
	refused 1 '"lun"' "0 to 16383" -- "${disk[@]}" --lun 99999 --portal 10.88.0.1:3260
	refused 1 '"portals"' "as in 10.77.0.1:3260" -- "${disk[@]}" --lun 1 --portal 10.88.0.1:0
	refused 1 '"portals"' "as in 10.77.0.1:3260" -- "${disk[@]}" --lun 1 --portal storage:3260
	refused 1 '"target"' -- persona add p --nic network=mgmt --target "not an iqn" --lun 1 --portal 10.88.0.1:3260
	refused 2 "--lun x: want a number" -- "${disk[@]}" --lun x --portal 10.88.0.1:3260
	refused 2 "--colour" -- machine list --colour
	refused 2 "--unknown shout: want silence|lease" -- network add n --interface x0 --address 10.9.0.1/24 --unknown shout
	refused 1 '"pool"' -- network add n --interface x0 --address 10.9.0.1/24 --pool 10.9.0.9-10.9.0.3
	refused 1 '"pool": its addresses are not of "address"' -- network add n --interface x0 --address 10.9.0.1/24 --pool 10.1.0.1-10.1.0.9
	refused 1 "network n: 10.9.0.1/24: want the interface that has this address, or 10.9.0.0/24" -- network add n --address 10.9.0.1/24
	refused 1 "network n: interface mgmt0 belongs to network mgmt; want a link" -- network add n --interface mgmt0 --address 10.9.0.1/24
	refused 1 "network n: link none: no such network" -- network add n --address 10.9.0.0/24 --link none
	refused 1 "network n: a link to itself" -- network add n --address 10.9.0.0/24 --link n
	refused 1 "network n: mode proxy, and network mgmt on the same wire has mode serve" -- \
		network add n --interface mgmt0 --address 10.9.0.1/24 --link mgmt --mode proxy
	refused 1 "network n: mode proxy: want an interface and no relays" -- network add n --address 10.9.0.0/24 --mode proxy
	refused 1 "network n: mode proxy: want no pool, and unknown silence" -- \
		network add n --interface x0 --address 10.9.0.1/24 --mode proxy --unknown lease
	refused 2 "--mode both: want serve|proxy" -- network add n --interface x0 --address 10.9.0.1/24 --mode both
	refused 1 '"relays"' "as in [\"10.77.0.2\"]" -- network add n --address 10.9.0.0/24 --relay router-7
	refused 1 "relay 10.9.0.254: want an address outside of it" -- network add n --address 10.9.0.0/24 --relay 10.9.0.254
	refused 1 "relay 10.88.0.9 is of network mgmt" -- network add n --address 10.9.0.0/24 --relay 10.88.0.9
	refused 1 '"relays": want a list of at most 4' -- network add n --address 10.9.0.0/24 \
		--relay 10.1.0.1 --relay 10.1.0.2 --relay 10.1.0.3 --relay 10.1.0.4 --relay 10.1.0.5
	refused 1 '"to"' -- pool add n --mac 02:00:00:00:00:09-02:00:00:00:00:01
}

@test "a relay port that cannot be, or is another machine's, is said with what is wanted" {
	local m=(machine add m --bmc fake://m --nic) mac=mac=52:54:00:cc:01:01
	refused 1 '"circuit": want 1 to 64 bytes as an event shows them' -- "${m[@]}" "$mac,circuit=0x0"
	refused 1 '"circuit": want 1 to 64 bytes' -- "${m[@]}" "$mac,circuit=two words"
	refused 1 '"circuit": want 1 to 64 bytes' -- "${m[@]}" "$mac,circuit=$(printf 'a%.0s' {1..65})"
	refused 1 '"circuit" is too long: want at most 130' -- "${m[@]}" "$mac,circuit=0x$(printf '00%.0s' {1..65})"
	refused 1 '"remote": want 1 to 64 bytes' -- "${m[@]}" "$mac,circuit=7,remote=0x"
	refused 1 "NIC 0: a remote-id names a relay, and no port of it" -- "${m[@]}" "$mac,remote=0x00"
	refused 2 "circuit is given twice" -- "${m[@]}" "$mac,circuit=7,circuit=8"
	baton machine add ported --bmc fake://ported --nic mac=52:54:00:cc:01:02,circuit=7 > /dev/null
	refused 1 "relay port 7 of 0x00 is that of machine ported" "remote-id" -- "${m[@]}" "$mac,circuit=0x37,remote=0x00"
	baton machine add other --bmc fake://other --nic "$mac" > /dev/null
	refused 1 "relay port 7 is that of machine ported" -- machine set other --nic "$mac,circuit=7"
	refused 1 '"circuit": want 1 to 64 bytes' -- machine set other --nic "$mac,circuit=0x0"
	refused 1 '"remote": want 1 to 64 bytes' -- machine set other --nic "$mac,circuit=8,remote=0x"
	refused 1 'want "port", "circuit" or "remote"' -- machine set other --nic "$mac"
	baton machine rm ported > /dev/null
	baton machine rm other > /dev/null
}

@test "what an OS cannot be told is said with what is wanted" {
	local nic=(persona add p --nic)
	refused 1 '"dns": want a list of at most 3' -- "${nic[@]}" network=mgmt --dns ns1
	refused 1 '"ntp": want a list of at most 3' -- "${nic[@]}" network=mgmt --ntp 1.1.1.1 --ntp 1.1.1.2 --ntp 1.1.1.3 --ntp 1.1.1.4
	refused 1 'persona p: domain "a_b"' "as example.org" -- "${nic[@]}" network=mgmt --domain a_b
	refused 1 '"domain" is too long: want at most 127' -- "${nic[@]}" network=mgmt --domain "$(printf 'a%.0s' {1..128})"
	refused 2 "mtu=large: want a number" -- "${nic[@]}" network=mgmt,mtu=large
	refused 1 '"mtu": want a whole number of 0 to 9216' -- "${nic[@]}" network=mgmt,mtu=9217
	refused 1 "persona p: MTU 68: want 576 to 9216" -- "${nic[@]}" network=mgmt,mtu=68
	refused 1 '"routes": want a network and its gateway' -- "${nic[@]}" network=mgmt,route=10.0.0.0/8
	refused 1 '"routes": want a network and its gateway' -- "${nic[@]}" network=mgmt,route=10.0.0.0/33@10.88.0.9
	refused 1 "route to 10.0.0.1/8: want a network's number, as 10.0.0.0/8" -- "${nic[@]}" network=mgmt,route=10.0.0.1/8@10.88.0.9
	refused 1 "want a gateway of network mgmt (10.88.0.1/24)" -- "${nic[@]}" network=mgmt,route=10.0.0.0/8@10.77.0.9
	refused 1 "its NIC is on no network" -- "${nic[@]}" mac=02:00:00:00:00:09,route=10.0.0.0/8@10.88.0.9
	refused 1 "route to 10.0.0.0/8 is written twice" -- "${nic[@]}" network=mgmt,route=10.0.0.0/8@10.88.0.9,route=10.0.0.0/8@10.88.0.8
	refused 1 '"routes": want at most 8' -- "${nic[@]}" "network=mgmt$(printf ',route=10.%d.0.0/16@10.88.0.9' {1..9})"
}

get() { at_blade_a curl -s --path-as-is --max-time 10 -o "$dir/got" -w '%{http_code}' "$@"; }

@test "a wrong token opens nothing, and its answer tells nothing" {
	local base token sign path word
	known > "$dir/before"
	base=$(sed -n 's/^set base //p' "$dir/machines/blade-a/entry")
	token=${base##*/}
	base=${base%/*}
	sign=${token##*-}
	[ "$(get "$base/$token/job")" != 403 ]
	# A wrong signature, another machine's MAC, a later binding, none, and too much.
	for word in "${token%-*}-$(tr 0-9a-f 1-9a-f0 <<< "$sign")" "525400bb0001${token#"${token%%-*}"}" \
		"${token/-1-/-2-}" "${token%-*}-" "${token}0" x "$(printf 'a%.0s' {1..3000})"; do
		for path in entry.ipxe next.ipxe job report; do
			run get "$base/$word/$path"
			[[ $output =~ ^40[0-9]$ || $output = 414 ]] || { echo "$word/$path: $output"; return 1; }
			[ "$(grep -c "iscsi\|$sign" "$dir/got")" = 0 ]
		done
	done
	run get "$base/${token%-*}-$(tr 0-9a-f 1-9a-f0 <<< "$sign")/job"
	[ "$output" = 403 ]
	grep -q '^bad-token' "$dir/got"
	[ "$(wc -l < "$dir/got")" -le 1 ]
	until_true "it is an event" in_log "http-refused .*bad-token"
	# A report under a wrong token reaches no broker.
	run get -d '{"stage":"failed","deed":"identity","machine":"blade-a","generation":1,"step":"x","why":"y"}' \
		"$base/${token%-*}-$(tr 0-9a-f 1-9a-f0 <<< "$sign")/report"
	[ "$output" = 403 ]
	for path in ../../../etc/passwd %2e%2e/%2e%2e/state/baton.db shim/../../state/baton.db loaders/../../etc/baton.conf; do
		run get "http://$SITE_ADDR:8080/$path"
		[[ $output = 40[04] ]]
	done
	known | cmp "$dir/before" -
}

# discover MAC: a whole DHCPDISCOVER as PXE firmware sends it, as bytes.
discover() {
	local hex=${1//:/} n
	printf '%b' "\x01\x01\x06\x00\x12\x34\x56\x78\x00\x00\x80\x00$(printf '\\x00%.0s' {1..16})"
	printf '%b' "$(for ((n = 0; n < 12; n += 2)); do printf '\\x%s' "${hex:n:2}"; done)$(printf '\\x00%.0s' {1..202})\x63\x82\x53\x63"
	printf '%b' "\x35\x01\x01\x3c\x09PXEClient\x5d\x02\x00\x07\x61\x11\x00$(printf '\\x41%.0s' {1..16})\xff"
}

answers_to() { grep -c "baton-edge dhcp-answered mac=$1 " "$dir/log" || true; }

@test "DHCP cut short at every place gets no answer, whole it gets one" {
	local mac=52:54:00:cc:00:01 n
	known > "$dir/before"
	discover $mac > "$dir/whole"
	at_blade_a bash -c 'for ((n = 0; n < $2; n += 3)); do
		head -c $n "$1" > /dev/udp/$0/67
		head -c $n "$1" > /dev/udp/$0/4011
	done' $SITE_ADDR "$dir/whole" 240
	# Options cut short: the packet has no end.
	at_blade_a bash -c 'for ((n = 241; n < $2; n++)); do head -c $n "$1" > /dev/udp/$0/67; done' \
		$SITE_ADDR "$dir/whole" $((240 + 3))
	at_blade_a busybox tftp -g -r undionly.kpxe -l "$dir/got" $SITE_ADDR
	[ "$(answers_to $mac)" = 0 ]
	at_blade_a bash -c 'cat "$1" > /dev/udp/$0/67' $SITE_ADDR "$dir/whole"
	until_true "the whole one is answered" eval '[ "$(answers_to '$mac')" = 1 ]'
	for n in ../etc/baton.conf /../state/baton.db "$dir/state/baton.db" boot/../../state/baton.db shim; do
		rm -f "$dir/got"
		run at_blade_a busybox tftp -g -r "$n" -l "$dir/got" $SITE_ADDR
		[ "$status" != 0 ]
		[ ! -s "$dir/got" ]
	done
	never_logged child-died
	known | cmp "$dir/before" -
}

# A target with a bootable LUN 1 and a blank LUN 2, and personas that know them more or less.
disks() {
	truncate -s 4M "$dir/disk" "$dir/blank"
	# Boot code, and the two bytes at its end that say so.
	printf '\xeb\xfe' | dd of="$dir/disk" conv=notrunc status=none
	printf '\x55\xaa' | dd of="$dir/disk" bs=1 seek=510 conv=notrunc status=none
	tgt_start "$dir/tgt" $SITE_ADDR 3260
	tgt_target 1 iqn.2026-01.org.example:disk
	tgt_lun 1 1 "$dir/disk"
	tgt_lun 1 2 "$dir/blank"
	tgt_account 1 web good-secret-12
}

disk() { # NAME SECRET LUN PORTAL [TARGET]
	baton persona add "$1" --target "${5:-iqn.2026-01.org.example:disk}" --lun "$3" --portal "$4" \
		--chap-user web --chap-secret-file - --nic network=mgmt <<< "$2" > /dev/null
}

@test "a disk that is not there, not ours or not bootable stops the start before anything is touched" {
	disks
	disk lun good-secret-12 7 $SITE_ADDR:3260
	disk chap wrong-secret-12 1 $SITE_ADDR:3260
	disk dead good-secret-12 1 $SITE_ADDR:3999
	disk target good-secret-12 1 $SITE_ADDR:3260 iqn.2026-01.org.example:none
	disk blank good-secret-12 2 $SITE_ADDR:3260
	stops "portal $SITE_ADDR:3260" "has no LUN 7" -- lun spare
	stops "refused CHAP user \"web\" or its secret" -- chap spare
	stops "portal $SITE_ADDR:3999: nothing listens there" -- dead spare
	stops "no target iqn.2026-01.org.example:none there" -- target spare
	stops "carries no boot code" -- blank spare
	# A plan says the same beforehand.
	run baton start chap spare --plan
	[ "$status" = 1 ]
	[[ $output == *"bad "*chap-right*'refused CHAP user "web" or its secret'*"1 check is bad"* ]]
	# The same checks let a right one pass.
	disk right good-secret-12 1 $SITE_ADDR:3260
	run baton start right spare --plan
	[ "$status" = 0 ]
	[[ $output == *"unknown "*fence*"cannot be fenced: exclusivity rests on silence"*"ok "*chap-right*"takes its secret"* ]]
	baton start right spare --no-wait > /dev/null
	order=$(baton order list -o json | jq '.items[0].id')
	until_true "the preflight is done" in_log "step-done order=$order step=preflight"
	baton order undo "$order" > /dev/null
	[ "$(machine_power spare)" = off ]
	never_logged good-secret-12
	never_logged wrong-secret-12
}

@test "a BMC that does not answer or does not know us is named, and nothing is touched" {
	install -o 64904 -m 600 /dev/stdin "$dir/etc/secrets/right" <<< secret-12
	install -o 64904 -m 600 /dev/stdin "$dir/etc/secrets/wrong" <<< wrong-12
	ipmi_sim_start "$dir/ipmi" $SITE_ADDR 9001 baton secret-12 "$PWD/tests/lib/chassis" "$dir/fake" rack
	local secret n=0
	for secret in right wrong missing; do
		n=$((n + 1))
		baton machine add "$secret" --bmc ipmi://baton@$SITE_ADDR:9001 --bmc-secret $secret --bmc-cipher 3 \
			--nic mac=52:54:00:cc:02:0$n,network=mgmt > /dev/null
	done
	stops "bmc $SITE_ADDR" -- free wrong
	stops "bmc $SITE_ADDR: secret:" "etc/secrets/missing: No such file" -- free missing
	kill -STOP "$ipmi_sim_pid"
	stops "bmc $SITE_ADDR: no answer within" "is it powered and reachable?" -- free right
	kill -CONT "$ipmi_sim_pid"
	baton start free right --no-wait > /dev/null
	order=$(baton order list -o json | jq '.items[0].id')
	until_true "awake, it passes" in_log "step-done order=$order step=preflight"
	baton order undo "$order" > /dev/null
	never_logged secret-12
	never_logged wrong-12
}

@test "a kind of BMC that nobody knows is named with those that are" {
	baton machine add odd --bmc telnet://odd --nic mac=52:54:00:cc:03:01,network=mgmt > /dev/null
	stops 'no BMC kind "telnet": want one of redfish, ipmi, fake' -- free odd
}

@test "a BMC that takes the network boot and forgets it stops the order, which is taken back" {
	local before
	before=$(starts_of spare)
	echo next-boot > "$dir/fake/spare.lie"
	run baton start free spare
	stopped_at net-start "bmc spare" 'start from "network" next and says "default"'
	[ "$(machine_power spare)" = off ]
	rm "$dir/fake/spare.lie"
	baton order undo "$order" > /dev/null
	[ "$(baton status -o json | jq -r '.machines[] | select(.name == "spare").state')" = free ]
	[ "$(starts_of spare)" = "$before" ]
}

@test "a tool that lies or fails stops the order with its own words, and retry goes on" {
	touch "$dir/machines/blade-b/lie"
	run baton start free blade-b
	stopped_at await-written "reads back $FACTORY_B, want $(persona_mac free)" "tool lab"
	[ "$(awk '$2 != $3' "$dir/machines/blade-b/nvram")" = "" ]
	rm "$dir/machines/blade-b/lie"
	echo "lab: EEPROM is locked by jumper J7" > "$dir/machines/blade-b/broken"
	run baton order retry "$order"
	stopped_at await-written "machine blade-b: 40-write: lab: EEPROM is locked by jumper J7"
	[ "$(awk '$2 != $3' "$dir/machines/blade-b/nvram")" = "" ]
	rm "$dir/machines/blade-b/broken"
	run baton order retry "$order"
	[ "$status" = 0 ] || { echo "$output"; site_says; return 1; }
	grep -q " $(persona_mac free) e1" "$dir/machines/blade-b/nvram"
	baton stop free > /dev/null
	[ "$(awk '$2 != $3' "$dir/machines/blade-b/nvram")" = "" ]
	[ ! -e "$dir/twice" ]
}

@test "a token of a binding that is over is told so" {
	baton start free blade-b > /dev/null
	local base
	base=$(sed -n 's/^set base //p' "$dir/machines/blade-b/entry")
	# A report that is no JSON, and one for another machine.
	[ "$(ip netns exec "$ns-blade-b" curl -s -o "$dir/got" -w '%{http_code}' -d 'what?' "$base/report")" = 409 ]
	[ "$(wc -w < "$dir/got")" -gt 3 ]
	baton stop free > /dev/null
	baton start free blade-b > /dev/null
	[ "$(ip netns exec "$ns-blade-b" curl -s -o "$dir/got" -w '%{http_code}' "$base/job")" = 410 ]
	grep -q '^stale-generation' "$dir/got"
	baton stop free > /dev/null
}

@test "wrong settings start nothing, each with its line" {
	local conf=$dir/wrong.conf
	printf 'interfaces = mgmt0\nlease_s = soon\nhttp_port\n= 7\nrun_dir = %s\nlease_s = 600\n' \
		"$(printf '/x%.0s' {1..60})" > "$conf"
	run ip netns exec "$ns" "$dir/bin/batond" -c "$conf"
	[ "$status" = 2 ]
	[[ $output == *"wrong.conf:2: lease_s = soon: want 120 to 86400"* ]]
	[[ $output == *"wrong.conf:3: "* && $output == *"wrong.conf:4: "* && $output == *"wrong.conf:5: run_dir"* ]]
	[[ ${lines[-1]} == *"wrong lines; nothing was started"* ]]
	run ip netns exec "$ns" "$dir/bin/batond" -c "$dir/nowhere.conf"
	[ "$status" = 2 ]
	[[ $output == *"nowhere.conf: No such file or directory"* ]]
	{ site_conf; head -c 4000 /dev/zero | tr '\0' x; } > "$conf"
	run ip netns exec "$ns" "$dir/bin/batond" -c "$conf"
	[ "$status" = 2 ]
	[[ ${#lines[@]} -le 3 && ${#output} -lt 1000 ]]
	{ site_conf; printf 'lease_s = 600\0 = 7\n'; } > "$conf"
	run ip netns exec "$ns" "$dir/bin/batond" -c "$conf"
	[ "$status" = 2 ]
	baton status > /dev/null
}

@test "a BMC that lies about power is found out when its minute is over" {
	order=$(sed -n 's/^order \([0-9]*\).*/\1/p' "$dir/liar")
	local until=$((SECONDS + 90))
	until in_log "step-failed order=$order step=net-start"; do
		[ $SECONDS -lt $until ]
		nap
	done
	grep "step-failed order=$order step=net-start" "$dir/log" | grep -q "why=bmc liar: .*off"
	run baton order undo "$order"
	[ "$status" = 0 ]
	[ "$(baton status -o json | jq -r '.machines[] | select(.name == "liar").state')" = free ]
	[ "$(starts_of liar)" = 0 ]
}

@test "a full disk is said, nothing is half done, and all goes on when there is room" {
	site_stop
	# What was there before lies under it and is not touched.
	mount -t tmpfs -o size=12m,mode=700,uid=64901 none "$dir/state"
	for m in blade-a blade-b; do machine_unplug $m; rm -rf "$dir/machines/$m"; done
	rm -f "$dir"/fake/* "$dir"/wire/* "$dir/runs"
	: > "$dir/log"
	site_start
	site_fill > /dev/null
	echo 1500 > "$dir/fake/blade-a.slow"
	baton start web-01 blade-a --no-wait > /dev/null
	dd if=/dev/zero of="$dir/state/fill" bs=4k status=none 2>/dev/null || true
	local n=0
	status=0
	until [ "$status" != 0 ]; do
		n=$((n + 1))
		[ $n -lt 1000 ]
		run baton pool add "p$n" --iqn "iqn.2026-01.p$n:"
	done
	[ "$status" = 1 ]
	says "the disk is full, nothing was changed"
	refused 1 "the disk is full" -- machine add m --bmc fake://m --nic mac=52:54:00:cc:01:01,network=mgmt
	refused 1 "the disk is full" -- network add n --interface x0 --address 10.9.0.1/24
	until_true "the order waits for the disk" in_log "step-failed order=1 .*the disk is full"
	[[ $(baton order show 1 -o json | jq -r '.state + " " + .why') == "running "*"the disk is full"* ]]
	rm "$dir/fake/blade-a.slow" "$dir/state/fill"
	until_true "it goes on" order_is 1 "done"
	[ "$(cat "$dir/runs")" = "blade-a $(persona_mac web-01) 1" ]
	[ "$(grep -c "power on" "$dir/fake/blade-a.log")" = 1 ]
	never_logged child-died
}
