#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# A BMC by Redfish, through baton-hand and through the broker, against the simulator: the contract, certificates,
# identities, and what a BMC does wrong.
# shellcheck disable=SC1091,SC2030,SC2031,SC2154
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
	secret_put rack1 s3cret-word
	blade=$at/fake/blade
}

teardown() {
	[ -z "${hand_pid-}" ] || kill -KILL "$hand_pid" 2>/dev/null || :
	redfish_sim_stop
	if [ -n "${dir-}" ]; then site_drop; fi
}

# sim [WORDS...]: at the port it had, if it had one. Sets $bmc.
sim() {
	redfish_sim_start "$at/sim" "$host:${redfish_sim_port-0}" "$blade" "$@"
	bmc='"bmc":{"kind":"redfish","host":"'$host'","port":'$redfish_sim_port',"user":"baton","secret":"rack1"}'
}

# The same with that member beside.
bmc_with() { echo "${bmc%\}},$1}"; }

is() { # JQ-FILTER WANT
	[ "$(jq -rc "$1" <<<"$output")" = "$2" ] || { echo "$1 is $(jq -rc "$1" <<<"$output"), want $2"; return 1; }
}

ask() { curl -sk --max-time 10 -u baton:s3cret-word "https://$host:$redfish_sim_port$1"; }

# The permanent addresses of the first functions, in $eth and $fc.
functions() {
	good '{"deed":"bmc-cards",'"$bmc"'}'
	eth=$(jq -r 'first(.cards[] | select(.kind == "ethernet")).permanent_mac' <<<"$output")
	fc=$(jq -r 'first(.cards[] | select(.kind == "fc")).permanent_wwpn' <<<"$output")
}

# identity MEMBERS: of the first Ethernet function
identity() { echo '{"deed":"bmc-identity",'"$bmc"',"cards":[{"permanent":"'"$eth"'",'"$1"'}]}'; }

# mac_is MAC: what the first Ethernet function goes by
mac_is() {
	good '{"deed":"bmc-cards",'"$bmc"'}'
	is 'first(.cards[] | select(.kind == "ethernet")).mac' "$1"
}

restart() {
	good '{"deed":"bmc-net-start",'"$bmc"'}'
	good '{"deed":"bmc-off",'"$bmc"'}'
}

@test "bmc_redfish keeps the contract of core/bmc.h against the simulator" {
	sim
	export BATON_TEST_BMC="redfish $host $redfish_sim_port baton s3cret-word" BATON_TEST_MACHINE="$blade"
	run "$bin/tests/unit/bmc_contract_test"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "it keeps that of cards, identity and media, too" {
	sim
	export BATON_TEST_BMC="redfish $host $redfish_sim_port baton s3cret-word" BATON_TEST_MACHINE="$blade"
	run "$bin/tests/unit/bmc_card_contract_test"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "a machine goes through a whole start and stop, and no session is left behind" {
	sim
	good '{"deed":"bmc-probe",'"$bmc"'}'
	is .power off
	good '{"deed":"bmc-net-start",'"$bmc"'}'
	is .power on
	[[ $(<"$blade.bmc") == "power=on next=default booted=network "* ]]
	good '{"deed":"bmc-off","soft":true,"soft_ms":5000,'"$bmc"'}'
	is .soft true
	[ "$(<"$blade.log")" = $'next-boot network\npower on\nsoft off' ]
	good '{"deed":"bmc-net-start",'"$(bmc_with '"quirks":["http-boot"]')"'}'
	[ "$(ask /redfish/v1/SessionService/Sessions | jq '.Members | length')" -eq 0 ]
}

@test "the first certificate is told and believed; another is refused before a secret is sent" {
	sim
	was=$redfish_sim_pin
	good '{"deed":"bmc-probe",'"$bmc"'}'
	is .trusted '{"kind":"redfish","host":"'"$host"'","port":'"$redfish_sim_port"',"pin":"'"$was"'"}'
	pinned=$(bmc_with '"pin":"'"$was"'"')
	good '{"deed":"bmc-probe",'"$pinned"'}'
	is .trusted null
	redfish_sim_stop
	sim
	[ "$redfish_sim_pin" != "$was" ]
	# What another would read: it has the account, and is asked for nothing.
	bad '{"deed":"bmc-probe",'"$pinned"'}' EKEYREJECTED "pinned is $was" \
		"baton machine set NAME --bmc-pin $redfish_sim_pin"
	[ "$(ask /redfish/v1/SessionService/Sessions | jq '.Members | length')" -eq 0 ]
	bad '{"deed":"bmc-probe",'"$(bmc_with '"pin":"sha256:00"')"'}' EINVAL "64 hex digits"
}

@test "a wrong user, password, host and port are told apart, and no secret is in a sentence" {
	sim
	secret_put other wrong-word
	bad '{"deed":"bmc-probe",'"${bmc/rack1/other}"'}' EACCES 'refused user \"baton\" or the password'
	[[ $output != *wrong-word* ]]
	bad '{"deed":"bmc-probe",'"${bmc/\"baton\"/\"notab\"}"'}' EACCES 'refused user \"notab\"'
	bad '{"deed":"bmc-probe",'"${bmc/$host/nosuch.invalid}"'}' EHOSTUNREACH "cannot be resolved"
	bad '{"deed":"bmc-probe",'"$(bmc_with '"quirks":["moon"]')"'}' EINVAL 'no quirk \"moon\"'
	bad '{"deed":"bmc-probe",'"$(bmc_with '"quirks":["system=9"]')"'}' ENODEV 'no system \"9\", but 1'
	good '{"deed":"bmc-probe",'"$(bmc_with '"quirks":["system=1","basic-auth"]')"'}'
	redfish_sim_stop
	bad '{"deed":"bmc-probe",'"$bmc"'}' ECONNREFUSED "nothing answers there by HTTPS"
}

@test "a BMC that is busy, cuts its answers short or ends the session is asked again" {
	sim
	echo 1 >"$blade.busy"
	"$bin/baton-hand" <<<'{"deed":"bmc-probe",'"$bmc"'}' >"$at/first" 3>&- &
	hand_pid=$!
	read -rt 0.5 <> <(:) || :
	rm "$blade.busy"
	wait "$hand_pid"
	[[ $(<"$at/first") == '{"ok":true,'* ]]
	: >"$blade.half-body"
	bad '{"deed":"bmc-probe",'"$bmc"'}' ECONNRESET "the connection broke while it was asked to"
	rm "$blade.half-body"
	# In the midst of a deed.
	echo 150 >"$blade.slow"
	"$bin/baton-hand" <<<'{"deed":"bmc-net-start",'"$bmc"'}' >"$at/second" 3>&- &
	hand_pid=$!
	until_true 5 sessions_are 1
	: >"$blade.drop-session"
	until_true 5 test ! -e "$blade.drop-session"
	rm "$blade.slow"
	wait "$hand_pid"
	[[ $(<"$at/second") == '{"ok":true,'*'"power":"on"'* ]]
}

sessions_are() { [ "$(ask /redfish/v1/SessionService/Sessions | jq '.Members | length')" -eq "$1" ]; }

@test "tags that fit nothing and slow answers change nothing of what comes of it" {
	sim
	: >"$blade.wrong-etag"
	good '{"deed":"bmc-arm",'"$bmc"'}'
	is .next_boot network
	rm "$blade.wrong-etag"
	echo 50 >"$blade.slow"
	good '{"deed":"bmc-probe",'"$bmc"'}'
	rm "$blade.slow"
}

@test "a BMC that hangs costs the deadline and gives a sentence" {
	sim
	: >"$blade.hang"
	BATON_DEADLINE_MS=2000 bad '{"deed":"bmc-probe",'"$bmc"'}' ETIMEDOUT "bmc $host: bmc-probe took longer than 1500 ms"
	rm "$blade.hang"
	good '{"deed":"bmc-probe",'"$bmc"'}'
	echo next-boot >"$blade.lie"
	bad '{"deed":"bmc-net-start",'"$bmc"'}' EIO "told to start from" network
	[ ! -e "$blade.log" ]
	echo boot >"$blade.revert"
	rm "$blade.lie"
	bad '{"deed":"bmc-net-start",'"$bmc"'}' EIO "told to start from" network
}

@test "an identity is of what the maker burned in, whatever the BMC calls it, and one that it forgets is set again" {
	sim
	functions
	is '.cards | length' 4
	is '[.cards[] | .settable] | all' true
	good "$(identity '"mac":"52:54:00:00:00:22"')"
	is '.cards' '[{"permanent":"'"$eth"'","state":"staged"}]'
	: >"$blade.reset-ids"
	restart
	mac_is 52:54:00:00:00:22
	good "$(identity '"mac":"52:54:00:00:00:22"')"
	is '.cards[0].state' already
	: >"$blade.ac-loss"
	until_true 5 probed_without ac-loss
	good '{"deed":"bmc-off",'"$bmc"'}'
	mac_is "$eth"
	good "$(identity '"mac":"52:54:00:00:00:22"')"
	is '.cards[0].state' staged
}

# The file was seen and is gone.
probed_without() {
	good '{"deed":"bmc-probe",'"$bmc"'}'
	[ ! -e "$blade.$1" ]
}

@test "what a card boots from by Fibre Channel and by iSCSI goes with its identity, and its account is in no answer" {
	sim
	functions
	iscsi='"iscsi":{"initiator":"iqn.2026-01.org.example:web-01","target":"iqn.2026-01.org.example:t","portal":"10.0.0.3:3260","lun":1,"address":"10.0.0.21/24","user":"web-01","secret":"chap-secret-word"}'
	good "$(identity '"mac":"52:54:00:00:00:24",'"$iscsi")"
	[[ $output != *chap-secret* ]]
	good '{"deed":"bmc-identity",'"$bmc"',"cards":[{"permanent":"'"$fc"'","wwpn":"20:01:52:54:00:00:00:24","wwnn":"20:00:52:54:00:00:00:24","boot":[{"wwpn":"50:00:00:00:00:00:00:01","lun":3}]}]}'
	restart
	good '{"deed":"bmc-cards",'"$bmc"'}'
	is 'first(.cards[] | select(.kind == "fc")) | [.wwpn, .wwnn]' '["20:01:52:54:00:00:00:24","20:00:52:54:00:00:00:24"]'
	function=$(ask /redfish/v1/Chassis/1/NetworkAdapters/HBA1/NetworkDeviceFunctions/1)
	[ "$(jq -c '.FibreChannel.BootTargets[0] | [.WWPN, .LUNID]' <<<"$function")" = '["50:00:00:00:00:00:00:01","3"]' ]
	function=$(ask /redfish/v1/Chassis/1/NetworkAdapters/NIC1/NetworkDeviceFunctions/1)
	[ "$(jq -r '.iSCSIBoot | [.PrimaryTargetName, .PrimaryTargetIPAddress, .InitiatorIPAddress, .CHAPUsername] | join(" ")' <<<"$function")" = \
		"iqn.2026-01.org.example:t 10.0.0.3 10.0.0.21 web-01" ]
	good '{"deed":"bmc-identity",'"$bmc"',"cards":[{"permanent":"'"$fc"'","restore":true},{"permanent":"'"$eth"'","restore":true}]}'
	restart
	function=$(ask /redfish/v1/Chassis/1/NetworkAdapters/NIC1/NetworkDeviceFunctions/1)
	[ "$(jq -c '.iSCSIBoot | [.PrimaryTargetName, .CHAPUsername]' <<<"$function")" = '["",""]' ]
	run ! grep -q chap-secret-word "$at/sim/memory/bmc"
	bad "$(identity '"mac":"53:54:00:00:00:01"')" EINVAL "one that a card can have"
	bad "$(identity '"restore":true,"mac":"52:54:00:00:00:01"')" EINVAL "nothing else beside it"
}

@test "a machine of each maker is started from the network and is off; of two it is seen what becomes of an identity" {
	for maker in hpe lenovo dell supermicro openbmc; do
		echo "# $maker"
		rm -rf "$at/sim" "$blade".*
		sim --vendor "$maker"
		case $maker in
		supermicro)
			functions
			is '[.cards[].settable] | any' false
			bad "$(identity '"mac":"52:54:00:00:00:25"')" ENOTSUP "card $eth: it refused to set the identity of a card (HTTP 405: "
			;;
		openbmc)
			functions
			is '[.cards[].settable] | all' true
			good "$(identity '"mac":"52:54:00:00:00:25"')"
			;;
		esac
		good '{"deed":"bmc-net-start",'"$bmc"'}'
		[[ $(<"$blade.bmc") == "power=on next=default booted=network "* ]]
		[ "$maker" != openbmc ] || mac_is 52:54:00:00:00:25
		good '{"deed":"bmc-off",'"$bmc"'}'
		sessions_are 0
		redfish_sim_stop
	done
}

@test "where Dell's members are read-only its attributes are set, by a job, and the persona's names are taken back" {
	sim --vendor dell
	functions
	echo 400 >"$blade.slow-job"
	names='"wwpn":"20:01:52:54:00:00:00:26","wwnn":"20:00:52:54:00:00:00:26"'
	for _ in once twice; do
		good '{"deed":"bmc-identity",'"$bmc"',"cards":[{"permanent":"'"$fc"'",'"$names"'}]}'
		is '.cards[0].state' staged
	done
	restart
	good '{"deed":"bmc-cards",'"$bmc"'}'
	is '[.cards[2].wwpn, .cards[2].wwnn]' '["20:01:52:54:00:00:00:26","20:00:52:54:00:00:00:26"]'
	bad "$(identity '"boot":[{"wwpn":"50:00:00:00:00:00:00:01","lun":0}]')" ENOTSUP "HTTP 405" "and by its attributes: this function has none"
	rm "$blade.slow-job"
	good '{"deed":"bmc-identity",'"$bmc"',"cards":[{"permanent":"'"$fc"'","restore":true}]}'
	restart
	good '{"deed":"bmc-cards",'"$bmc"'}'
	is '.cards[2].wwpn' "$fc"
}

@test "the broker keeps the first certificate with the machine, says so, and another needs a person's word" {
	cd "$root"
	. tests/lib/site.bash
	site_make
	site_start
	install -o 64904 -m 600 /dev/null "$dir/etc/secrets/rack1"
	echo s3cret-word >"$dir/etc/secrets/rack1"
	printf 's3cret-word\n' >"$at/secret"
	site_sim
	baton network add mgmt --interface mgmt0 --address $SITE_ADDR/24 --pool 10.88.0.100-10.88.0.199
	baton pool add macs --mac 02:ba:70:00:00:01-02:ba:70:00:ff:ff
	baton pool add iqns --iqn iqn.2026-01.org.example:
	baton persona add web-01 --nic network=mgmt
	run -1 baton machine add blade-r --bmc redfish://baton@$SITE_ADDR:8443 --bmc-secret rack1 --bmc-pin sha1:00 \
		--nic mac=52:54:00:aa:00:01,network=mgmt
	[[ $output == *"64 hex digits"* ]]
	baton machine add blade-r --bmc redfish://baton@$SITE_ADDR:8443 --bmc-secret rack1 \
		--nic mac=52:54:00:aa:00:01,network=mgmt
	run baton start web-01 blade-r --plan
	[[ $output == *"it answers: blade-r is off"* ]]
	until_true "the broker says so" in_log "bmc-trusted.*pin=$pin"
	run -0 baton machine show blade-r
	[[ $output == *"$pin"* ]]
	kill "$(<"$at/sim.pid")"
	site_sim
	run baton start web-01 blade-r --plan
	[[ $output == *"--bmc-pin $pin"* ]]
	run -0 baton machine show blade-r
	[[ $output != *"$pin"* ]]
	baton machine set blade-r --bmc-pin "$pin"
	run baton start web-01 blade-r --plan
	[[ $output == *"it answers: blade-r is off"* ]]
	kill "$(<"$at/sim.pid")"
}

# The simulator in the site's namespace; its fingerprint in $pin.
site_sim() {
	: >"$at/sim.out"
	ip netns exec "$ns" "$bin/baton-sim" bmc --dir "$at/site-bmc" --user baton --secret-file "$at/secret" \
		--redfish $SITE_ADDR:8443 --machine "$at/fake/site" >"$at/sim.out" 2>&1 3>&- &
	echo $! >"$at/sim.pid"
	until_true "the simulator is ready" grep -qx ready "$at/sim.out"
	pin=sha256:$(sed -n 's/.*sha256=//p' "$at/sim.out")
}
