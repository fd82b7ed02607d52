#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC1091,SC2030,SC2031,SC2119,SC2154
# A machine is chosen from a pool: which one, why no other, and what is refused. On one site with all the
# real programs; which cases there are is a table in tests/unit/choice_test.c.

setup_file() {
	. tests/lib/site.bash
	site_make
	export dir ns B
	site_start
	site_fill > /dev/null
	spare small 01 --memory-mb 32768 --label rack=r1
	spare mid 02 --memory-mb 65536 --label rack=r1
	spare big 03 --memory-mb 131072 --label rack=r2
	web web-11 --wants memory-mb=65536 --wants apart=web
	web web-12 --wants memory-mb=65536,apart=web
	web web-13 --wants memory-mb=65536,apart=web,label=gpu=a100
}

teardown_file() {
	. tests/lib/site.bash
	site_drop
}

setup() {
	. tests/lib/site.bash
}

# spare NAME LAST-BYTE OPTIONS...: in the pool `spares`, plugged in.
spare() {
	baton machine add "$1" --bmc "fake://$1" --nic "mac=52:54:00:dd:00:$2,network=mgmt" --pool spares "${@:3}" > /dev/null
	machine_plug "$1" "52:54:00:dd:00:$2"
}

web() { baton persona add "$1" --nic network=mgmt "${@:2}" > /dev/null; }

api() { # METHOD PATH JSON
	curl -s --max-time 30 --unix-socket "$dir/run/api.sock" -X "$1" -d "$3" -w ' %{http_code}' "http://api$2"
}

# says CODE WORDS...: what `run` ran ended so and said each of these.
says() {
	local words
	[ "$status" = "$1" ] || { echo "exit $status, want $1: $output"; return 1; }
	for words in "${@:2}"; do
		[[ $output == *"$words"* ]] || { echo "no \"$words\" in: $output"; return 1; }
	done
}

# What there is; how far it has come is no matter, for orders go on meanwhile.
known() {
	local what
	for what in order machine persona; do baton $what list -o json; done |
		jq -c '.items[] | [.id // .name, .verb, .to, .pool, .labels, .wants]'
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

@test "a plan names the machine that fits best and says why each other one was not taken" {
	known > "$dir/before"
	run baton start web-11 --pool spares --plan
	says 0 "start web-11 on mid would take these steps" "mid was chosen from pool spares" \
		"big    fits as well, but leaves more unused: it has 128 GiB of memory, mid has 64 GiB of memory" \
		"small  has 32 GiB of memory, web-11 wants 64 GiB"
	known | cmp "$dir/before" -
	run baton start web-11 --pool spares --plan -o json
	[ "$(jq -c '[.id, .to, .choice.pool, .choice.machine, [.choice.others[].machine]]' <<< "$output")" = \
		'[0,"mid","spares","mid",["big","small"]]' ]
}

@test "a start from a pool runs on it, and the order says later why" {
	run baton start web-11 --pool spares
	says 0 "mid was chosen from pool spares" "done: order 1: start web-11 on mid"
	run baton order show 1
	says 0 "small  has 32 GiB of memory, web-11 wants 64 GiB"
	[ "$(baton order show 1 -o json | jq -r .choice.machine)" = mid ]
	run baton machine list
	says 0 "POOL" "spares"
}

@test "a persona of the same group is kept out of that rack" {
	run baton start web-12 --pool spares --plan
	says 0 "big was chosen" "mid    carries persona web-11; stands in rack r1 as mid does, where web-11 is; both are of group web" \
		"small  has 32 GiB of memory, web-12 wants 64 GiB; stands in rack r1 as mid does"
	run baton start web-12 --pool spares -o json
	says 0 '"machine":"big"'
	[ "$(jq -r .state <<< "$output")" = "done" ]
}

@test "where none fits it is one sentence, with all that stands in the way, and nothing is changed" {
	refused 1 "pool spares: no machine fits web-13: big (carries persona web-12; has no label gpu, web-13 wants gpu=a100; stands in rack r2" \
		"or name a machine yourself" -- start web-13 --pool spares
	refused 1 "pool spares: no machine fits web-13" -- start web-13 --pool spares --plan
	run baton start web-13 --pool spares -o json
	says 1
	[ "$(head -n 1 <<< "$output" | jq -c '[.choice.machine, [.choice.others[].machine]]')" = '["",["big","mid","small"]]' ]
	# The operator's own word for a machine is the last one: wants are for choosing.
	run baton start web-13 small --plan
	says 0 "start web-13 on small"
}

@test "a persona moves by a pool, and never to where it is" {
	spare other 04 --memory-mb 262144 --label rack=r3
	run baton move web-11 --pool spares --plan
	says 0 "move web-11 from mid to other" "mid    is where web-11 is now" "big    carries persona web-12"
	refused 1 "persona web-13 is on no machine" -- move web-13 --pool spares
	refused 1 "persona web-11 is on machine mid already" -- start web-11 --pool spares
	run baton move web-11 --pool spares
	says 0 "other was chosen from pool spares" "done: "
}

@test "what nobody wrote the shim finds out, and then the machine is fit" {
	baton machine add found --bmc fake://found --nic mac=52:54:00:dd:00:05,network=mgmt --pool unknown --cpus 4 > /dev/null
	machine_plug found 52:54:00:dd:00:05
	echo '"arch":"x86_64","firmware":"uefi","memory_mb":98304,"cpus":16' > "$dir/machines/found/traits"
	web plain
	web choosy --wants memory-mb=98304,firmware=uefi,arch=x86_64,cpus=4
	refused 1 "its architecture is not known, choosy wants x86_64; its firmware is not known, choosy wants uefi; its memory is not known" -- \
		start choosy --pool unknown
	baton start plain --pool unknown > /dev/null
	# The operator's own word stands.
	[ "$(baton machine show found -o json | jq -c '[.arch, .firmware, .memory_mb, .cpus]')" = '["x86_64","uefi",98304,4]' ]
	baton stop plain > /dev/null
	run baton start choosy --pool unknown --plan
	says 0 "found was chosen from pool unknown; it is the only one there"
}

@test "a machine on which an order has failed is taken last, until one has gone through" {
	local m
	for m in rude-a rude-b; do
		baton machine add $m --bmc fake://$m --nic "mac=52:54:00:dd:01:0$((++n)),network=mgmt" --pool rude > /dev/null
	done
	machine_plug rude-a 52:54:00:dd:01:01
	web polite
	touch "$dir/fake/rude-a.refuse"
	run baton start polite --pool rude
	says 4 "rude-a was chosen" "bmc rude-a"
	local order
	order=$(baton order list -o json | jq '.items[0].id')
	run baton start web-13 --pool rude --plan
	says 1 "rude-a (waits for a person: order $order (start polite)"
	baton order undo "$order" > /dev/null
	run baton start polite --pool rude --plan
	says 0 "rude-b was chosen" "rude-a  fits, but order $order failed on it at preflight: bmc rude-a: "
	rm "$dir/fake/rude-a.refuse"
	baton start polite rude-a > /dev/null
	baton stop polite > /dev/null
	run baton start polite --pool rude --plan
	says 0 "rude-a was chosen"
}

@test "orders that come at once choose different machines" {
	local i pids=()
	for i in 1 2 3 4; do
		baton machine add "many-$i" --bmc "fake://many-$i" --nic "mac=52:54:00:dd:02:0$i,network=mgmt" --pool many > /dev/null
		web "crowd-$i"
	done
	web crowd-5
	for i in 1 2 3 4 5; do
		baton start "crowd-$i" --pool many --no-wait > "$dir/crowd-$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || true; done
	[ "$(baton order list -o json | jq '[.items[] | select(.persona | startswith("crowd-")).to] | unique | length')" = 4 ]
	[ "$(cat "$dir"/crowd-? | grep -c "was chosen from pool many")" = 4 ]
	[ "$(cat "$dir"/crowd-? | grep -c "no machine fits crowd-.: many-1 (is at work: order ")" = 1 ]
}

@test "a machine is changed where it stands, and the next choice sees it" {
	baton machine add late --bmc fake://late --nic mac=52:54:00:dd:03:01,network=mgmt --memory-mb 65536 > /dev/null
	web calm --wants memory-mb=65536,label=gpu=a100
	refused 1 "pool lately: no machine is in it" -- start calm --pool lately --plan
	run baton machine set late --pool lately --label gpu=a100 --label rack=r7
	says 0 "machine late changed" "gpu=a100 rack=r7"
	run baton start calm --pool lately --plan
	says 0 "late was chosen from pool lately"
	baton machine set late --unlabel gpu --label rack=r8 > /dev/null
	refused 1 "has no label gpu, calm wants gpu=a100" -- start calm --pool lately --plan
	[ "$(baton machine show late -o json | jq -c '[.labels, .memory_mb, .pool]')" = '[["rack=r8"],65536,"lately"]' ]
	baton machine set late --unset pool --unset memory-mb --idle local > /dev/null
	[ "$(baton machine show late -o json | jq -c '[.memory_mb, .pool, .idle]')" = '[0,"","local"]' ]
	# The table follows at once.
	run baton explain late
	says 0 local
}

@test "what would break a binding, or is wrong, is refused by machine set and changes nothing" {
	refused 1 "machine big carries persona web-12: its UUID" -- machine set big --uuid 11111111-2222-3333-4444-555555555555
	refused 1 "nothing is named that shall change" -- machine set big
	refused 1 "machine nobody: no such machine" -- machine set nobody --pool x
	refused 1 "has no label \"nothing\"" -- machine set big --pool elsewhere --unlabel nothing
	refused 1 "has no NIC with the factory MAC" -- machine set big --nic mac=52:54:00:00:00:99,port=fake://sw/1
	refused 1 "relay port tells it from others" -- machine set big --nic mac=52:54:00:dd:00:03,circuit=7
	refused 1 'want "port", "circuit" or "remote"' -- machine set big --nic mac=52:54:00:dd:00:03
	refused 1 "want KIND://HOST/PORT" -- machine set big --nic mac=52:54:00:dd:00:03,port=1
	refused 1 '"labels": "Rack=r1": want KEY=VALUE' -- machine set big --label Rack=r1
	refused 1 '"loader": want the name of a file' -- machine set big --loader ../x
	refused 2 "--unset pool: pool is given, too" -- machine set big --pool a --unset pool
	[[ $(api PATCH /v1/machines/big '{"bmc":{"kind":"fake","host":"x"}}') == *'member \"bmc\" is not known'*" 400" ]]
	[[ $(api PATCH /v1/machines/big '{"pool":7}') == *'\"pool\" is not text'*" 400" ]]
	# What it carries goes on; where it belongs may change meanwhile.
	baton machine set big --pool spares --label rack=r2 > /dev/null
}

@test "wrong input is one sentence and changes nothing" {
	refused 1 "pool nowhere: no machine is in it" -- start web-13 --pool nowhere
	refused 1 '"pool": want 1 to 63' -- start web-13 --pool Spares
	refused 1 "persona nobody: no such persona" -- start nobody --pool spares
	refused 2 "give a MACHINE or --pool, not both" -- start web-13 small --pool spares
	refused 2 "MACHINE is missing; name one, or give --pool NAME" -- start web-13
	local add=(machine add x --bmc fake://x --nic mac=52:54:00:dd:09:01)
	refused 1 '"labels": "rack": want KEY=VALUE' -- "${add[@]}" --label rack
	refused 1 '"labels": "Rack=r1": want KEY=VALUE' -- "${add[@]}" --label Rack=r1
	refused 1 'label rack is written twice' -- "${add[@]}" --label rack=r1 --label rack=r2
	refused 1 '"pool": want 1 to 63' -- "${add[@]}" --pool "a b"
	refused 1 '"memory_mb": want a whole number of 0 to 67108864' -- "${add[@]}" --memory-mb 99999999999
	refused 1 'wants: "apart": want a group' -- persona add x --nic network=mgmt --wants apart=A
	# shellcheck disable=SC2046
	refused 1 '"labels": want at most 16' -- "${add[@]}" $(printf -- '--label l%d=1 ' {1..17})
	[[ $(api POST /v1/orders '{"verb":"start","persona":"web-13","machine":"small","pool":"spares"}') == *"not both"*" 400" ]]
	[[ $(api POST /v1/orders '{"verb":"stop","persona":"web-11","pool":"spares"}') == *"leave it out"*" 400" ]]
	[[ $(api POST /v1/orders '{"verb":"start","persona":"web-13"}') == *"or a pool of them"*" 400" ]]
	[[ $(api POST /v1/orders '{"verb":"start","persona":"web-13","pool":"nowhere"}') == *" 404" ]]
	[[ $(api POST /v1/personas '{"name":"x","wants":{"color":"red"},"nics":[{}]}') == *'persona: wants: member \"color\" is not known'*" 400" ]]
	[[ $(api POST /v1/personas '{"name":"x","wants":{"arch":"vax"},"nics":[{}]}') == *'want x86_64 or aarch64'*" 400" ]]
	[[ $(api POST /v1/machines '{"name":"x","bmc":{"kind":"fake","host":"x"},"labels":[7],"nics":[{"mac":"52:54:00:dd:09:01"}]}') == *'want KEY=VALUE'*" 400" ]]
}
