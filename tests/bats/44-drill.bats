#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC1091,SC2154,SC2034
# A failover rehearsed (docs/design/0020): real processes, a fake BMC and a fake target, and a network of its own
# that leads nowhere. Whatever happens to the rehearsal, the persona is as it was and nothing is left over.

TARGET=iqn.2026-01.org.example:disk.web-01
COPY=$TARGET:drill

setup() {
	. tests/lib/site.bash
	site_make
	sed -i 's/^interfaces = .*/interfaces = mgmt0 iso0/' "$dir/etc/baton.conf"
	ip -n "$ns" link add iso0 type bridge
	ip -n "$ns" addr add 10.89.0.1/24 dev iso0
	ip -n "$ns" link set iso0 up
	site_disk $TARGET
	site_start
	site_nets
	baton machine add blade-a --bmc fake://blade-a --nic mac=$FACTORY_A,network=mgmt
	baton persona add web-01 --san fake --target $TARGET --lun 1 --portal $SITE_ADDR:3260 \
		--nic network=mgmt,address=10.88.0.50
	machine_plug blade-a $FACTORY_A
	baton start web-01 blade-a
	# It writes at its disk all the time.
	echo iqn.2026-01.org.example:web-01 > "$dir/fake/$TARGET.sessions"
	persona_says > "$dir/before"
}

teardown() {
	if [ -e "$dir/tgtd.pid" ]; then
		kill -KILL "$(cat "$dir/tgtd.pid")" 2>/dev/null || true
		rm -f "$control" "$control.lock"
		until_true "the file system is free" no_fs
	fi
	site_drop
}

no_fs() { ! mountpoint -q "$dir/fs" || umount "$dir/fs"; }

# The isolated network and a spare with a card on it; the other card, on mgmt, it boots by.
spare() {
	baton network add iso --isolated --interface iso0 --address 10.89.0.1/24 --pool 10.89.0.100-10.89.0.199
	baton machine add blade-b --pool spares --bmc fake://blade-b --nic mac=52:54:00:bb:00:01,network=mgmt \
		--nic mac=$FACTORY_B,network=iso,carries=yes
	machine_plug blade-b 52:54:00:bb:00:01 $FACTORY_B
	ip -n "$ns" link set blade-b1 master iso0
}

# All that must stay as it is: persona, binding, secret as it lies in the store, target with accounts and
# sessions, its machine.
persona_says() {
	baton persona show web-01 -o json
	baton status -o json | jq '.personas[] | select(.name == "web-01") | del(.since, .health)'
	sqlite3 "$dir/state/baton.db" "SELECT *, hex(secret) FROM chap WHERE persona = 'web-01'; SELECT * FROM binding WHERE persona = 'web-01'"
	cat "$dir/fake/$TARGET.san" "$dir/fake/$TARGET.sessions" "$dir/fake/blade-a.log" "$dir/fake/blade-a.bmc"
	cat "$dir/machines/blade-a/nvram"
}

untouched() {
	persona_says > "$dir/after"
	diff "$dir/before" "$dir/after"
}

# Nothing of the rehearsal is there, and the spare is as its makers made it.
nothing_left() {
	[ ! -e "$dir/fake/$COPY.san" ]
	[ ! -e "$dir/fake/$COPY.sessions" ]
	[ "$(baton persona list -o json | jq -r '[.items[].name] | join(" ")')" = web-01 ]
	[ "$(baton status -o json | jq -r '.machines[] | select(.name == "blade-b") | .state')" = free ]
	awk '$2 != $3 { exit 1 }' "$dir/machines/blade-b/nvram"
	[ "$(machine_power blade-b)" = off ]
	! grep -sv " nvram " "$dir/twice"
}

drill_is() { baton order show "$1" -o json | jq -r ".drill.$2"; }
newest_order() { baton order list -o json | jq '[.items[].id] | max'; }
# The spare that a rehearsal would be on, and why the other one is not taken.
chosen() {
	baton failover web-01 --pool spares --drill --plan -o json |
		jq -r '.choice | .machine + ", not " + (.others[0] | .machine + ": " + .why)'
}
step_is() { [ "$(baton order show "$1" -o json | jq -r .step)" = "$2" ]; }

@test "a rehearsal says that the persona would have come up, and leaves nothing" {
	spare
	run baton failover web-01 blade-b --drill --plan
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *clone*await-os*clone-remove*forget* ]]
	[ "$(baton persona list -o json | jq '.items | length')" = 1 ]
	run baton failover web-01 --pool spares --drill
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"rehearsed: a failover of web-01 to blade-b, in network iso"* ]]
	[[ $output == *"web-01 would have been up on blade-b after "* ]]
	[[ $output == *"web-01 was not touched, and nothing is left of the rehearsal"* ]]
	# Its OS came up there, with a MAC, a generation and an address of its own.
	[ "$(wc -l < "$dir/runs")" = 2 ]
	read -r machine mac generation < <(tail -n 1 "$dir/runs")
	[ "$machine" = blade-b ]
	[ "$mac" != "$(baton persona show web-01 -o json | jq -r '.nics[0].mac')" ]
	[ "$generation" -gt "$(baton persona show web-01 -o json | jq .generation)" ]
	grep -q "dhcp-answered mac=$mac stage=os .*deed=persona generation=$generation addr=10.89.0.1[0-9][0-9]" "$dir/log"
	order=$(newest_order)
	[ "$(drill_is "$order" result)" = up ]
	[ "$(drill_is "$order" of)" = web-01 ]
	[ "$(drill_is "$order" '"up_after"')" != null ]
	[ "$(drill_is "$order" 'parts | map(.name) | join(" ")')" = "preflight copy fence boot os" ]
	baton order show "$order" | grep -q "would have been up"
	run baton order undo "$order"
	[ "$status" = 1 ]
	[[ $output == *"nothing is left of it"* ]]
	nothing_left
	untouched
	# And once more: it boots the copy, by Baton's address there, and with the one account that the copy has.
	baton failover web-01 blade-b --drill --no-wait
	order=$((order + 1))
	until_true "the script for it is there" grep -qs "^sanboot.*$COPY" "$dir/machines/blade-b/script"
	cp "$dir/machines/blade-b/script" "$dir/script"
	cp "$dir/fake/$COPY.san" "$dir/copy"
	until_true "order $order is over" order_over "$order"
	[ "$(grep -c ^account= "$dir/copy")" = 1 ]
	user=$(sed -n 's/^account=\(drill-web-01[^ ]*\) .*/\1/p' "$dir/copy")
	grep -q "^set username $user\$" "$dir/script"
	grep -q "^sanboot iscsi:10.89.0.1::3260:1:$COPY" "$dir/script"
	grep -q "^copy-of=$TARGET\$" "$dir/copy"
	nothing_left
	untouched
}

@test "a rehearsal is refused, and says what it wants" {
	refused() { # WORDS ARGS...
		run baton failover web-01 "${@:2}" --drill
		echo "$output"
		[ "$status" = 1 ]
		[[ $output == *"$1"* ]]
		[ "$(baton persona list -o json | jq '.items | length')" = "${personas-1}" ]
		[ "$(newest_order)" = "${orders-1}" ]
	}
	baton machine add blade-c --bmc fake://blade-c --nic mac=52:54:00:cc:00:01,network=mgmt
	refused "an isolated network: machine blade-c has none; \`baton network add NAME --isolated" blade-c
	spare
	refused "an isolated network: machine blade-c has none" blade-c
	refused "isolated network iso: machine blade-c has none" blade-c --network iso
	refused "network mgmt is not isolated" blade-b --network mgmt
	refused "network nowhere: no such network" blade-b --network nowhere
	refused "no such machine" blade-x
	refused "persona web-01 is on machine blade-a already" blade-a
	# A card that is on no network on record may be on any.
	baton machine add blade-d --bmc fake://blade-d --nic mac=52:54:00:dd:00:01,network=mgmt \
		--nic mac=52:54:00:dd:00:02,carries=yes --nic mac=52:54:00:dd:00:03,network=iso,carries=yes
	refused "is not recorded on network iso" blade-d
	run baton failover web-01 blade-b --network iso
	[ "$status" = 2 ]
	[[ $output == *"--network is for a drill"* ]]
	# The spare is busy.
	baton persona add db-01 --nic network=iso
	baton start db-01 blade-b
	personas=2 orders=2 refused "machine blade-b carries persona db-01" blade-b
	personas=2 orders=2
	run baton failover web-01 --pool spares --drill
	[ "$status" = 1 ]
	echo "$output"
	[[ $output == *"no machine fits drill-web-01"*db-01* ]]
	baton stop db-01
	# A target that Baton does not administer.
	baton persona rm db-01
	baton persona add db-01 --target iqn.2026-01.org.example:db --lun 1 --portal 10.88.0.1:3260 --nic network=iso
	run baton failover db-01 blade-b --drill
	[ "$status" = 1 ]
	[[ $output == *"is on no machine"* ]]
	# An isolated network that leads elsewhere is none.
	for more in "--gateway 10.90.0.254" "--link mgmt"; do
		# shellcheck disable=SC2086
		run baton network add iso2 --isolated --interface iso0 --address 10.90.0.1/24 $more
		[ "$status" = 1 ]
		[[ $output == *"want no gateway and no link"* ]]
	done
	run baton network add iso2 --isolated --address 10.90.0.0/24
	[ "$status" = 1 ]
	[[ $output == *"want an interface of Baton's and no relays"* ]]
	run baton network add iso2 --link iso --interface iso0 --address 10.90.0.1/24
	[ "$status" = 1 ]
	[[ $output == *"network iso is isolated"* ]]
	untouched
}

@test "what cannot be copied at one moment is not rehearsed, and no machine is touched" {
	spare
	echo clone=torn >> "$dir/fake/$TARGET.san"
	persona_says > "$dir/before"
	run baton failover web-01 blade-b --drill
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"web-01 would not have come up on blade-b: it failed at clone: "*"cannot be copied at one moment"* ]]
	[ ! -e "$dir/fake/blade-b.log" ] || ! grep -q power "$dir/fake/blade-b.log"
	order=$(newest_order)
	[ "$(drill_is "$order" result)" = failed ]
	[ "$(baton order show "$order" -o json | jq -r '.steps[] | select(.name == "await-os") | .state')" = skipped ]
	[ "$(baton order show "$order" -o json | jq -r '.steps[] | select(.name == "clone") | .state')" = failed ]
	# Somebody's own target of that name is not taken for a copy.
	sed -i /^clone=/d "$dir/fake/$TARGET.san"
	persona_says > "$dir/before"
	echo "lun=1 bytes=512 block_len=512 bootable=1" > "$dir/fake/$COPY.san"
	run baton failover web-01 blade-b --drill --no-wait
	order=$(newest_order)
	until_true "it stops" order_is "$order" stopped
	grep -q bytes=512 "$dir/fake/$COPY.san"
	baton order show "$order" | grep -q "is no copy that Baton made"
	rm "$dir/fake/$COPY.san"
	run baton order retry "$order"
	[ "$status" = 1 ]
	nothing_left
	untouched
}

@test "a spare that does not come up: the report says at what, and it gets its own address back" {
	spare
	echo "no such card" > "$dir/machines/blade-b/broken"
	run baton failover web-01 blade-b --drill --no-wait
	[ "$status" = 0 ]
	order=$(newest_order)
	until_true "it failed" in_log "step-failed order=$order step=await-written"
	rm "$dir/machines/blade-b/broken"
	until_true "it is over" order_over "$order"
	order_is "$order" "done"
	[ "$(drill_is "$order" failed)" = await-written ]
	[[ $(drill_is "$order" why) == *"no such card"* ]]
	nothing_left
	untouched
	# It is the last spare that is taken, and says why, until a rehearsal on it comes up.
	baton machine add blade-c --pool spares --bmc fake://blade-c --nic mac=52:54:00:cc:00:01,network=mgmt \
		--nic mac=52:54:00:cc:00:02,network=iso,carries=yes > /dev/null
	[[ $(chosen) == "blade-c, not blade-b: fits, but its rehearsal of web-01 failed at await-written, "*" ago" ]]
	baton failover web-01 blade-b --drill > /dev/null
	[ "$(chosen)" = "blade-b, not blade-c: fits as well; blade-b comes first by name" ]
	# A BMC that does not answer at all.
	echo > "$dir/fake/blade-b.refuse"
	run baton failover web-01 blade-b --drill
	rm "$dir/fake/blade-b.refuse"
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"it failed at preflight"* ]]
	nothing_left
	untouched
	# One that a person ends says nothing, and after a day it is forgotten.
	baton failover web-01 blade-b --drill --no-wait > /dev/null
	order=$(newest_order)
	baton order undo "$order" > /dev/null
	until_true "it is over" order_over "$order"
	[ "$(drill_is "$order" result)" = taken-back ]
	[[ $(chosen) == "blade-c, not blade-b: fits, but its rehearsal of web-01 failed at preflight, "* ]]
	sqlite3 "$dir/state/baton.db" "UPDATE orders SET ended_s = ended_s - 86400"
	[ "$(chosen)" = "blade-b, not blade-c: fits as well; blade-b comes first by name" ]
}

@test "taken back in the middle, at each step, it leaves nothing; the persona can be failed over meanwhile" {
	spare
	baton machine add blade-c --bmc fake://blade-c --nic mac=52:54:00:cc:00:01,network=mgmt
	machine_plug blade-c 52:54:00:cc:00:01
	for step in preflight clone fence net-start await-shim await-written await-os; do
		case $step in
		preflight | net-start) echo 2000 > "$dir/fake/blade-b.slow" ;;
		await-shim) kill -STOP "$(cat "$dir/machines/blade-b/pid")" ;;
		esac
		baton failover web-01 blade-b --drill --no-wait
		order=$(newest_order)
		until_true "$step begins" in_log "step-begun order=$order step=$step "
		baton order undo "$order" --no-wait || true
		rm -f "$dir/fake/blade-b.slow"
		kill -CONT "$(cat "$dir/machines/blade-b/pid")"
		until_true "order $order is over" order_over "$order"
		order_is "$order" "done"
		# Where nothing holds it, it may be one step further, or up.
		case $step in
		preflight | net-start | await-shim) [ "$(drill_is "$order" "result + .drill.failed")" = "taken-back$step" ] ;;
		*) [[ $(drill_is "$order" result) =~ ^(taken-back|up)$ ]] ;;
		esac
		nothing_left
		untouched
	done
	baton failover web-01 blade-b --drill --no-wait
	order=$(newest_order)
	until_true "the OS is waited for" in_log "step-begun order=$order step=await-shim "
	run baton failover web-01 blade-b
	[ "$status" = 1 ]
	[[ $output == *"wait for its end, or \`baton order undo\` it"* ]]
	baton failover web-01 blade-c
	[ "$(baton status -o json | jq -r '.personas[] | select(.name == "web-01") | .machine')" = blade-c ]
	until_true "order $order is over" order_over "$order"
	[ "$(drill_is "$order" result)" = up ]
	nothing_left
}

@test "the broker and its hands killed again and again: it ends by itself, whole" {
	spare
	steps=$(baton failover web-01 blade-b --drill --plan -o json | jq -r '.steps[].name')
	baton failover web-01 blade-b --drill --no-wait
	order=$(newest_order)
	# At every third step: the warden waits longer after each death, and the harness kills at each (docs/design/0017).
	local i=0
	for step in $steps; do
		[ $((i++ % 3)) = 0 ] || continue
		until_true "$step begins" in_log "step-begun order=$order step=$step "
		! hands_at_work || kill -9 "${hands[@]}" 2>/dev/null || true
		kill -9 "$(pid_at_work baton-broker)" 2>/dev/null || true
	done
	until_true "order $order is over" order_over "$order"
	until_true "the broker tells of it" baton order show "$order" -o json > "$dir/order"
	[ "$(jq -r .state "$dir/order")" = "done" ]
	[ "$(jq -r .drill.result "$dir/order")" = up ]
	cmp <(jq -r '.steps[] | .name + " done"' "$dir/order") <(printf '%s done\n' $steps)
	nothing_left
	untouched
	# And batond with all there is, while the copy is made and while it boots.
	for step in clone await-written clone-remove; do
		baton failover web-01 blade-b --drill --no-wait
		order=$(newest_order)
		until_true "$step begins" in_log "step-begun order=$order step=$step "
		kill -9 "$(pid_at_work batond)"
		until_true "order $order is over" order_over "$order"
		until_true "it is done" order_is "$order" "done"
		[ "$(drill_is "$order" result)" = up ]
		nothing_left
		untouched
	done
}

@test "with a real tgtd and a file that is cloned, from the order to the login" {
	spare
	# A target in the site's own network, its disk on a btrfs of our own.
	mkdir "$dir/fs"
	truncate -s 300M "$dir/fs.img"
	mkfs.btrfs -q "$dir/fs.img" 2>/dev/null
	mount -o loop "$dir/fs.img" "$dir/fs"
	mkdir -m 700 "$dir/fs/clones"
	chown 64904 "$dir/fs/clones"
	truncate -s 64M "$dir/fs/web-02"
	printf '\353\143\220' | dd of="$dir/fs/web-02" conv=notrunc status=none
	printf '\125\252' | dd of="$dir/fs/web-02" bs=1 seek=510 conv=notrunc status=none
	chgrp 64904 "$dir/fs/web-02"
	chmod 640 "$dir/fs/web-02"
	number=$((RANDOM % 30000 + 1000))
	while [ -e "/var/run/tgtd/socket.$number" ]; do number=$((RANDOM % 30000 + 1000)); done
	control=/var/run/tgtd/socket.$number
	ip netns exec "$ns" tgtd -f -C $number --iscsi portal=0.0.0.0:3260 > "$dir/tgtd.log" 2>&1 3>&- &
	echo $! > "$dir/tgtd.pid"
	tgt() { tgtadm -C $number --lld iscsi "$@"; }
	until_true "tgtd answers" tgt --mode target --op show
	tgt --mode target --op new --tid 1 -T iqn.2026-01.org.example:web-02
	tgt --mode target --op bind --tid 1 -I ALL
	tgt --mode logicalunit --op new --tid 1 --lun 1 -b "$dir/fs/web-02"
	site_stop
	printf 'tgt_control = %s\nclones_dir = %s\n' "$control" "$dir/fs/clones" >> "$dir/etc/baton.conf"
	site_start
	baton machine add blade-c --bmc fake://blade-c --nic mac=52:54:00:cc:00:01,network=mgmt
	machine_plug blade-c 52:54:00:cc:00:01
	baton persona add web-02 --san tgt --target iqn.2026-01.org.example:web-02 --lun 1 \
		--portal $SITE_ADDR:3260 --nic network=mgmt
	baton start web-02 blade-c
	tgt --mode target --op show > "$dir/tgt.before"
	tgt --mode account --op show > "$dir/accounts.before"
	# Not a group's, and so no hand's.
	chgrp 0 "$dir/fs/web-02"
	run baton failover web-02 blade-b --drill
	[ "$status" = 1 ]
	[[ $output == *"it failed at clone: "*"may not read $dir/fs/web-02"* ]]
	chgrp 64904 "$dir/fs/web-02"
	baton failover web-02 blade-b --drill --no-wait
	order=$(newest_order)
	until_true "it boots the copy" grep -qs "^sanboot.*iqn.2026-01.org.example:web-02:drill" "$dir/machines/blade-b/script"
	cp "$dir/machines/blade-b/script" "$dir/script"
	[ -e "$dir/fs/clones/iqn.2026-01.org.example:web-02:drill.img" ]
	until_true "order $order is over" order_over "$order"
	baton order show "$order"
	[ "$(drill_is "$order" result)" = up ]
	# The hands have logged in there: Baton's address in the isolated network, and the copy's account.
	baton proofs -o json | jq -r '.items[] | select(.persona == "drill-web-02") | .seen' | grep -q "new account set"
	grep -q "^sanboot iscsi:10.89.0.1::3260:1:" "$dir/script"
	[ -z "$(ls -A "$dir/fs/clones")" ]
	diff "$dir/tgt.before" <(tgt --mode target --op show)
	diff "$dir/accounts.before" <(tgt --mode account --op show)
	[ "$(baton persona list -o json | jq -r '[.items[].name] | join(" ")')" = "web-01 web-02" ]
}
