#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# baton-broker as it runs: under the real batond, with the real baton-files and baton-hand, machines
# whose BMC is made of files, and a shim that is curl. Two network namespaces: ours and the
# machine's. The edge's place is taken by a program that says what the test has seen.

FACTORY_A=52:54:00:aa:00:01
FACTORY_B=52:54:00:bb:00:01
PCI=0000:00:03.0

setup() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-broker.XXXXXX)
	ns=bb$$
	mkdir -p "$dir"/{bin,etc/packs,etc/secrets,state,run,boot/shim,fake,scripts}
	chmod 755 "$dir"
	chmod 777 "$dir/fake"
	chown 64604 "$dir/etc/secrets"
	chmod 700 "$dir/etc/secrets"
	cp "$B"/{batond,baton-broker,baton-files,baton-hand} "$dir/bin/"
	cp "$B/tests/lib/edge-says" "$dir/bin/baton-edge"
	cp ipxe-scripts/*.ipxe "$dir/scripts/"
	chmod -R a+rX "$dir/bin" "$dir/scripts" "$dir/boot"
	cat > "$dir/etc/baton.conf" <<-CONF
		interfaces = mgmt0
		state_dir = $dir/state
		run_dir = $dir/run
		boot_dir = $dir/boot
		scripts_dir = $dir/scripts
		packs_dir = $dir/etc/packs
		secrets_dir = $dir/etc/secrets
		user_broker = 64601
		user_edge = 64602
		user_files = 64603
		user_hand = 64604
		group_api = 0
	CONF
	mkfifo -m 666 "$dir/run/says"
	ip netns add $ns
	ip netns add ${ns}m
	ip -n $ns link add mgmt0 type veth peer name m0 netns ${ns}m
	ip -n $ns addr add 10.88.0.1/24 dev mgmt0
	ip -n $ns link set mgmt0 up
	ip -n $ns link set lo up
	ip -n ${ns}m addr add 10.88.0.99/24 dev m0
	ip -n ${ns}m link set m0 up
	warden_start
}

teardown() {
	warden_stop
	ip netns del $ns || true
	ip netns del ${ns}m || true
	umount "$dir/state" 2>/dev/null || true
	rm -rf "$dir"
}

warden_start() {
	BATON_FAKE_DIR=$dir/fake ip netns exec $ns "$dir/bin/batond" -c "$dir/etc/baton.conf" \
		2>> "$dir/log" 3>&- &
	warden=$!
	wait_log "baton-broker started"
}

warden_stop() {
	kill "$warden" 2>/dev/null || return 0
	wait "$warden" 2>/dev/null || true
}

# until_true WHAT COMMAND...: 45 s at most, then the log. A report that a killed broker held is answered
# by baton-files after 20 s.
until_true() {
	local until=$((SECONDS + 45)) what=$1
	shift
	until "$@"; do
		if [ $SECONDS -ge $until ]; then
			echo "not in time: $what"
			tail -40 "$dir/log"
			return 1
		fi
		read -rt 0.02 <> <(:) || true
	done
}

in_log() { grep -q -- "$1" "$dir/log"; }
wait_log() { until_true "$1" in_log "$1"; }

# api METHOD PATH [JSON]: sets $status and $body.
api() {
	local out
	out=$(curl -s --max-time 30 --unix-socket "$dir/run/api.sock" -X "$1" ${3:+-d "$3"} -w '\n%{http_code}' \
		"http://api$2") || true
	status=${out##*$'\n'}
	body=${out%$'\n'*}
}

# good METHOD PATH [JSON]: and it must be 200.
good() {
	api "$@"
	[ "$status" = 200 ] || { echo "$*: $status $body"; return 1; }
}

# bad STATUS WORDS METHOD PATH [JSON]: refused with that status, those words, and a hint.
bad() {
	local want=$1 words=$2
	shift 2
	api "$@"
	[ "$status" = "$want" ] || { echo "$*: $status $body, want $want"; return 1; }
	[[ $(jq -r .error <<< "$body") == *"$words"* ]] || { echo "$body: want $words"; return 1; }
	[ -n "$(jq -r .hint <<< "$body")" ]
}

machine() { # NAME MAC ADDRESS
	good POST /v1/machines "{\"name\":\"$1\",\"bmc\":{\"kind\":\"fake\",\"host\":\"$1\"},
		\"nics\":[{\"mac\":\"$2\",\"network\":\"mgmt\",\"address\":\"$3\"}]}"
}

site() {
	good POST /v1/networks '{"name":"mgmt","interface":"mgmt0","address":"10.88.0.1/24",
		"pool":"10.88.0.100-10.88.0.199"}'
	good POST /v1/pools '{"name":"macs","kind":"mac","from":"02:ba:70:00:00:01","to":"02:ba:70:00:ff:ff"}'
	good POST /v1/pools '{"name":"iqns","kind":"iqn","prefix":"iqn.2026-01.org.example:"}'
	machine blade-a $FACTORY_A 10.88.0.11
	machine blade-b $FACTORY_B 10.88.0.12
	good POST /v1/personas '{"name":"web-01","nics":[{"network":"mgmt","address":"10.88.0.50"}]}'
	mac=$(jq -r '.nics[0].mac' <<< "$body")
}

order() { # VERB [MACHINE]: sets $order
	good POST /v1/orders "{\"verb\":\"$1\",\"persona\":\"web-01\"${2:+,\"machine\":\"$2\"}}"
	order=$(jq .id <<< "$body")
}

order_is() {
	api GET "/v1/orders/$order"
	[ "$(jq -r .state <<< "$body")" = "$1" ]
}

step_is() {
	api GET "/v1/orders/$order"
	[ "$(jq -r .step <<< "$body")" = "$1" ]
}

powered() { grep -q "power=on" "$dir/fake/$1.bmc" 2>/dev/null; }

# report MAC JSON: the shim's POST; prints the status.
report() {
	local token
	token=$("$dir/bin/baton-edge" token "$dir/run/table" "$1") || { echo 000; return; }
	ip netns exec ${ns}m curl -s --max-time 25 -o "$dir/said" -w '%{http_code}' -d "$2" \
		"http://10.88.0.1:8080/b/$token/report" || true
}

generation() {
	api GET /v1/personas/web-01
	jq .generation <<< "$body"
}

reported() { [ "$(report "$1" "$2")" = 200 ]; }

# shim MACHINE FACTORY DEED WRITTEN [CARD]: what the shim reports, each until it is taken.
shim() {
	local g card=${5:-$2}
	until_true "$1 on" powered "$1"
	g=$(generation)
	until_true "found taken" reported "$2" "{\"stage\":\"found\",\"deed\":\"$3\",\"machine\":\"$1\",
		\"generation\":$g,\"nics\":[{\"pci\":\"$PCI\",\"permanent\":\"$card\",\"current\":\"$card\",
		\"driver\":\"e1000\",\"id\":\"8086:100e\"}]}"
	until_true "written taken" reported "$2" "{\"stage\":\"written\",\"deed\":\"$3\",\"machine\":\"$1\",
		\"generation\":$g,\"nics\":[{\"pci\":\"$PCI\",\"read_back\":\"$4\",\"tool\":\"lab\"}]}"
}

os_up() { # MACHINE
	echo "dhcp-answered mac=$mac stage=os arch=0 machine=$1 deed=persona generation=$(generation) addr=10.88.0.50" \
		> "$dir/run/says"
}

start_on() { # MACHINE FACTORY
	order start "$1"
	shim "$1" "$2" identity "$mac"
	os_up "$1"
	until_true "order done" order_is done
}

deeds() { grep -c -- "$1" "$dir/fake/$2.log" || true; }

@test "a persona starts, moves and stops, and each machine is powered on no more than it must" {
	site
	start_on blade-a $FACTORY_A
	[ "$(deeds "power on" blade-a)" = 1 ]
	good GET /v1/status
	[ "$(jq -r '.personas[0] | .state + " " + .machine + " " + .phase' <<< "$body")" = "running blade-a persona" ]
	[ "$(jq -r '.machines[] | select(.name == "blade-a").state' <<< "$body")" = carries ]
	order move blade-b
	shim blade-a $FACTORY_A restore $FACTORY_A "$mac"
	shim blade-b $FACTORY_B identity "$mac"
	os_up blade-b
	until_true "moved" order_is done
	good GET /v1/status
	[ "$(jq -r '.personas[0].machine' <<< "$body")" = blade-b ]
	[ "$(deeds "power on" blade-a)" = 2 ]
	[ "$(deeds "power on" blade-b)" = 1 ]
	grep -q power=off "$dir/fake/blade-a.bmc"
	order stop
	shim blade-b $FACTORY_B restore $FACTORY_B "$mac"
	until_true "stopped" order_is done
	good GET /v1/status
	[ "$(jq -r '.personas[0].state' <<< "$body")" = stopped ]
	grep -q power=off "$dir/fake/blade-b.bmc"
}

# Everything anew but the network and the programs.
fresh() {
	warden_stop
	rm -rf "$dir"/state/* "$dir"/fake/* "$dir/log"
	warden_start
	site
}

broker_pid() { sed -n 's/.*child-started program=baton-broker pid=\([0-9]*\).*/\1/p' "$dir/log" | tail -1; }

# killer PATTERN...: as each comes up in the log, the broker dies.
killer() {
	local at
	for at in "$@"; do
		until in_log "$at"; do read -rt 0.005 <> <(:) || true; done
		kill -9 "$(broker_pid)" 2>/dev/null || true
	done
}

# killed_during PATTERN...: the start goes through although the broker dies at each.
killed_during() {
	fresh
	killer "$@" &
	local killing=$!
	order start blade-a
	shim blade-a $FACTORY_A identity "$mac"
	until_true "at await-os" step_is await-os
	os_up blade-a
	until_true "order done" order_is done
	wait $killing
	[ "$(grep -c 'child-died program=baton-broker' "$dir/log")" -ge 1 ]
	[ "$(deeds "power on" blade-a)" = 1 ] || { cat "$dir/fake/blade-a.log" "$dir/log"; return 1; }
	[ "$(generation)" = 1 ]
	good GET /v1/status
	[ "$(jq -r '.personas[0] | .state + " " + .machine' <<< "$body")" = "running blade-a" ]
}

@test "a broker killed at any step of a start goes on with it, and the machine is powered on once" {
	local b="step-begun order=1 step=" d="step-done order=1 step="
	killed_during "${b}preflight " "${b}claim " "${b}await-shim " "${b}arm-next "
	killed_during "${b}power-off-before " "${b}net-start " "${b}await-written " "${b}await-os "
	killed_during "${d}preflight " "${d}claim " "${d}await-shim " "${d}arm-next "
	killed_during "${d}power-off-before " "${d}net-start " "${d}await-written "
}

@test "a broker killed at any step of a move goes on with it, and two machines never hold one MAC" {
	local round steps n=0 killing
	steps=(preflight shut-down power-off release net-start-restore await-restore-shim await-restored
		power-off-restored unbind power-off-before claim net-start await-shim await-written
		arm-next await-os)
	for round in 0 1 2 3; do
		fresh
		start_on blade-a $FACTORY_A
		local at=()
		for ((n = round; n < ${#steps[@]}; n += 4)); do
			at+=("step-begun order=2 step=${steps[n]} ")
		done
		killer "${at[@]}" &
		killing=$!
		order move blade-b
		shim blade-a $FACTORY_A restore $FACTORY_A "$mac"
		shim blade-b $FACTORY_B identity "$mac"
		until_true "at await-os" step_is await-os
		os_up blade-b
		until_true "order done" order_is done
		wait $killing
		[ "$(deeds "power on" blade-a)" = 2 ]
		[ "$(deeds "power on" blade-b)" = 1 ]
		grep -q power=off "$dir/fake/blade-a.bmc"
	done
}

@test "a BMC that hangs or is dead costs its deadline, never the loop, and says so" {
	site
	touch "$dir/fake/blade-a.refuse"
	order start blade-a
	until_true "stopped" order_is stopped
	good GET "/v1/orders/$order"
	[[ $(jq -r .why <<< "$body") == *"bmc blade-a"*refused* ]]
	bad 409 "order $order" POST /v1/orders '{"verb":"start","persona":"web-01","machine":"blade-b"}'
	rm "$dir/fake/blade-a.refuse"
	touch "$dir/fake/blade-a.hang"
	good POST "/v1/orders/$order/retry"
	good GET /v1/status
	[ "$(jq -r '.machines[0].state' <<< "$body")" = busy ]
	# Nothing was touched: taking it back ends it, and asks nothing of a BMC that hangs.
	good POST "/v1/orders/$order/undo"
	[ "$(jq -r .state <<< "$body")" = "done" ]
	good GET /v1/status
	[ "$(jq -r '.machines[0].state + .personas[0].state' <<< "$body")" = freestopped ]
}

@test "a BMC that never answers is given up at the step's deadline, while the API answers" {
	site
	touch "$dir/fake/blade-a.hang"
	order start blade-a
	until_true "preflight" step_is preflight
	run timeout 2 curl -sf --unix-socket "$dir/run/api.sock" http://api/v1/status
	[ "$status" = 0 ]
	wait_log "step-failed order=1 step=preflight .*bmc blade-a"
	rm "$dir/fake/blade-a.hang"
	shim blade-a $FACTORY_A identity "$mac"
}

@test "a hand that is killed costs a try" {
	site
	echo 500 > "$dir/fake/blade-a.slow"
	order start blade-a
	local hand
	until_true "a hand" pgrep -P "$warden" -x baton-hand
	hand=$(pgrep -P "$warden" -x baton-hand | head -1)
	kill -9 "$hand"
	wait_log "step-failed order=1 step=preflight .*ended without an answer (signal 9)"
	rm "$dir/fake/blade-a.slow"
	shim blade-a $FACTORY_A identity "$mac"
	[ "$(deeds "power on" blade-a)" = 1 ]
}

@test "what was added is listed, shown and removed" {
	site
	local kind
	for kind in networks pools machines personas orders events; do
		good GET /v1/$kind
		jq -e '.items | type == "array"' <<< "$body" > /dev/null
	done
	good GET /v1/machines/blade-a
	[ "$(jq -r '.nics[0].mac + .bmc.kind + .persona' <<< "$body")" = "${FACTORY_A}fake" ]
	good GET /v1/personas/web-01
	[[ $(jq -r .iqn <<< "$body") == iqn.2026-01.org.example:* ]]
	good DELETE /v1/personas/web-01
	good DELETE /v1/machines/blade-a
	good DELETE /v1/machines/blade-b
	good DELETE /v1/pools/macs
	good DELETE /v1/networks/mgmt
	bad 404 blade-a GET /v1/machines/blade-a
	bad 404 web-01 GET /v1/personas/web-01
	bad 404 macs DELETE /v1/pools/macs
}

@test "a start whose shim never came is taken back without a boot" {
	site
	order start blade-a
	until_true "at await-shim" step_is await-shim
	good POST "/v1/orders/$order/undo"
	order=$(jq .id <<< "$body")
	[ "$(jq .undoes <<< "$body")" = 1 ]
	until_true "order done" order_is done
	[ "$(deeds "power on" blade-a)" = 1 ]
	grep -q power=off "$dir/fake/blade-a.bmc"
	good GET /v1/status
	[ "$(jq -r '.machines[0].state + .personas[0].state' <<< "$body")" = freestopped ]
}

@test "a start is taken back after the card was written: the machine gets its address again" {
	site
	order start blade-a
	shim blade-a $FACTORY_A identity "$mac"
	until_true "at await-os" step_is await-os
	good POST "/v1/orders/$order/undo"
	order=$(jq .id <<< "$body")
	until_true "released" in_log "step-done order=$order step=net-start-restore"
	shim blade-a $FACTORY_A restore $FACTORY_A "$mac"
	until_true "order done" order_is done
	[ "$(deeds "power on" blade-a)" = 2 ]
}

@test "a card that lies, a tool that fails, a card that was written before: 409, and the order says why" {
	site
	order start blade-a
	until_true "blade-a on" powered blade-a
	local head="\"deed\":\"identity\",\"machine\":\"blade-a\",\"generation\":1"
	until_true "at await-shim" step_is await-shim
	run report $FACTORY_A "{\"stage\":\"found\",$head,\"nics\":[{\"pci\":\"$PCI\",\"permanent\":\"$mac\"}]}"
	[ "$output" = 409 ]
	grep -q "is not journaled; write $FACTORY_A back" "$dir/said"
	until_true "stopped" order_is stopped
	good POST "/v1/orders/$order/retry"
	until_true "at await-shim" step_is await-shim
	until_true "found taken" reported $FACTORY_A \
		"{\"stage\":\"found\",$head,\"nics\":[{\"pci\":\"$PCI\",\"permanent\":\"$FACTORY_A\"}]}"
	run report $FACTORY_A "{\"stage\":\"written\",$head,\"nics\":[{\"pci\":\"$PCI\",\"read_back\":\"$FACTORY_A\",\"tool\":\"lab\"}]}"
	[ "$output" = 409 ]
	grep -q "reads back $FACTORY_A, want $mac; tool lab" "$dir/said"
	until_true "stopped" order_is stopped
	good POST "/v1/orders/$order/retry"
	until_true "at await-shim" step_is await-shim
	run report $FACTORY_A "{\"stage\":\"failed\",$head,\"step\":\"30-write\",\"why\":\"lab: EEPROM is locked\"}"
	[ "$output" = 200 ]
	until_true "stopped" order_is stopped
	[[ $(jq -r .why <<< "$body") == *"30-write: lab: EEPROM is locked"* ]]
	run report $FACTORY_A "{\"stage\":\"found\",\"deed\":\"identity\",\"machine\":\"blade-a\",\"generation\":9,\"nics\":[]}"
	[ "$output" = 409 ]
}

@test "wrong input is refused with one sentence and a hint, and changes nothing" {
	site
	bad 400 'member "colour" is not known' POST /v1/networks '{"name":"x","interface":"e","address":"10.0.0.1/8","colour":"red"}'
	bad 400 'member "interface" is missing' POST /v1/networks '{"name":"x","address":"10.0.0.1/8"}'
	bad 400 '"address": want ours' POST /v1/networks '{"name":"x","interface":"e","address":"10.0.0.1"}'
	bad 400 'not a JSON object' POST /v1/networks '{'
	bad 409 'mgmt' POST /v1/networks '{"name":"mgmt","interface":"e","address":"10.0.0.1/8"}'
	bad 409 'mgmt' DELETE /v1/networks/mgmt
	bad 409 "$FACTORY_A" POST /v1/machines "{\"name\":\"twin\",\"bmc\":{\"kind\":\"fake\",\"host\":\"t\"},\"nics\":[{\"mac\":\"$FACTORY_A\",\"network\":\"mgmt\"}]}"
	bad 400 'kind' POST /v1/machines '{"name":"m","bmc":{"host":"h"},"nics":[{"mac":"52:54:00:cc:00:01"}]}'
	good POST /v1/personas '{"name":"web-02","iqn":"iqn.2026-01.org.example:two","nics":[{"network":"mgmt"}]}'
	bad 409 'iqn.2026-01.org.example:two' POST /v1/personas '{"name":"web-03","iqn":"iqn.2026-01.org.example:two","nics":[{"network":"mgmt"}]}'
	bad 409 "$mac" POST /v1/personas "{\"name\":\"web-03\",\"nics\":[{\"mac\":\"$mac\",\"network\":\"mgmt\"}]}"
	bad 400 'go together' POST /v1/personas '{"name":"web-03","chap_user":"u","nics":[{"network":"mgmt"}]}'
	bad 404 'nobody' POST /v1/orders '{"verb":"start","persona":"nobody","machine":"blade-a"}'
	bad 404 'blade-z' POST /v1/orders '{"verb":"start","persona":"web-01","machine":"blade-z"}'
	bad 400 'want the machine' POST /v1/orders '{"verb":"start","persona":"web-01"}'
	bad 409 'is on no machine' POST /v1/orders '{"verb":"stop","persona":"web-01"}'
	bad 404 '77' GET /v1/orders/77
	bad 404 'no such path' GET /v1/nothing
	bad 405 'no such method' DELETE /v1/status
	start_on blade-a $FACTORY_A
	bad 409 'machine blade-a carries persona web-01' POST /v1/orders '{"verb":"start","persona":"web-02","machine":"blade-a"}'
	bad 409 'web-01 is on machine blade-a' POST /v1/orders '{"verb":"start","persona":"web-01","machine":"blade-b"}'
	bad 409 'blade-a' DELETE /v1/machines/blade-a
	good GET /v1/orders
	[ "$(jq '.items | length' <<< "$body")" = 1 ]
}

@test "plan shows the steps and changes nothing; explain says what a machine would get" {
	site
	good POST /v1/orders '{"verb":"start","persona":"web-01","machine":"blade-a","plan":true}'
	[ "$(jq -r '.id, .steps[0].name, .steps[0].state' <<< "$body" | xargs)" = "0 preflight planned" ]
	good GET /v1/orders
	[ "$(jq '.items | length' <<< "$body")" = 0 ]
	good GET /v1/explain/$FACTORY_A
	[ "$(jq -r '.machine' <<< "$body")" = blade-a ]
	[[ $(jq -r .summary <<< "$body") == *waits* ]]
	good GET /v1/explain/52:54:00:99:99:99
	[ "$(jq -r '.stages[0].why' <<< "$body")" = unknown-machine ]
	bad 400 'want a MAC' GET /v1/explain/blade
}

@test "a reader waits for the next event and gets it" {
	site
	good GET /v1/events
	local last
	last=$(jq '.items[-1].id' <<< "$body")
	(sleep 0.3; echo "dhcp-silent mac=52:54:00:00:00:99 why=unknown-machine network=mgmt" > "$dir/run/says") &
	good GET "/v1/events?since=$last&wait_s=20"
	[ "$(jq -r '.items[0].word' <<< "$body")" = dhcp-silent ]
	# What the edge may not say is not believed.
	echo "order-done order=1" > "$dir/run/says"
	echo "dhcp-silent mac=52:54:00:00:00:98 why=unknown-machine network=mgmt" > "$dir/run/says"
	until_true "second" in_log 'silent mac=52:54:00:00:00:98'
	! in_log "baton-broker order-done"
}

@test "a CHAP secret goes in and is seen nowhere" {
	site
	good POST /v1/personas '{"name":"db-01","target":"iqn.2026-01.org.example:disk","lun":1,
		"portals":["10.88.0.1:3260"],"chap_user":"u","chap_secret":"hush-hush-42","nics":[{"network":"mgmt"}]}'
	[ "$(jq .chap_secret <<< "$body")" = true ]
	local path
	for path in personas personas/db-01 events status orders; do
		good GET "/v1/$path"
		[[ $body != *hush-hush* ]]
	done
	good POST /v1/orders '{"verb":"start","persona":"db-01","machine":"blade-a"}'
	order=$(jq .id <<< "$body")
	until_true "no disk there" order_is stopped
	[[ $(jq -r .why <<< "$body") == *10.88.0.1:3260* ]]
	[[ $body != *hush-hush* ]]
	! in_log hush-hush
}

@test "a full disk: the API says so, nothing is half done, and the order goes on once there is room" {
	warden_stop
	mount -t tmpfs -o size=12m,mode=700,uid=64601 none "$dir/state"
	warden_start
	site
	order start blade-a
	until_true "at await-shim" step_is await-shim
	dd if=/dev/zero of="$dir/state/fill" bs=4k 2>/dev/null || true
	local i=0
	until [ "$status" = 500 ]; do
		i=$((i + 1))
		[ $i -lt 1000 ]
		api POST /v1/pools "{\"name\":\"p$i\",\"kind\":\"iqn\",\"prefix\":\"iqn.2026-01.p$i:\"}"
	done
	[[ $(jq -r .error <<< "$body") == *"the disk is full, nothing was changed"* ]]
	good GET /v1/pools
	[ "$(jq --arg p "p$i" '[.items[] | select(.name == $p)] | length' <<< "$body")" = 0 ]
	until_true "blade-a on" powered blade-a
	run report $FACTORY_A "{\"stage\":\"found\",\"deed\":\"identity\",\"machine\":\"blade-a\",
		\"generation\":1,\"nics\":[{\"pci\":\"$PCI\",\"permanent\":\"$FACTORY_A\"}]}"
	[ "$output" = 503 ]
	step_is await-shim
	rm "$dir/state/fill"
	shim blade-a $FACTORY_A identity "$mac"
	until_true "at await-os" step_is await-os
	os_up blade-a
	until_true "order done" order_is done
	! in_log "child-died"
}

@test "a full disk in the middle of an order's own steps uses up no try" {
	warden_stop
	mount -t tmpfs -o size=12m,mode=700,uid=64601 none "$dir/state"
	warden_start
	site
	echo 2000 > "$dir/fake/blade-a.slow"
	order start blade-a
	dd if=/dev/zero of="$dir/state/fill" bs=4k 2>/dev/null || true
	local i=0
	until [ "$status" = 500 ]; do
		i=$((i + 1))
		[ $i -lt 1000 ]
		api POST /v1/pools "{\"name\":\"p$i\",\"kind\":\"iqn\",\"prefix\":\"iqn.2026-01.p$i:\"}"
	done
	until_true "the order waits for the disk" in_log "step-failed order=1 .*the disk is full"
	good GET /v1/orders/1
	[ "$(jq -r .state <<< "$body")" = running ]
	[[ $(jq -r .why <<< "$body") == *"the disk is full"* ]]
	rm "$dir/fake/blade-a.slow" "$dir/state/fill"
	shim blade-a $FACTORY_A identity "$mac"
	until_true "at await-os" step_is await-os
	os_up blade-a
	until_true "order done" order_is done
	[ "$(deeds "power on" blade-a)" = 1 ]
	! in_log "child-died"
}
