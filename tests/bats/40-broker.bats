#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC1091,SC2030,SC2031,SC2119,SC2154
# The broker's API and its orders on one site with all the real programs, machines and all. That orders
# survive the death of any program is 41; what people and machines get wrong is 90.

setup_file() {
	. tests/lib/site.bash
	site_make
	export dir ns B
	site_start
	site_fill > /dev/null
	# Their BMCs hang and refuse; what comes of the first shows when 40 s have passed.
	touch "$dir/fake/silent.hang" "$dir/fake/rude.refuse"
	baton machine add silent --bmc fake://silent --nic mac=52:54:00:cc:00:01,network=mgmt > /dev/null
	baton machine add rude --bmc fake://rude --nic mac=52:54:00:cc:00:02,network=mgmt > /dev/null
	baton persona add patient --nic network=mgmt > /dev/null
	baton persona add free --nic network=mgmt > /dev/null
	baton start patient silent --no-wait > /dev/null
}

teardown_file() {
	. tests/lib/site.bash
	site_drop
}

setup() {
	. tests/lib/site.bash
	site=$dir
}

teardown() {
	if [ -e "$dir/foreign.pid" ]; then kill "$(cat "$dir/foreign.pid")" || true; fi
	# A test may have made a site of its own.
	[ "$dir" = "$site" ] || site_drop
}

# api METHOD PATH [JSON]: sets $status and $body.
api() {
	local out
	out=$(curl -s --path-as-is --max-time 30 --unix-socket "$dir/run/api.sock" -X "$1" ${3:+-d "$3"} \
		-w '\n%{http_code}' "http://api$2") || true
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

is() { # JQ-FILTER WANT
	[ "$(jq -rc "$1" <<< "$body")" = "$2" ] || { echo "$1 is $(jq -rc "$1" <<< "$body"), want $2"; return 1; }
}

# order VERB PERSONA [MACHINE]: sets $order.
order() {
	good POST /v1/orders "{\"verb\":\"$1\",\"persona\":\"$2\"${3:+,\"machine\":\"$3\"}}"
	order=$(jq .id <<< "$body")
}

step_is() {
	api GET "/v1/orders/$order"
	[ "$(jq -r .step <<< "$body")" = "$1" ]
}

machine() { # NAME LAST-BYTE: known, and not plugged in yet
	good POST /v1/machines "{\"name\":\"$1\",\"bmc\":{\"kind\":\"fake\",\"host\":\"$1\"},
		\"nics\":[{\"mac\":\"52:54:00:cc:00:$2\",\"network\":\"mgmt\"}]}"
}

persona() { good POST /v1/personas "{\"name\":\"$1\",\"nics\":[{\"network\":\"mgmt\"}]}"; }
hands() { pgrep -P "$(pid_of batond)" -x baton-hand || true; }
deeds() { grep -c -- "$1" "$dir/fake/$2.log" || true; }

# A column of the machine's, or of the persona's, in both its list and the status.
state_is() { # machines|personas NAME STATE
	good GET /v1/status
	is ".$1[] | select(.name == \"$2\").state" "$3"
	good GET "/v1/$1"
	is ".items[] | select(.name == \"$2\").state" "$3"
}

ITEMS='.items | type == "array"'
ORDER='["begun","cause","ended","from","id","persona","state","step","steps","to","undoes","undone_by","verb","why"]'
MACHINE='["arch","bmc","carried_serial","carried_uuid","cpus","firmware","hbas","idle","labels","loader","memory_mb","name","nics","persona","pool","ports_held","serial","state","taken","taking","uuid"]'
PERSONA='["chap_secret","chap_user","dns","domain","generation","hbas","iqn","lun","machine","mutual","name","nics","ntp","phase","portals","san","serial","state","target","uuid","wants","why"]'
NETWORK='["address","dns","gateway","interface","isolated","link","mode","name","pool","relays","unknown"]'

# One row for each route, in their order: what stands for {}, the body, and what must hold of the answer.
call_of() {
	arg='' sent='' shape=$ITEMS
	case $1 in
	status_get) shape='keys == ["alarms","batches","machines","orders","personas"] and .alarms == []' ;;
	network_list | pool_list | machine_list | persona_list | order_list | proof_list | health_list | inventory_list | compat_list | stranger_list) ;;
	event_list) shape='.items[0] | keys == ["at","id","level","machine","order","persona","text","word"]' ;;
	network_add)
		sent='{"name":"routes","interface":"x0","address":"10.9.0.1/24"}'
		shape="keys == $NETWORK and .mode == \"serve\" and .relays == []" ;;
	network_show) arg=routes shape="keys == $NETWORK and .interface == \"x0\"" ;;
	pool_add) sent='{"name":"routes","kind":"mac","from":"06:00:00:00:00:01","to":"06:00:00:00:00:09"}'
		shape='keys == ["from","given","kind","name","size","to"] and .size == 9 and .given == 0' ;;
	machine_add) sent='{"name":"routes","bmc":{"kind":"fake","host":"r"},"nics":[{"mac":"52:54:00:cc:09:01","network":"mgmt"}]}'
		shape="keys == $MACHINE and .state == \"free\"" ;;
	machine_show | machine_inspect) arg=routes shape="(.inventory // .).components == [] and (has(\"bmc_seen\") or .nics[0].carries)" ;;
	machine_set) arg=routes sent='{"labels":["rack=r9"],"nics":[{"mac":"52:54:00:cc:09:01","port":"fake://sw/9"}]}'
		shape="keys == $MACHINE and .labels == [\"rack=r9\"] and .nics[0].port == \"fake://sw/9\"" ;;
	machine_attest) sent='{"reason":"pulled both cords"}' ;; # 43-exact.bats has the answer
	persona_add) sent='{"name":"routes","nics":[{"network":"mgmt"}]}'
		shape="keys == $PERSONA and .state == \"stopped\"" ;;
	persona_policy) arg=routes sent='{"check":"tcp:22"}' shape='keys == ["check","on_failure","on_power_off","persona","spares"] and .check == "tcp:22"' ;;
	persona_show) arg=routes shape="keys == $PERSONA and .chap_secret == false" ;;
	network_rm | pool_rm | machine_rm | persona_rm) arg=routes shape='.name == "routes"' ;;
	order_add)
		sent='{"verb":"start","persona":"free","machine":"rude"}'
		shape="keys == $ORDER and .state == \"running\"" ;;
	order_show) arg=$order shape="keys == $ORDER and (.steps[0] |
		keys == [\"begun\",\"ended\",\"machine\",\"name\",\"state\",\"tries\",\"when\",\"why\"])" ;;
	order_retry) arg=$order shape="keys == $ORDER and .state == \"running\"" ;;
	order_undo) arg=$order shape="keys == $ORDER and .state == \"done\"" ;;
	explain) arg=$FACTORY_A shape='keys == ["circuit","mac","machine","persona","remote","stages","summary","url"]' ;;
	*) echo "api.def has $1, and no row here calls it"; return 1 ;;
	esac
}

order_has_stopped() { order_is "$order" stopped; }

@test "every route of api.def answers as 0004 says, and refuses what it does not know" {
	local handler method path arg sent shape n=0
	while read -r handler method path; do
		[[ $handler != batch_* ]] || { n=$((n + 1)) && continue; } # 46-batch.bats calls them
		call_of "$handler"
		[ "$handler" != machine_attest ] || { bad 404 "carries no persona" POST /v1/machines/routes/attest "$sent" && n=$((n + 1)) && continue; }
		[ "$handler" != order_retry ] || until_true "the order has stopped" order_has_stopped
		good "$method" "${path/\{\}/$arg}" "$sent"
		jq -e "$shape" <<< "$body" > /dev/null || { echo "$handler: $body: not $shape"; return 1; }
		[ "$handler" != order_add ] || order=$(jq .id <<< "$body")
		# Nobody of that name, no such member, no JSON, no such method.
		[[ $path != *{}* || $handler = explain ]] || bad 404 "" "$method" "${path/\{\}/nobody-here}"
		[ "$handler" != explain ] || bad 400 "want a MAC" GET /v1/explain/nobody-here
		[ -z "$sent" ] || bad 400 'member "colour" is not known' "$method" "${path/\{\}/$arg}" "{\"colour\":1,${sent#\{}"
		[ -z "$sent" ] || bad 400 "not a JSON object" "$method" "${path/\{\}/$arg}" "[$sent]"
		bad 405 "no such method" PUT "${path/\{\}/$arg}"
		n=$((n + 1))
	done < <(sed -n 's/^ROUTE(\([a-z_]*\), *"\([A-Z]*\)", *"\([^"]*\)".*/\1 \2 \3/p' broker/api/api.def)
	[ $n = "$(grep -c '^ROUTE(' broker/api/api.def)" ]
	bad 404 "no such path" GET /v1/nothing
	bad 404 "no such path" GET /v2/status
}

@test "bytes that are no text get a sentence, too" {
	bad 404 "machine ??" GET "/v1/machines/%ff%fe"
	bad 404 "order ?" GET "/v1/orders/%01"
	bad 400 "not a JSON object" POST /v1/machines $'{"name":"\xff"}'
	bad 400 "printable" POST /v1/machines '{"name":"\u0001"}'
}

@test "a persona starts, moves and stops; the lists say who carries what" {
	order start web-01 blade-a
	state_is machines blade-a busy
	state_is personas web-01 starting
	until_true "started" order_is "$order" "done"
	[ "$(deeds "power on" blade-a)" = 1 ]
	state_is machines blade-a carries
	state_is personas web-01 running
	good GET /v1/machines
	is '.items[] | select(.name == "blade-a").persona' web-01
	good GET /v1/personas
	is '.items[] | select(.name == "web-01") | [.machine, .phase, .generation]' '["blade-a","persona",1]'
	good GET /v1/status
	[[ $(jq -r '.machines[] | select(.name == "blade-a").seen' <<< "$body") == "dhcp-answered os "*" s ago" ]]
	is '.machines[] | select(.name == "silent").seen' "nothing yet"
	order move web-01 blade-b
	until_true "moved" order_is "$order" "done"
	[ "$(deeds "power on" blade-a)" = 2 ]
	[ "$(deeds "power on" blade-b)" = 1 ]
	[ "$(machine_power blade-a)" = off ]
	order stop web-01
	until_true "stopped" order_is "$order" "done"
	state_is machines blade-b free
	state_is personas web-01 stopped
	[ "$(machine_power blade-b)" = off ]
	[ ! -e "$dir/twice" ]
}

@test "what was seen of a machine outlives the broker that heard it" {
	good GET /v1/status
	local began
	[[ $(jq -r '.machines[] | select(.name == "blade-b").seen' <<< "$body") == *" ago" ]]
	began=$(grep -c "baton-broker started" "$dir/log")
	kill -9 "$(pid_of baton-broker)"
	until_true "the broker is back" in_log "baton-broker started" $((began + 1))
	good GET /v1/status
	[[ $(jq -r '.machines[] | select(.name == "blade-b").seen' <<< "$body") == *" ago" ]]
}

@test "a BMC that refuses stops the order, which is in the way until it is taken back" {
	order start free rude
	until_true "stopped" order_is "$order" stopped
	good GET "/v1/orders/$order"
	[[ $(jq -r .why <<< "$body") == *"bmc rude"*refused* ]]
	state_is machines rude stuck
	state_is personas free stuck
	bad 409 "order $order" POST /v1/orders '{"verb":"start","persona":"free","machine":"blade-b"}'
	bad 409 "order $order" DELETE /v1/machines/rude
	good POST "/v1/orders/$order/undo"
	is .state "done"
	state_is machines rude free
	bad 409 "is done" POST "/v1/orders/$order/undo"
	bad 409 "only one that has stopped" POST "/v1/orders/$order/retry"
}

@test "a hand that is killed costs a try" {
	machine slow-1 11
	persona slow-1
	echo 500 > "$dir/fake/slow-1.slow"
	# The one of the silent BMC may be at work, too.
	local others mine=
	others=$(hands)
	order start slow-1 slow-1
	until mine=$(hands | grep -vxF -- "${others:-none}") && [ -n "$mine" ]; do nap; done
	kill -9 "$mine"
	until_true "a try failed" in_log "step-failed order=$order step=preflight .*ended without an answer (signal 9)"
	rm "$dir/fake/slow-1.slow"
	until_true "at await-shim" step_is await-shim
	[ "$(deeds "power on" slow-1)" = 1 ]
	good POST "/v1/orders/$order/undo"
}

@test "a start whose shim never came is taken back without a boot" {
	machine empty-1 21
	persona empty-1
	order start empty-1 empty-1
	until_true "at await-shim" step_is await-shim
	good POST "/v1/orders/$order/undo"
	is .undoes "$order"
	order=$(jq .id <<< "$body")
	until_true "taken back" order_is "$order" "done"
	[ "$(deeds "power on" empty-1)" = 1 ]
	[ "$(machine_power empty-1)" = off ]
	state_is machines empty-1 free
}

@test "a start is taken back after the card was written: the machine gets its address again" {
	machine back-1 31
	persona back-1
	machine_plug back-1 52:54:00:cc:00:31
	order start back-1 back-1
	until_true "written" in_log "step-done order=$order step=await-written"
	good POST "/v1/orders/$order/undo"
	order=$(jq .id <<< "$body")
	until_true "taken back" order_is "$order" "done"
	[ "$(deeds "power on" back-1)" = 2 ]
	[ "$(awk '$2 != $3' "$dir/machines/back-1/nvram")" = "" ]
	[ "$(machine_power back-1)" = off ]
}

@test "a card that holds a persona's address and was never journaled is 409, and the order says what to do" {
	machine used-1 41
	persona used-1
	local mac
	mac=$(jq -r '.nics[0].mac' <<< "$body")
	order start used-1 used-1
	until_true "at await-shim" step_is await-shim
	# What an earlier owner left in it.
	machine_plug used-1 52:54:00:cc:00:41
	sed -i "s/^\(.*\) 52:54:00:cc:00:41 \(e0\)$/\1 $mac \2/" "$dir/machines/used-1/nvram"
	until_true "stopped" order_is "$order" stopped
	good GET "/v1/orders/$order"
	[[ $(jq -r .why <<< "$body") == *"its own is not journaled; write 52:54:00:cc:00:41 back"* ]]
	# A report of another generation, with a good token.
	local base
	base=$(sed -n 's/^set base //p' "$dir/machines/used-1/entry")
	run ip netns exec "$ns-used-1" curl -s --max-time 25 -o "$dir/said" -w '%{http_code}' \
		-d '{"stage":"found","deed":"identity","machine":"used-1","generation":999,"nics":[]}' "$base/report"
	[ "$output" = 409 ]
	grep -q "generation 999 is over" "$dir/said"
	machine_unplug used-1
	good POST "/v1/orders/$order/undo"
	order=$(jq .id <<< "$body")
	until_true "taken back" order_is "$order" "done"
}

@test "wrong input is refused with one sentence and a hint, and changes nothing" {
	local mac
	good GET /v1/personas/web-01
	mac=$(jq -r '.nics[0].mac' <<< "$body")
	bad 400 'want the interface that has this address, or 10.0.0.0/8' POST /v1/networks '{"name":"x","address":"10.0.0.1/8"}'
	bad 400 'member "address" is missing' POST /v1/networks '{"name":"x","interface":"e"}'
	bad 400 '"mode": want serve or proxy' POST /v1/networks '{"name":"x","interface":"e","address":"10.0.0.1/8","mode":"both"}'
	bad 400 '"relays": want a list of at most 4' POST /v1/networks '{"name":"x","address":"10.0.0.0/8","relays":"10.1.0.9"}'
	bad 409 "is of network mgmt" POST /v1/networks '{"name":"x","address":"10.9.0.0/24","relays":["10.88.0.9"]}'
	bad 404 'link none: no such network' POST /v1/networks '{"name":"x","address":"10.9.0.0/24","link":"none"}'
	bad 409 'want a link to that one' POST /v1/networks '{"name":"x","interface":"mgmt0","address":"10.9.0.1/24"}'
	bad 400 '"address": want ours' POST /v1/networks '{"name":"x","interface":"e","address":"10.0.0.1"}'
	bad 409 'mgmt' POST /v1/networks '{"name":"mgmt","interface":"e","address":"10.0.0.1/8"}'
	bad 409 'mgmt' DELETE /v1/networks/mgmt
	bad 409 "$FACTORY_A" POST /v1/machines "{\"name\":\"twin\",\"bmc\":{\"kind\":\"fake\",\"host\":\"t\"},\"nics\":[{\"mac\":\"$FACTORY_A\",\"network\":\"mgmt\"}]}"
	bad 400 'kind' POST /v1/machines '{"name":"m","bmc":{"host":"h"},"nics":[{"mac":"52:54:00:cc:08:01"}]}'
	bad 400 '"secret": want the name' POST /v1/machines '{"name":"m","bmc":{"kind":"fake","host":"h","secret":"Rack_1"},"nics":[{"mac":"52:54:00:cc:08:01"}]}'
	good POST /v1/personas '{"name":"web-02","iqn":"iqn.2026-01.org.example:two","nics":[{"network":"mgmt"}]}'
	bad 409 'iqn.2026-01.org.example:two' POST /v1/personas '{"name":"web-03","iqn":"iqn.2026-01.org.example:two","nics":[{"network":"mgmt"}]}'
	bad 409 "$mac" POST /v1/personas "{\"name\":\"web-03\",\"nics\":[{\"mac\":\"$mac\",\"network\":\"mgmt\"}]}"
	bad 400 'go together' POST /v1/personas '{"name":"web-03","chap_user":"u","nics":[{"network":"mgmt"}]}'
	bad 400 '"dns": want a list of at most 3' POST /v1/personas '{"name":"web-03","dns":["10.0.0.1","10.0.0.2","10.0.0.3","10.0.0.4"],"nics":[{"network":"mgmt"}]}'
	bad 400 '"routes": want a network and its gateway' POST /v1/personas '{"name":"web-03","nics":[{"network":"mgmt","routes":["10.0.0.0/8"]}]}'
	bad 400 'want a gateway of network mgmt' POST /v1/personas '{"name":"web-03","nics":[{"network":"mgmt","routes":["10.0.0.0/8@10.99.0.1"]}]}'
	bad 400 '"mtu": want a whole number of 0 to 9216' POST /v1/personas '{"name":"web-03","nics":[{"network":"mgmt","mtu":9217}]}'
	bad 404 'nobody' POST /v1/orders '{"verb":"start","persona":"nobody","machine":"blade-a"}'
	bad 404 'blade-z' POST /v1/orders '{"verb":"start","persona":"web-01","machine":"blade-z"}'
	bad 400 'want the machine' POST /v1/orders '{"verb":"start","persona":"web-01"}'
	bad 409 'is on no machine' POST /v1/orders '{"verb":"stop","persona":"web-01"}'
	bad 400 'whole numbers' GET '/v1/events?since=-1'
	bad 400 'wait_s of 0 to 60' GET '/v1/events?since=0&wait_s=61'
}

@test "what is added of networks and personas is shown as it was sent" {
	local far persona
	far='{"name":"far","mode":"serve","interface":"","address":"10.90.0.0/24","gateway":"10.90.0.254","dns":"","pool":"10.90.0.10-10.90.0.20","unknown":"lease","relays":["10.66.0.9","10.66.0.10"],"link":"","isolated":false}'
	good POST /v1/networks "$far"
	is . "$far"
	good GET /v1/networks/far
	is . "$far"
	good GET /v1/networks
	is '.items[] | select(.name == "far")' "$far"
	good POST /v1/networks '{"name":"wire","interface":"mgmt0","address":"10.91.0.1/24","link":"mgmt"}'
	is .link mgmt
	good POST /v1/networks '{"name":"behind","address":"10.92.0.0/24","link":"wire"}'
	bad 409 "network behind is linked to it" DELETE /v1/networks/wire
	good DELETE /v1/networks/behind
	persona='{"name":"told","dns":["10.90.0.53","9.9.9.9"],"ntp":["10.90.0.123"],"domain":"example.org","nics":[{"mac":"02:00:00:00:00:77","network":"far","address":"10.90.0.10","mtu":9000,"routes":["10.0.0.0/8@10.90.0.254","192.0.2.0/25@10.90.0.253"]}]}'
	good POST /v1/personas "$persona"
	is '{name, dns, ntp, domain, nics}' "$persona"
	good GET /v1/personas/told
	is '{name, dns, ntp, domain, nics}' "$persona"
	bad 409 "persona told has a NIC on it" DELETE /v1/networks/far
	# A broker that starts anew finds all of it, and the table is made of it.
	local began
	began=$(grep -c "baton-broker started" "$dir/log")
	kill -9 "$(pid_of baton-broker)"
	until_true "the broker is back" in_log "baton-broker started" $((began + 1))
	good GET /v1/personas/told
	is '{name, dns, ntp, domain, nics}' "$persona"
	good GET /v1/networks/far
	is . "$far"
	good DELETE /v1/personas/told
	good DELETE /v1/networks/far
	good DELETE /v1/networks/wire
}

# dhcp MAC OPTIONS: a question with these options, in hex, sent to us from the machine's namespace.
dhcp() {
	local bytes n
	bytes=010106001234567800008000$(printf '0%.0s' {1..32})${1//:/}$(printf '0%.0s' {1..404})63825363$2ff
	for ((n = 0; n < ${#bytes}; n += 2)); do printf '%b' "\\x${bytes:n:2}"; done > "$dir/packet"
	ip netns exec "$ns-blade-a" bash -c "cat '$dir/packet' > /dev/udp/$SITE_ADDR/67"
}

@test "another DHCP server is alarming where Baton gives the addresses; beside it, who does not listen to a proxy" {
	site_make
	site_start
	machine_plug blade-a "$FACTORY_A"
	ip -n "$ns-blade-a" addr add 10.88.0.66/24 dev e0
	ip -n "$ns-blade-a" link set e0 address "$FACTORY_A" up
	good POST /v1/networks '{"name":"office","interface":"mgmt0","address":"10.88.0.1/24"}'
	until_true "the table is there" in_log "baton-edge table-taken generation=2"
	# Debian's dnsmasq, that knows nothing of us; an edge that starts asks who else is there.
	ip netns exec "$ns-blade-a" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --no-ping --user=root \
		--interface=e0 --bind-interfaces --leasefile-ro --pid-file= --log-facility=- --dhcp-authoritative \
		--dhcp-range=10.88.0.200,10.88.0.250 2> "$dir/foreign" 3>&- &
	echo $! > "$dir/foreign.pid"
	until_true "it serves" grep -q "DHCP, IP range" "$dir/foreign"
	kill -9 "$(pid_of baton-edge)"
	until_true "it is heard" in_log "dhcp-foreign network=office addr=10.88.0.66"
	good GET /v1/status
	is '.alarms[] | [.word, .network, .at > 0]' '["dhcp-foreign","office",true]'
	run baton status
	[[ ${lines[0]} == "dhcp-foreign, "*" ago: another DHCP server answers on network office: 10.88.0.66, MAC $FACTORY_A, which has offered 10.88.0.2"* ]]
	# The same network, beside it: that is as it should be.
	good DELETE /v1/networks/office
	good POST /v1/networks '{"name":"office","mode":"proxy","interface":"mgmt0","address":"10.88.0.1/24"}'
	good GET /v1/status
	is .alarms '[]'
	good POST /v1/machines "{\"name\":\"blade-a\",\"bmc\":{\"kind\":\"fake\",\"host\":\"blade-a\"},
		\"nics\":[{\"mac\":\"$FACTORY_A\",\"network\":\"office\"}]}"
	is '.nics[0].address' ""
	good GET "/v1/explain/$FACTORY_A"
	is '.stages[] | select(.stage == "os") | [.answer, .why, .text]' \
		'[false,"other-server","the OS: left to the network'"'"'s own DHCP server"]'
	is '.stages[0] | [.answer, .addr, .file]' '[true,"","undionly.kpxe"]'
	is '[.stages[] | select(.arch == 11 or .arch == 19).file]' '["snponly-arm64.efi","snponly-arm64.efi"]'
	until_true "the table is there" in_log "baton-edge table-taken generation=5"
	local pxe=3c09505845436c69656e745d020007 request=35010332040a58004d36040a580042
	dhcp "$FACTORY_A" $request
	until_true "its OS asks the other server" in_log "dhcp-left mac=$FACTORY_A stage=os machine=blade-a"
	# Firmware is told what to boot, takes an address elsewhere, and asks for nothing.
	dhcp "$FACTORY_A" 350101$pxe
	dhcp "$FACTORY_A" $request$pxe
	alarmed() { good GET /v1/status && is '.alarms[0].word' proxy-ignored > /dev/null; }
	until_true "it is alarming" alarmed
	is '.alarms[0] | [.network, (.text | contains("blade-a")), .at > 0]' '["",true,true]'
	run baton status
	[[ ${lines[0]} == "proxy-ignored, "*" ago: machine blade-a took an address from its network's own DHCP server"* ]]
}

@test "an address outside its network, or Baton's own, or nobody's is refused for machine and persona" {
	local kind address
	for address in 10.99.0.1:400:"is no host's of network mgmt (10.88.0.1/24)" \
		10.88.0.0:400:"is no host's" 10.88.0.255:400:"is no host's" \
		10.88.0.1:409:"belongs to network mgmt itself: to Baton"; do
		for kind in machines personas; do
			local nic='"network":"mgmt","address":"'${address%%:*}'"' code=${address#*:}
			[ $kind = personas ] || nic+=',"mac":"52:54:00:cc:08:02"'
			bad "${code%%:*}" "${code#*:}" POST /v1/$kind \
				"{\"name\":\"off\",$([ $kind = personas ] || echo '"bmc":{"kind":"fake","host":"o"},')\"nics\":[{$nic}]}"
		done
	done
}

@test "a pool that is used up is 409 and says how to add one" {
	good POST /v1/networks '{"name":"tiny","interface":"x1","address":"10.9.1.1/24","pool":"10.9.1.2-10.9.1.2"}'
	good POST /v1/personas '{"name":"tiny-1","nics":[{"network":"tiny"}]}'
	bad 409 "every address of its pool is somebody's" POST /v1/personas '{"name":"tiny-2","nics":[{"network":"tiny"}]}'
	good DELETE /v1/personas/tiny-1
	good DELETE /v1/networks/tiny
}

@test "plan shows the steps and changes nothing; explain says what a machine would get" {
	local before
	good GET /v1/orders
	before=$(jq '.items | length' <<< "$body")
	good POST /v1/orders '{"verb":"start","persona":"web-01","machine":"blade-a","plan":true}'
	is '[.id, .state, .steps[0].name, .steps[0].state]' '[0,"planned","preflight","planned"]'
	good GET /v1/orders
	is '.items | length' "$before"
	good GET /v1/explain/"$FACTORY_A"
	is .machine blade-a
	[[ $(jq -r .summary <<< "$body") == *waits* ]]
	good GET /v1/explain/52:54:00:99:99:99
	is '.stages[0].why' unknown-machine
}

@test "a reader waits for the next event and gets it; since=0 is the beginning" {
	good GET /v1/events
	local last
	last=$(jq '.items[-1].id' <<< "$body")
	# A stranger asks on blade-b's cable once the reader waits.
	{
		until [ "$(ss -xH src "$dir/run/api.sock" | grep -c ESTAB)" -gt 0 ]; do nap; done
		ip netns exec "$ns-blade-b" bash -c 'ip link add x0 link e0 address 52:54:00:00:00:99 type macvlan mode bridge &&
			ip link set e0 up && ip link set x0 up && busybox udhcpc -f -n -q -i x0 -t 2 -T 1 -s /bin/true
			ip link del x0; ip link set e0 down'
	} > "$dir/stranger" 2>&1 3>&- &
	good GET "/v1/events?since=$last&wait_s=20"
	wait $!
	until_true "the stranger is heard" in_log "dhcp-silent .*52:54:00:00:00:99"
	good GET "/v1/events?since=$last"
	[[ $(jq -r '.items[].text' <<< "$body") == *"mac=52:54:00:00:00:99 why=unknown-machine network=mgmt"* ]]
	good GET "/v1/events?since=0"
	is '.items[0].id' 1
	good GET "/v1/events?since=0&order=1"
	is '.items[0].word' order-begun
}

@test "a CHAP secret goes in and is seen nowhere" {
	good POST /v1/personas '{"name":"db-01","target":"iqn.2026-01.org.example:disk","lun":1,
		"portals":["10.88.0.1:3260"],"chap_user":"u","chap_secret":"hush-hush-42","nics":[{"network":"mgmt"}]}'
	is .chap_secret true
	bad 400 'go together' POST /v1/personas '{"name":"db-02","chap_secret":"hush-hush-42","nics":[{"network":"mgmt"}]}'
	bad 400 "CHAP user and secret: want" POST /v1/personas '{"name":"db-02","chap_user":"u","chap_secret":"hush hush-hush-42","nics":[{"network":"mgmt"}]}'
	[[ $body != *hush-hush* ]]
	bad 400 "not a JSON object" POST /v1/personas '{"name":"db-02","chap_secret":hush-hush-42}'
	[[ $body != *hush-hush* ]]
	order start db-01 blade-a
	until_true "no disk there" order_is "$order" stopped
	local path
	for path in personas personas/db-01 "events?since=0" status orders "orders/$order"; do
		good GET "/v1/$path"
		[[ $body != *hush-hush* ]] || { echo "/v1/$path: $body"; return 1; }
	done
	good GET "/v1/orders/$order"
	[[ $(jq -r .why <<< "$body") == *10.88.0.1:3260* ]]
	good POST "/v1/orders/$order/undo"
	run in_log hush-hush
	[ "$status" != 0 ]
}

@test "scripts that are not good are refused at a reload, said, and change nothing" {
	local at
	good GET /v1/events
	at=$(jq '.items[-1].id' <<< "$body")
	cp "$dir/scripts/park.ipxe" "$dir/park.ipxe"
	echo 'echo {{nonsense}}' >> "$dir/scripts/park.ipxe"
	kill -HUP "$(pid_of batond)"
	until_true "it is said" in_log "reload-refused why=scripts: .*nonsense"
	good GET "/v1/events?since=$at"
	is '[.items[].word] | index("reload-refused") != null' true
	is '[.items[].word] | index("table-refused")' null
	# Every change goes on with the old ones.
	persona after-1
	good DELETE /v1/personas/after-1
	mv "$dir/park.ipxe" "$dir/scripts/park.ipxe"
	chmod a+r "$dir/scripts/park.ipxe"
}

@test "a table that cannot be put in place is said, and is there as soon as it can be" {
	mkdir "$dir/run/table/boot.table.new"
	machine late-1 51
	until_true "it is said" in_log "table-waits why=table: open boot.table.new: Is a directory"
	good GET /v1/explain/52:54:00:cc:00:51
	is .machine ""
	rmdir "$dir/run/table/boot.table.new"
	known() { good GET /v1/explain/52:54:00:cc:00:51 && is .machine late-1 > /dev/null; }
	until_true "it is there" known
	[ "$(grep -c table-waits "$dir/log")" = 1 ]
}

@test "the table of an unbind follows, also when it could not be put in place at once" {
	machine late-2 52
	persona late-2
	order start late-2 late-2
	until_true "at await-shim" step_is await-shim
	good POST "/v1/orders/$order/undo"
	order=$(jq .id <<< "$body")
	until_true "before the unbind" in_log "step-begun order=$order step=power-off-restored"
	mkdir "$dir/run/table/boot.table.new"
	until_true "it failed once" in_log "step-failed order=$order step=unbind .*Is a directory"
	until_true "done" order_is "$order" "done"
	rmdir "$dir/run/table/boot.table.new"
	unbound() { good GET /v1/explain/52:54:00:cc:00:52 && is .persona "" > /dev/null; }
	until_true "the table says so" unbound
}

@test "one store has one broker: a second batond on it says so and touches nothing" {
	ip -n "$ns" link add x9 type bridge
	ip -n "$ns" link set x9 up
	site_conf | sed -e 's/^interfaces = .*/interfaces = x9/' -e "s|^run_dir = .*|run_dir = $dir/run2|" > "$dir/second.conf"
	ip netns exec "$ns" "$dir/bin/batond" -c "$dir/second.conf" 2> "$dir/second.log" 3>&- &
	local second=$! said="state_dir $dir/state: the broker of another batond works on it"
	until_true "it is refused" grep -q "$said" "$dir/second.log"
	kill $second
	wait $second || true
	ip -n "$ns" link del x9
	good GET /v1/status
}

@test "a full disk: what is not on it is not acknowledged, and the order goes on once there is room" {
	site_make
	mount -t tmpfs -o size=12m,mode=700,uid=64901 none "$dir/state"
	site_start
	site_fill > /dev/null
	machine_unplug blade-a
	order start web-01 blade-a
	until_true "at await-shim" step_is await-shim
	dd if=/dev/zero of="$dir/state/fill" bs=4k 2>/dev/null || true
	local i=0
	status=0
	until [ "$status" = 500 ]; do
		i=$((i + 1))
		[ $i -lt 1000 ]
		api POST /v1/pools "{\"name\":\"p$i\",\"kind\":\"iqn\",\"prefix\":\"iqn.2026-01.p$i:\"}"
	done
	[[ $(jq -r .error <<< "$body") == *"the disk is full, nothing was changed"* ]]
	good GET /v1/pools
	is "[.items[] | select(.name == \"p$i\")] | length" 0
	rm -r "$dir/machines/blade-a"
	machine_plug blade-a "$FACTORY_A"
	until_true "the shim is not told that it is journaled" \
		grep -q "shim: /report: 503 .*the disk is full" "$dir/machines/blade-a/screen"
	good GET /v1/machines/blade-a
	is '.nics[0].journaled' false
	rm "$dir/state/fill"
	until_true "it goes on" order_is 1 "done"
	[ "$(deeds "power on" blade-a)" = 1 ]
	[ "$(grep -c child-died "$dir/log")" = 0 ]
}

@test "a BMC that never answers is given up at the step's deadline, while the API answers" {
	order=1
	run timeout 2 curl -sf --unix-socket "$dir/run/api.sock" http://api/v1/status
	[ "$status" = 0 ]
	until_true "the deadline" in_log "step-failed order=1 step=preflight .*bmc silent"
	good GET /v1/orders/1
	is .step preflight
	good POST /v1/orders/1/undo
	is .state "done"
}
