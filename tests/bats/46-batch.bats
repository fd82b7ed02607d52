#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC1091,SC2030,SC2031,SC2119,SC2154
# Many orders as one wish, and what is known before an order begins (docs/design/0021): on one site with all
# the real programs. Which wish begins next is a table in tests/unit/batch_test.c.

setup_file() {
	. tests/lib/site.bash
	site_make
	export dir ns B
	site_start
	site_nets > /dev/null
	local i
	for i in 1 2 3; do
		machine old-$i 0$i --pool old --label rack=r1
		machine new-$i 1$i --pool new --label rack=r2
		baton persona add web-$i --nic network=mgmt > /dev/null
	done
}

teardown_file() {
	. tests/lib/site.bash
	site_drop
}

setup() {
	. tests/lib/site.bash
}

# machine NAME LAST-BYTE OPTIONS...: plugged in.
machine() {
	baton machine add "$1" --bmc "fake://$1" --nic "mac=52:54:00:dd:00:$2,network=mgmt" "${@:3}" > /dev/null
	machine_plug "$1" "52:54:00:dd:00:$2"
}

# says CODE WORDS...: what `run` ran ended so and said each of these.
says() {
	local words
	[ "$status" = "$1" ] || { echo "exit $status, want $1: $output"; return 1; }
	for words in "${@:2}"; do
		[[ $output == *"$words"* ]] || { echo "no \"$words\" in: $output"; return 1; }
	done
}

known() {
	local what
	for what in order batch machine persona; do baton $what list -o json; done |
		jq -c '.items[] | [.id // .name, .verb, .to, .state, .machine, .persona]'
}

# refused CODE WORDS... -- BATON'S ARGUMENTS: and nothing is other than it was.
refused() {
	local code=$1 words=()
	shift
	while [ "$1" != -- ]; do words+=("$1") && shift; done
	known > "$dir/before"
	run baton "${@:2}"
	says "$code" "${words[@]}"
	known | cmp "$dir/before" -
}

batch() { baton batch show "$1" -o json; }                # N
batch_is() { [ "$(batch "$1" | jq -r .state)" = "$2" ]; } # N STATE
wish_states() { batch "$1" | jq -rc '[.wishes[].state] | join(" ")'; }
states_are() { [ "$(wish_states "$1")" = "$2" ]; }
newest() { baton batch list -o json | jq '.items[0].id'; }
where() { baton persona list -o json | jq -rc '[.items[] | select(.name | startswith("web-")).machine] | join(" ")'; }

# checks ARGUMENTS OF A PLAN...: CHECK:FINDING:ABOUT, as they come.
checks() { baton "$@" --plan -o json 2> /dev/null | jq -r '.checks[] | .check + ":" + .finding + ":" + .about'; }

# began_and_ended FROM TO: + and - for each order of that row that began and ended, as the log has it.
began_and_ended() {
	local line order
	while read -r line; do
		order=${line##* order=}
		order=${order%% *}
		[ "$order" -ge "$1" ] && [ "$order" -le "$2" ] || continue
		[[ $line == *" order-begun "* ]] && echo "+$order" || echo "-$order"
	done < <(grep -E ' order-(begun|done) order=' "$dir/log")
}

# most_at_once: of what began_and_ended says.
most_at_once() { awk '/^\+/ { n++ } /^-/ { n-- } n > most { most = n } END { print most }'; }

@test "several are started in the order in which they were named, one after another" {
	run baton batch start web-1=old-1 web-2=old-2 web-3=old-3 --parallel 1
	says 0 "batch 1: start 3 personas" "running     1 start web-1 on old-1, order 1" \
		"done        3 start web-3 on old-3, order 3" "batch 1: start 3 personas: done, 3 of 3 done"
	[ "$(where)" = "old-1 old-2 old-3" ]
	[ "$(began_and_ended 1 3 | tr '\n' ' ')" = "+1 -1 +2 -2 +3 -3 " ]
	run baton batch list
	says 0 "start 3 personas" "done"
}

@test "the plan of an evacuation gives no two personas one machine, and changes nothing" {
	known > "$dir/before"
	run baton evacuate --rack r1 --to new --plan -o json
	says 0
	[ "$(jq -rc '[.id, .state, .bad, .what]' <<< "$output")" = '[0,"planned",0,"evacuate rack r1"]' ]
	[ "$(jq -rc '[.wishes[] | .persona + ":" + .from + ":" + .machine] | join(" ")' <<< "$output")" = \
		"web-1:old-1:new-1 web-2:old-2:new-2 web-3:old-3:new-3" ]
	[ "$(jq '[.wishes[].checks[] | select(.check == "bmc-answers" and .finding == "ok")] | length' <<< "$output")" = 6 ]
	[[ $(jq -r '.wishes[1].choice.others[] | select(.machine == "new-1").why' <<< "$output") == *"has a part in move web-1 of this plan"* ]]
	known | cmp "$dir/before" -
	# All of them stand in one pool, too: none of those that are left is a place to go to.
	run baton evacuate --pool old --plan
	says 1 "refused" "old-2 (carries persona web-2; is being evacuated" "3 checks are bad; nothing was changed"
	known | cmp "$dir/before" -
}

@test "a rack is evacuated, two at a time, in order, to machines that fit" {
	run baton evacuate --rack r1 --to new --parallel 2
	says 0 "batch 2: evacuate rack r1: done, 3 of 3 done"
	[ "$(where)" = "new-1 new-2 new-3" ]
	began_and_ended 4 6 > "$dir/order"
	[ "$(grep + "$dir/order" | tr '\n' ' ')" = "+4 +5 +6 " ]
	[ "$(head -n 2 "$dir/order" | tr '\n' ' ')" = "+4 +5 " ]
	[ "$(most_at_once < "$dir/order")" = 2 ]
	[ "$(baton order show 6 -o json | jq -r .choice.pool)" = new ]
}

@test "a broker that is killed in the middle leaves nothing out and begins nothing twice" {
	local began
	baton evacuate --rack r2 --to old --parallel 1 --no-wait | grep -q "batch 3: evacuate rack r2 has begun"
	until_true "the second runs" states_are 3 "done running waiting"
	baton status | grep -q '^ *3  evacuate rack r2  running  1 of 3 .*baton batch show 3'
	began=$(grep -c "baton-broker started" "$dir/log")
	kill -9 "$(pid_of baton-broker)"
	until_true "the broker is back" in_log "baton-broker started" $((began + 1))
	until_true "the batch is done" batch_is 3 "done"
	[ "$(where)" = "old-1 old-2 old-3" ]
	[ "$(baton order list -o json | jq '[.items[].id] | max')" = 9 ]
	[ "$(grep -c " order-begun order=[789] " "$dir/log")" = 3 ]
	[ ! -e "$dir/twice" ] || ! grep -qv " nvram " "$dir/twice"
}

@test "when one stops nothing further begins; retried, the batch goes on by itself" {
	touch "$dir/fake/new-1.refuse"
	run baton batch move web-1=new-1 web-2=new-2 web-3=new-3 --parallel 1
	says 4 "stopped     1 move web-1 on new-1, order 10: bmc new-1" "move 3 personas: stopped, 0 of 3 done" \
		"baton batch retry 4" "baton batch cancel 4"
	[ "$(wish_states 4)" = "stopped waiting waiting" ]
	in_log "batch-stopped batch=4 state=stopped done=0 of=3"
	run baton batch show 4
	says 0 "stopped, 0 of 3 done" "preflight: bmc new-1"
	# It stands between what waits for a person and what there is; what has ended does not.
	baton status > "$dir/status"
	[ "$(grep -nE '^(BATCH|PERSONA|order 10|MACHINE)' "$dir/status" | cut -d: -f2 | cut -c1-7 | tr '\n' ' ')" = "order 1 BATCH   PERSONA MACHINE " ]
	grep -q '^ *4  move 3 personas  stopped  0 of 3 .*baton batch retry 4, or cancel 4' "$dir/status"
	[ "$(baton status -o json | jq -c '[.batches[] | [.id, .state, .done, .of]]')" = '[[4,"stopped",0,3]]' ]
	rm "$dir/fake/new-1.refuse"
	baton order retry 10 --no-wait > /dev/null
	until_true "the batch is done" batch_is 4 "done"
	[ "$(where)" = "new-1 new-2 new-3" ]
	[ "$(baton status | grep -c BATCH)" = 0 ]
}

@test "what a person takes back is tried again by a retry of the batch, on a machine that is better" {
	touch "$dir/fake/old-1.refuse"
	run baton batch move web-1 web-2 --pool old --parallel 1
	says 4 "move 2 personas: stopped, 0 of 2 done"
	baton order undo "$(batch 5 | jq '.wishes[0].order')" > /dev/null
	until_true "it is taken back" states_are 5 "taken-back waiting"
	batch_is 5 stopped
	run baton batch retry 5
	says 0 "move 2 personas: done, 2 of 2 done"
	[ "$(where)" = "old-2 old-3 new-3" ]
	rm "$dir/fake/old-1.refuse"
}

@test "with --keep-going the others are begun, and the batch says what is left" {
	touch "$dir/fake/new-1.refuse"
	run baton batch move web-1=new-1 web-2=new-2 --parallel 1 --keep-going
	says 4 "done        2 move web-2 on new-2" "stopped, 1 of 2 done"
	[ "$(wish_states 6)" = "stopped done" ]
	rm "$dir/fake/new-1.refuse"
	run baton batch retry 6 -o json
	says 0 '"state":"done"'
	[ "$(where)" = "new-1 new-2 new-3" ]
}

@test "a wish that no machine fits says so and is not skipped" {
	baton persona add big --nic network=mgmt --wants memory-mb=65536 > /dev/null
	baton persona add plain --nic network=mgmt > /dev/null
	run baton batch start big plain --pool old --parallel 1
	says 4 "refused     1 start big: pool old: no machine fits big: old-1 (its memory is not known, big wants 64 GiB)"
	[ "$(wish_states 7)" = "refused waiting" ]
	in_log "wish-refused batch=7 start persona=big why=pool old: no machine fits big"
	machine huge 21 --pool old --memory-mb 65536
	run baton batch retry 7
	says 0 "start 2 personas: done, 2 of 2 done"
	[ "$(batch 7 | jq -r '.wishes[0].machine')" = huge ]
	baton batch stop big plain > /dev/null
	[ "$(baton status -o json | jq -rc '[.personas[] | select(.name == "big" or .name == "plain").state] | join(" ")')" = "stopped stopped" ]
}

@test "a wish waits for what an order of its batch will free" {
	# web-2 goes to where web-1 leaves; two may run at once.
	run baton batch move web-1=old-1 web-2=new-1 --parallel 2
	says 0 "2 of 2 done"
	[ "$(where)" = "old-1 new-1 new-3" ]
	run baton batch move web-2=new-2 web-1=new-1 --parallel 2
	says 0 "2 of 2 done"
	[ "$(where)" = "new-1 new-2 new-3" ]
}

@test "cancelled, what has not begun is dropped and what runs is finished" {
	local n
	baton batch move web-1=old-1 web-2=old-2 web-3=old-3 --parallel 1 --no-wait > /dev/null
	n=$(newest)
	until_true "the first runs" states_are "$n" "running waiting waiting"
	run baton batch cancel "$n"
	says 0 "dropped"
	until_true "it is over" batch_is "$n" cancelled
	[ "$(wish_states "$n")" = "done dropped dropped" ]
	[ "$(where)" = "old-1 new-2 new-3" ]
	refused 1 "batch $n is cancelled" -- batch cancel "$n"
	refused 1 "batch $n is cancelled" -- batch retry "$n"
}

@test "a broken machine is evacuated by failover" {
	run baton evacuate old-1 --to new --failover --plan -o json
	says 0
	[ "$(jq -rc '.wishes[] | [.verb, .persona, .from, .machine]' <<< "$output")" = '["failover","web-1","old-1","new-1"]' ]
	touch "$dir/fake/old-1.refuse"
	run baton evacuate old-1 --to new --failover --plan
	says 0 "unknown" "bmc old-1" "the order will wait at \`silence\` for \`baton attest old-1\`"
	run baton evacuate old-1 --to new --plan
	says 1 "bad" "bmc old-1" "1 check is bad"
	rm "$dir/fake/old-1.refuse"
	baton evacuate old-1 --to new --failover > /dev/null
	[ "$(where)" = "new-1 new-2 new-3" ]
	baton restore old-1 2>&1 | grep -q "which runs on new-1: stop it first"
}

@test "a plan tells each reason, bad ones first, and asks as long as a BMC hangs" {
	local target=iqn.2026-01.org.example:disk
	baton machine add wrong --bmc fake://wrong --nic mac=52:54:00:dd:00:31,network=mgmt --firmware bios > /dev/null
	baton persona add picky --nic network=mgmt --wants firmware=uefi,arch=x86_64 --san fake --target $target --lun 1 \
		--portal $SITE_ADDR:3260 > /dev/null
	touch "$dir/fake/wrong.refuse"
	known > "$dir/before"
	run baton start picky wrong --plan
	says 1 "start picky on wrong would take these steps" "bad      firmware-mode" "machine wrong is bios, picky wants uefi" \
		"bad      bmc-answers" "bad      lun-visible" "unknown  architecture" "unknown  tool-pack" "unknown  spare-off" \
		"ok       fence" "3 checks are bad; nothing was changed"
	[ "$(checks start picky wrong | cut -d: -f2 | uniq | tr '\n' ' ')" = "bad unknown ok " ]
	rm "$dir/fake/wrong.refuse"
	echo "lun=1 bytes=1073741824 block_len=512 bootable=0" > "$dir/fake/$target.san"
	chmod 666 "$dir/fake/$target.san"
	printf '%-63s\n' "power=on next=default booted=default bounce=0" > "$dir/fake/wrong.bmc"
	chmod 666 "$dir/fake/wrong.bmc"
	checks start picky wrong > "$dir/checks"
	grep -q "^lun-visible:ok:picky" "$dir/checks"
	grep -q "^lun-bootable:bad:picky" "$dir/checks"
	grep -q "^chap-right:ok:picky" "$dir/checks"
	grep -q "^spare-off:bad:wrong" "$dir/checks"
	# Its machine was seen by a shim; without the pack its card cannot be written.
	mv "$dir/etc/packs/player" "$dir/etc/player"
	kill -HUP "$(pid_of batond)"
	until_true "the pack is gone" [ ! -e "$dir/run/packs/player.img" ]
	run baton move web-1 old-2 --plan
	says 1 "1 check is bad" "no tool-pack writes the card 0000:00:03.0 of machine old-2 (1af4:1000)"
	mv "$dir/etc/player" "$dir/etc/packs/player"
	kill -HUP "$(pid_of batond)"
	until_true "the pack is back" [ -e "$dir/run/packs/player.img" ]
	[ "$(checks move web-1 old-2 | grep tool-pack)" = tool-pack:ok:old-2 ]
	# The API answers while the plan waits, and the plan answers when the hand has been given up.
	touch "$dir/fake/old-2.hang"
	baton move web-1 old-2 --plan > "$dir/plan" 2>&1 3>&- &
	until_true "a hand waits" hands_at_work
	baton status > /dev/null
	[ ! -s "$dir/plan" ]
	wait $! && return 1
	rm "$dir/fake/old-2.hang"
	grep -q "bad .*bmc-answers .*old-2" "$dir/plan"
	known | cmp "$dir/before" -
}

# drivers_of MODULES: what a plan says of a disk whose initramfs, on an ESP, has those
drivers_of() {
	tests/lib/os-disk "$dir/fake/iqn.2026-01.org.example:disk.img" boot=esp modules="$1"
	baton start picky old-2 --plan -o json 2> /dev/null |
		jq -r '.checks[] | select(.check == "drivers") | .finding + " " + .why' | tee "$dir/checks"
}

@test "a plan names the card that the persona's initramfs has no driver for, and what mends it" {
	drivers_of "virtio_pci virtio_net"
	[[ $(< "$dir/checks") == "ok its initramfs (/4b3c0de1f5a74b2e9d8c7b6a59483726/"*") has a driver for each card"*": virtio_net" ]]
	# What drives the device on the card is there, and what drives the card is not.
	drivers_of virtio_net
	[[ $(< "$dir/checks") == "bad "*" has no driver for the card 0000:00:"*" of machine old-2 (1af4:1000, virtio_net): "*"MODULES=most"* ]]
}

# answers METHOD PATH JSON STATUS JQ-FILTER: the API gives that status, and the filter holds of its body.
answers() {
	local got
	got=$(curl -s --max-time 30 --unix-socket "$dir/run/api.sock" -X "$1" -d "$3" -w '\n%{http_code}' "http://api$2")
	[ "${got##*$'\n'}" = "$4" ] && jq -e "$5" <<< "${got%$'\n'*}" > /dev/null || { echo "$1 $2: $got: not $5"; return 1; }
}

@test "every route of batches answers as 0004 says, and refuses what it does not know" {
	local n one='["begun","done","ended","id","keep_going","of","parallel","state","what"]' handler method path
	local whole='["begun","done","ended","id","keep_going","of","parallel","state","what","wishes"]'
	local wish='["from","machine","n","order","persona","pool","state","step","verb","why"]'
	local sent='{"verb":"start","wishes":[{"persona":"plain","machine":"wrong"}]}' calls=0
	touch "$dir/fake/wrong.refuse"
	while read -r handler method path; do
		case $handler in
		batch_list) answers GET "$path" '' 200 ".items[0] | keys == $one" ;;
		batch_add)
			answers POST "$path" "$sent" 200 "keys == $whole and .state == \"running\""
			answers POST "$path" "{\"colour\":1,${sent#\{}" 400 '.error | contains("member \"colour\" is not known")'
			n=$(newest) ;;
		batch_show) answers GET "${path/\{\}/$n}" '' 200 "keys == $whole and (.wishes[0] | keys == $wish)" ;;
		batch_retry | batch_cancel)
			until_true "it has stopped" batch_is "$n" stopped
			answers POST "${path/\{\}/$n}" '' 200 "keys == $whole" ;;
		*) echo "api.def has $handler, and no row here calls it"; return 1 ;;
		esac
		[[ $path != *{}* ]] || answers "$method" "${path/\{\}/nobody-here}" '' 404 '.hint != ""'
		answers PATCH "${path/\{\}/$n}" '' 405 '.error | contains("no such method")'
		calls=$((calls + 1))
	done < <(sed -n 's/^ROUTE(\(batch_[a-z_]*\), *"\([A-Z]*\)", *"\([^"]*\)".*/\1 \2 \3/p' broker/api/api.def)
	[ $calls = 5 ]
	until_true "it is over" batch_is "$n" cancelled
	baton order undo "$(batch "$n" | jq '.wishes[0].order')" > /dev/null
	rm "$dir/fake/wrong.refuse"
}

@test "wrong input is one sentence and changes nothing" {
	refused 2 "say what to evacuate" -- evacuate
	refused 2 "only one of them" -- evacuate old-1 --rack r1
	refused 1 "rack r9: no machine stands in it" -- evacuate --rack r9
	refused 1 "pool nowhere: no machine is in it" -- evacuate --pool nowhere
	refused 1 "machine nobody: no such machine" -- evacuate nobody
	refused 1 "pool nowhere: no machine is in it" -- evacuate new-1 --to nowhere
	refused 1 "machine old-3 carries no persona: there is nothing to evacuate" -- evacuate old-3 --to new
	refused 2 "PERSONA is missing" -- batch start
	refused 2 'want PERSONA alone' -- batch stop web-1=new-1
	refused 2 'want PERSONA=MACHINE' -- batch move web-1=
	refused 1 "persona web-1 is named twice" -- batch stop web-1 web-1
	refused 1 "machine old-2 is named twice" -- batch move web-1=old-2 web-2=old-2
	refused 1 "want PERSONA=MACHINE, or a pool" -- batch move web-1
	refused 1 "persona nobody: no such persona" -- batch stop web-1 nobody
	refused 1 '"parallel": want 1 to 64' -- batch stop web-1 --parallel 0
	refused 1 '"parallel": want a whole number' -- batch stop web-1 --parallel 65
	refused 1 "batch 999: no such batch" -- batch show 999
	refused 2 '"x" is not the number of a batch' -- batch cancel x
	refused 1 "batch 1 is done" -- batch retry 1
	[[ $(curl -s --unix-socket "$dir/run/api.sock" -d '{"verb":"restore","wishes":[{"persona":"web-1"}]}' http://api/v1/batches) == *"want start, stop, move or failover"* ]]
	[[ $(curl -s --unix-socket "$dir/run/api.sock" -d '{"verb":"move","wishes":[7]}' http://api/v1/batches) == *"batch: wish"* ]]
	[[ $(curl -s --unix-socket "$dir/run/api.sock" -d '{"verb":"move"}' http://api/v1/batches) == *'either'* ]]
	[[ $(curl -s --unix-socket "$dir/run/api.sock" -d '{"verb":"stop","evacuate":{"rack":"r1"}}' http://api/v1/batches) == *'want verb move or failover'* ]]
}
