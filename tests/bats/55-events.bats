#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# BMCs that tell of changes by themselves (docs/design/0026, "Events"): the simulator's stream, seen with curl; and the
# hand that watches, which looks when it hears something and in every round as ever.
# shellcheck disable=SC1091,SC2030,SC2031,SC2034,SC2154
# bats file_tags=hand,redfish,sim
bats_require_minimum_version 1.5.0

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=$(realpath "${B:-build/dev}")
	export root bin
}

setup() {
	. "$root/tests/lib/ipmi-sim.bash"
	. "$root/tests/lib/hand.bash"
	. "$root/tests/lib/redfish-sim.bash"
	host=$(loopback_address)
	hand_setup
	unset BATON_DEADLINE_MS
	secret_put rack1 s3cret-word
	blade=$at/fake/blade
	system=/redfish/v1/Systems/1
	started=()
}

teardown() {
	local pid
	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	redfish_sim_stop
	if [ -n "${dir-}" ]; then site_drop; fi
}

# sim [WORDS...]: at the port it had, if it had one.
sim() { redfish_sim_start "$at/sim" "$host:${redfish_sim_port-0}" "$blade" "$@"; }

ask() { curl -sk --max-time 10 -u baton:s3cret-word "https://$host:$redfish_sim_port$1" "${@:2}"; }

reset() { ask "$system/Actions/ComputerSystem.Reset" -H 'Content-Type: application/json' -d '{"ResetType":"'"$1"'"}'; }

# fault NAME [WORDS]: whole at once
fault() {
	echo "${2-}" >"$at/fault"
	mv "$at/fault" "$blade.$1"
}

# stream FILE PATH [CURL OPTION...]: somebody reads the events into that file; sets $reader
stream() {
	curl -sNk -D "$1.header" "${@:3}" "https://$host:$redfish_sim_port$2" >"$1" 3>&- &
	reader=$!
	started+=($!)
}

# watch EVERY_MS: the hand watches the blade; its lines come into $at/lines
watch() {
	: >"$at/lines"
	"$bin/baton-hand" <<<'{"deed":"watch","every_ms":'"$1"',"power":[{"machine":"blade","bmc":{"kind":"redfish","host":"'"$host"'","port":'"$redfish_sim_port"',"user":"baton","secret":"rack1"}}]}' \
		>"$at/lines" 2>"$at/errors" 3>&- &
	watcher=$!
	started+=($!)
}

is_last() { # WHAT SAYS: "power" or "hearing"
	[ "$(jq -r --arg w "$1" 'select(.sign == $w or (.hearing and $w == "hearing")) | .says' "$at/lines" | tail -n 1)" = "$2" ]
}

count() { grep -c -- "$1" "$2" || true; }

at_least() { [ "$(count "$1" "$2")" -ge "$3" ]; }

# The time that it takes until the watch says that the blade is that, in ms.
heard_within() { # SAYS MS
	local begun=$(now_ms) took
	until_true 40 is_last power "$1"
	took=$(($(now_ms) - begun))
	echo "it says $1 after $took ms"
	[ "$took" -lt "$2" ]
}

@test "the stream of the simulator: two read it, with a session or the account; nobody without" {
	sim
	[ "$(ask /redfish/v1/EventService | jq -r .ServerSentEventUri)" = /redfish/v1/EventService/SSE ]
	token=$(curl -sk -D - -o "$at/session" -d '{"UserName":"baton","Password":"s3cret-word"}' -H 'Content-Type: application/json' \
		"https://$host:$redfish_sim_port/redfish/v1/SessionService/Sessions" | tr -d '\r' | sed -n 's/^X-Auth-Token: //Ip')
	stream "$at/one" '/redfish/v1/EventService/SSE?$filter=EventFormatType%20eq%20Event' -u baton:s3cret-word
	stream "$at/two" /redfish/v1/EventService/SSE -H "X-Auth-Token: $token"
	until_true 10 grep -q '^: events follow' "$at/one"
	until_true 10 grep -q '^: events follow' "$at/two"
	grep -qi '^content-type: text/event-stream' "$at/one.header"
	[ "$(curl -sk --max-time 10 -o "$at/none" -w '%{http_code}' "https://$host:$redfish_sim_port/redfish/v1/EventService/SSE")" = 401 ]
	[ "$(ask '/redfish/v1/EventService/SSE?$filter=MessageId%20eq%201' -o "$at/none" -w '%{http_code}')" = 501 ]
	reset On
	for one in one two; do
		until_true 10 grep -q ResourcePoweredOn "$at/$one"
		until_true 10 at_least '^: alive' "$at/$one" 1
		[ "$(sed -n 's/^data: //p' "$at/$one" | jq -r '[.Id, .Events[0].OriginOfCondition."@odata.id"] | join(" ")')" = "1 $system" ]
		grep -qx 'id: 1' "$at/$one"
	done
	# What the machine does by itself is told of, too.
	printf '%-63s\n' "power=off next=default booted=default bounce=0" >"$blade.bmc"
	until_true 10 grep -q ResourcePoweredOff "$at/one"
	kill $reader
	fault drop-session
	ended() { ! kill -0 "${started[0]}" 2>/dev/null; }
	until_true 10 ended
	wait "${started[0]}" # whole, as far as HTTP goes
}

@test "faults of the stream: half an event, none at all, nothing said while it hangs" {
	sim
	stream "$at/one" /redfish/v1/EventService/SSE -u baton:s3cret-word
	until_true 10 grep -q '^: events follow' "$at/one"
	fault drop-events
	reset On
	until_true 10 at_least '^: alive' "$at/one" 2
	! grep -q data: "$at/one"
	rm "$blade.drop-events"
	fault hang redfish
	alive=$(count '^: alive' "$at/one")
	stream "$at/late" /redfish/v1/EventService/SSE -u baton:s3cret-word
	read -rt 3 <> <(:) || :
	[ "$(count '^: alive' "$at/one")" -le $((alive + 1)) ]
	[ ! -s "$at/late" ]
	rm "$blade.hang"
	until_true 10 grep -q '^: events follow' "$at/late"
	fault half-body
	reset ForceOff
	ended() { ! kill -0 "${started[0]}" 2>/dev/null; }
	until_true 10 ended
	run -18 wait "${started[0]}"
	grep -q '^data:' "$at/one"
	! grep -q '^data: }' "$at/one"
}

@test "what makers' services offer, by what is published of them" {
	for maker in dell:/redfish/v1/SSE lenovo:/redfish/v1/EventService/ServerSentEvent openbmc:/redfish/v1/EventService/SSE \
		hpe:null supermicro:null; do
		sim --vendor "${maker%%:*}"
		[ "$(ask /redfish/v1/EventService | jq -r .ServerSentEventUri)" = "${maker#*:}" ]
		watch 300
		case $maker in
		*:null)
			until_true 10 is_last hearing closed
			[[ $(grep '"hearing"' "$at/lines") == *"offers no stream of events"* ]]
			until_true 10 at_least '"power"' "$at/lines" 5
			;;
		*) until_true 10 is_last hearing open ;;
		esac
		[ "$(count '"hearing"' "$at/lines")" = 1 ]
		kill -KILL "$watcher"
		redfish_sim_stop
	done
}

@test "a blade's power goes: the watch says so long before its next round" {
	sim
	reset On
	watch 21000
	until_true 30 is_last power on
	until_true 20 is_last hearing open
	reset ForceOff
	heard_within off 5000
	reset On
	heard_within on 5000
	# A change that nobody made through the BMC.
	printf '%-63s\n' "power=off next=default booted=default bounce=0" >"$blade.bmc"
	heard_within off 8000
	! grep -q s3cret-word "$at/lines" "$at/errors"
}

@test "events that are lost cost what they ever cost: the next round finds it" {
	sim
	reset On
	watch 2000
	until_true 20 is_last power on
	until_true 20 is_last hearing open
	fault drop-events
	reset ForceOff
	heard_within off 8000
	fault hang redfish
	until_true 20 is_last power silent
	rm "$blade.hang" "$blade.drop-events"
	reset On
	heard_within on 15000
}

@test "a stream that ends is said once, polled for, and had again" {
	sim
	reset On
	watch 1000
	until_true 20 is_last hearing open
	# Half an event, and the end: a hint all the same.
	fault half-body
	ask /redfish/v1/EventService/Actions/EventService.SubmitTestEvent -H 'Content-Type: application/json' -d '{}' || :
	until_true 20 is_last hearing closed
	rm "$blade.half-body"
	reset ForceOff
	heard_within off 8000
	until_true 30 is_last hearing open
	[ "$(jq -rc 'select(.hearing) | .says' "$at/lines" | paste -sd' ')" = "open closed open" ]
	# Another process at the same place: it shows another certificate. That is the broker's to judge.
	redfish_sim_stop
	until_true 20 is_last power silent
	sim
	until_true 20 is_last power off
	until_true 30 is_last hearing open
	reset On
	heard_within on 8000
}

@test "a BMC that says much is not looked at more than once a second" {
	sim
	reset On
	watch 21000
	until_true 30 is_last hearing open
	before=$(count '"power"' "$at/lines")
	begun=$(now_ms)
	for _ in $(seq 30); do
		ask /redfish/v1/EventService/Actions/EventService.SubmitTestEvent -H 'Content-Type: application/json' -d '{}'
	done
	until_true 10 at_least '"power"' "$at/lines" $((before + 1))
	looks=$(($(count '"power"' "$at/lines") - before))
	took=$(($(now_ms) - begun))
	echo "$looks looks in $took ms"
	[ "$looks" -le $((took / 1000 + 2)) ]
}
