#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# shellcheck disable=SC2154,SC2034
# A persona that fails moves to a spare by itself, and nothing else moves (docs/design/0019): real
# processes and hands, a fake BMC and a fake target, a real TCP check over the wire. One story.

load ../lib/site

UUID=11111111-2222-3333-4444-aaaaaaaaaaa

setup_file() {
	. tests/lib/site.bash
	site_make
	printf 'health_every_s = 1\nhealth_bad_s = 2\nfailovers_an_hour = 3\n' >> "$dir/etc/baton.conf"
	site_start
	site_nets
	for i in 1 2 3 4; do blade $i spares; done
	persona web
	persona db
	export dir ns B
	baton start web blade-1
	baton start db blade-2
	log_in web
	log_in db
}

teardown_file() {
	site_drop
}

blade() { # N POOL: plugged in
	echo "$UUID$1" > "$dir/blade-$1.uuid"
	baton machine add "blade-$1" --bmc "fake://blade-$1" --uuid "$UUID$1" --pool "$2" \
		--nic "mac=52:54:00:aa:00:0$1,network=mgmt"
	machine_plug "blade-$1" "52:54:00:aa:00:0$1"
}
persona() { # NAME: with a disk of its own
	site_disk "iqn.2026-01.org.example:disk.$1"
	baton persona add "$1" --san fake --target "iqn.2026-01.org.example:disk.$1" --lun 1 \
		--portal $SITE_ADDR:3260 --nic network=mgmt
}
target() { echo "$dir/fake/iqn.2026-01.org.example:disk.$1"; }
log_in() { echo "iqn.2026-01.org.example:$1" > "$(target "$1").sessions"; }
log_out() { : > "$(target "$1").sessions"; }
# of PERSONA MEMBER: what `baton health` says.
of() { baton health -o json | jq -r ".items[] | select(.persona == \"$1\") | .$2"; }
is() { [ "$(of "$1" health)" = "$2" ]; }
signs() { [ "$(of "$1" power) $(of "$1" session)" = "$2" ]; }
runs_on() { [ "$(of "$1" state) $(of "$1" machine)" = "running $2" ]; }
orders() { baton order list -o json | jq '.items | length'; }
power() { # MACHINE on|off: not by Baton
	flock "$dir/fake/$1.bmc" bash -c 'printf "%-63s\n" "power=$2 next=default booted=default bounce=0" 1<> "$1"' - \
		"$dir/fake/$1.bmc" "$2"
}

@test "what runs is watched, and well" {
	until_true "web is well" is web well
	until_true "db is well" is db well
	until_true "all of its signs are well" signs web "on there"
	baton status | grep -E "^web +running +well +blade-1"
}

@test "a policy is said in words, and a wrong one is refused" {
	run baton policy web --on-failure failover
	[ "$status" = 1 ]
	[[ $output == *"wants a pool of machines"* ]]
	run baton policy web --check udp:9
	[[ $output == *"want none, ping, or tcp and a port"* ]]
	run baton policy nobody --on-failure report
	[[ $output == *"no such persona"* ]]
	baton policy web --on-failure failover --spares spares
	[ "$(baton policy web -o json | jq -r '.on_failure + " " + .on_power_off + " " + .spares')" = "failover report spares" ]
}

@test "one bad sign is told of, and moves nothing" {
	log_out web
	until_true "web is ill" is web ill
	in_log "persona-ill persona=web machine=blade-1 .*no session of it is at the target"
	[ "$(orders)" = 2 ]
	log_in web
	until_true "web is well" is web well
	in_log "persona-well persona=web"
}

@test "it has powered itself off: that is told of, and moves nothing" {
	log_out web
	power blade-1 off
	until_true "web is off" is web off
	in_log "persona-off persona=web machine=blade-1 then=report why=its machine is off"
	baton status | grep -q "persona web is off on blade-1"
	[ "$(orders)" = 2 ]
}

@test "its power has failed: fenced, and up on a spare, and told of as given by Baton itself" {
	touch "$dir/fake/blade-1.fault"
	until_true "web is on another machine" in_log "order-done order=3 failover persona=web"
	[ "$(of web machine)" != blade-1 ]
	in_log "persona-failed persona=web machine=blade-1 then=failover"
	baton order show 3 | grep "given by Baton itself: failed: its machine has lost its power"
	[ "$(baton status -o json | jq -r '.machines[] | select(.name == "blade-1") | .state')" = stale ]
	log_in web
	until_true "web is well" is web well
	rm "$dir/fake/blade-1.fault"
}

@test "from the first sign to power on at the spare the broker takes less than five seconds" {
	# The two that the broker itself wrote: the verdict, and the power-on that the spare's BMC took.
	from=$(baton events --since 0 -o json | jq -r '.items[] | select(.word == "persona-failed" and .persona == "web") | .at' | head -n 1)
	to=$(baton events --since 0 -o json | jq -r '.items[] | select(.word == "step-done" and .order == 3 and (.text | test("step=net-start "))) | .at' | head -n 1)
	echo "$from $to"
	awk -v a="$from" -v b="$to" 'BEGIN { exit !(a > 0 && b > a && b - a < 5) }'
}

@test "of one persona Baton moves it once an hour; a second time it says so, and waits for a person" {
	machine=$(of web machine)
	log_out web
	power "$machine" off
	touch "$dir/fake/$machine.fault"
	until_true "it is refused" in_log "failover-refused persona=web machine=$machine why=.*within this hour already"
	[ "$(orders)" = 3 ]
	baton status | grep -q "Baton does not move it"
	rm "$dir/fake/$machine.fault"
	baton failover web --pool spares
	log_in web
	until_true "web is well" is web well
}

@test "a target that lists nobody any more moves nobody" {
	baton policy db --on-failure failover --spares spares --check tcp:22
	log_out web
	log_out db
	until_true "web is ill" is web ill
	until_true "db is ill" is db ill
	[ "$(orders)" = 4 ]
	log_in web
	log_in db
	until_true "db is well" is db well
}

@test "BMCs that are all silent move nobody" {
	echo > "$dir/fake/$(of db machine).refuse"
	echo > "$dir/fake/$(of web machine).refuse"
	log_out db
	until_true "db is ill" is db ill
	until_true "its BMC is silent" in_log "persona-ill persona=db .*its BMC does not answer"
	[ "$(orders)" = 4 ]
	rm "$dir"/fake/*.refuse
	log_in db
	until_true "db is well" is db well
}

@test "one that powers itself off is started again where its policy says so" {
	baton policy db --on-power-off restart
	machine=$(of db machine)
	log_out db
	power "$machine" off
	until_true "it is restarted" in_log "order-done order=5 restart persona=db"
	[ "$(machine_power "$machine")" = on ]
	runs_on db "$machine"
	baton order show 5 | grep "given by Baton itself: off: its machine is off"
	log_in db
	until_true "db is well" is db well
}

@test "a spare on which it does not come up: the next one gets it" {
	for i in 5 6 7; do blade $i more; done
	persona app
	baton policy app --on-failure failover --spares more
	baton start app blade-7
	log_in app
	until_true "app is well" is app well
	echo "the card is locked" > "$dir/machines/blade-5/broken"
	touch "$dir/fake/blade-7.fault"
	log_out app
	power blade-7 off
	until_true "it is on the second spare" runs_on app blade-6
	in_log "rolled-back order=8 persona=app from=blade-5 to=blade-6 why=order 7 rolls back: .*the card is locked"
	log_in app
	until_true "app is well" is app well
}

@test "the hands that watch end with their broker, and the next one watches on" {
	until_true "hands watch" hands_at_work
	watching=("${hands[@]}")
	kill -9 "$(pid_at_work baton-broker)"
	until_true "its hands are gone" gone "${watching[@]}"
	until_true "db is well" is db well
}
gone() { local p; for p; do ! is_alive "$p" || return 1; done; }
