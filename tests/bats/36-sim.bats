#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# baton-sim bmc, looked at with clients that are not ours: redfishtool, python3-sushy, ipmitool, ipmipower and curl;
# the contract test of the BMC drivers through it; and each of its faults.
# shellcheck disable=SC1091,SC2030,SC2031,SC2154
# bats file_tags=sim
bats_require_minimum_version 1.5.0

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=$(realpath "${B:-build/dev}")
	export root bin
}

setup() {
	. "$root/tests/lib/sim.bash"
	. "$root/tests/lib/wait.bash"
	at=$BATS_TEST_TMPDIR
	sim_pids=()
	# These would have clients check certificates that they were told not to check.
	unset REQUESTS_CA_BUNDLE CURL_CA_BUNDLE SSL_CERT_FILE
	system=/redfish/v1/Systems/1
	nic=/redfish/v1/Chassis/1/NetworkAdapters/NIC1/NetworkDeviceFunctions/1
	hba=/redfish/v1/Chassis/1/NetworkAdapters/HBA1/NetworkDeviceFunctions/1
}

teardown() {
	sim_stop
	[ -z "${lab-}" ] || "$root/tests/lab/lab.sh" down "$lab"
}

# fault NAME [WORDS]: makes it, whole at once; `no NAME` takes it away
fault() {
	echo "${2-}" >"$at/fault"
	mv "$at/fault" "$at/sim/machine.$1"
}

no() {
	rm "$at/sim/machine.$1"
}

reset() {
	want 204 POST $system/Actions/ComputerSystem.Reset '{"ResetType":"'"$1"'"}'
}

# The clients of IPMI, with a cipher suite in $suite.
tool() {
	ipmitool -I lanplus -C "$suite" -N 2 -R 2 -H 127.0.0.1 -p "$ipmi_port" -U baton -P s3cret-word "$@"
}

power() {
	ipmipower -D LAN_2_0 -I "$suite" -h "127.0.0.1:$ipmi_port" -u baton -p s3cret-word "$@"
}

log_is() {
	echo "the log:" && cat "$at/sim/machine.log"
	[ "$(<"$at/sim/machine.log")" = "$(printf '%s\n' "$@")" ]
}

@test "redfishtool finds the machine, has it boot from the network and switches it" {
	sim_start "$at/sim"
	tool=(redfishtool -S Always -r "${redfish#https://}" -u baton -p s3cret-word)
	"${tool[@]}" root >"$at/root"
	jq -e '.RedfishVersion and .UUID' "$at/root"
	for service in Systems Chassis Managers SessionService AccountService; do
		"${tool[@]}" $service >"$at/out"
		jq -e '."@odata.id"' "$at/out"
	done
	"${tool[@]}" Systems -F setBootOverride Once Pxe
	"${tool[@]}" Systems -F reset On
	[ "$("${tool[@]}" Systems -F -P PowerState | jq -r .PowerState)" = On ]
	log_is "next-boot network" "power on"
	[[ $(<"$at/sim/machine.bmc") == "power=on next=default booted=network "* ]]
}

@test "python3-sushy goes through everything that it knows of" {
	sim_start "$at/sim" --mac 52:54:00:00:00:01 --mac 52:54:00:00:00:02 --uuid 5e0c1a70-0a0a-4a00-8000-52540aaa0001
	/usr/bin/python3 "$root/tests/lib/sushy-walk.py" "$redfish" all 2>"$at/warnings" >"$at/found" ||
		{ cat "$at/warnings" "$at/found"; return 1; }
	diff "$at/found" - <<-'EOF'
		uuid 5e0c1a70-0a0a-4a00-8000-52540aaa0001
		power Off
		boot Pxe Once UEFI
		power On boot Disabled
		processors 2 memory 64
		macs 52:54:00:00:00:01 52:54:00:00:00:02
		drives 2
		function NIC1 1 Ethernet
		function NIC1 2 Ethernet
		function HBA1 1 FibreChannel
		function HBA1 2 FibreChannel
		bios 1 4
		bios 4
		media http://10.0.0.1/shim.iso True
		media None False
		sessions 1
		firmware 2
		refused by what the service allows
	EOF
}

@test "python3-sushy takes every maker's variant" {
	for vendor in dell hpe lenovo supermicro openbmc; do
		sim_start "$at/$vendor" --vendor $vendor --plain
		/usr/bin/python3 "$root/tests/lib/sushy-walk.py" "$redfish" 2>"$at/warnings" >"$at/found" ||
			{ echo $vendor; cat "$at/warnings" "$at/found"; return 1; }
		[ "$(tail -n 2 "$at/found")" = $'boot Pxe Once UEFI\npower On boot Disabled' ]
		[[ $(<"$at/$vendor/machine.bmc") == "power=on next=default booted=network "* ]]
	done
}

@test "who may ask, and what is answered to a wrong question" {
	sim_start "$at/sim"
	grep -Eqx "redfish https://127.0.0.1:[0-9]+ sha256=[0-9a-f]{64}" "$at/sim/out"
	[ "$(openssl s_client -connect "${redfish#https://}" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256 |
		sed 's/.*=//; s/://g' | tr A-F a-f)" = "$(sed -n 's/.*sha256=//p' "$at/sim/out")" ]
	curl -sk "$redfish/redfish/v1/\$metadata" | grep -q 'Namespace="ComputerSystem.v1_16_0"'
	[ "$(curl -sk "$redfish/redfish" | jq -r .v1)" = /redfish/v1/ ]
	want 401 GET $system '' -u baton:wrong
	[[ $output == *Base.1.13.* && $output != *s3cret* ]]
	want 401 GET $system '' -H 'X-Auth-Token: 0'
	want 401 POST /redfish/v1/SessionService/Sessions '{"UserName":"baton","Password":"wrong"}' -u :
	want 201 POST /redfish/v1/SessionService/Sessions '{"UserName":"baton","Password":"s3cret-word"}' -u :
	token=$(field X-Auth-Token) session=$(field Location)
	want 200 GET $system '' -u : -H "X-Auth-Token: $token"
	want 204 DELETE "$session" '' -u : -H "X-Auth-Token: $token"
	want 401 GET $system '' -u : -H "X-Auth-Token: $token"
	want 404 GET /redfish/v1/Systems/2
	want 405 DELETE $system
	[ "$(field Allow)" = "GET, HEAD" ] || [ "$(field Allow)" = "GET, HEAD, PATCH" ]
	want 400 PATCH $system '{"Boot":{"BootSourceOverrideTarget":"Moon"},"PowerState":"On","Colour":"red"}'
	[ "$(jq -r '[.error."@Message.ExtendedInfo"[].MessageId] | sort | join(" ")' <<<"$output")" = \
		"Base.1.13.PropertyNotWritable Base.1.13.PropertyUnknown Base.1.13.PropertyValueNotInList" ]
	want 400 PATCH $system '{"Boot":'
	want 400 POST $system/Actions/ComputerSystem.Reset '{"ResetType":"Explode"}'
	want 409 POST $system/Actions/ComputerSystem.Reset '{"ResetType":"ForceRestart"}'
	want 501 GET "$system?\$expand=."
	want 200 GET "$system?\$select=PowerState,UUID"
	[ "$(jq 'keys | length' <<<"$output")" -eq 5 ]
	[ ! -e "$at/sim/machine.log" ]
}

@test "a change is for who has seen what it changes" {
	sim_start "$at/sim"
	want 200 GET $system
	etag=$(field ETag)
	want 304 GET $system '' -H "If-None-Match: $etag"
	want 200 PATCH $system '{"AssetTag":"rack 1"}' -H "If-Match: $etag"
	want 412 PATCH $system '{"AssetTag":"rack 2"}' -H "If-Match: $etag"
	want 200 PATCH $system '{"AssetTag":"rack 3"}' -H 'If-Match: *'
	sim_start "$at/hpe" --vendor hpe
	want 428 PATCH $system '{"AssetTag":"rack 1"}'
	want 400 PATCH $system '{"Boot":{"BootSourceOverrideTarget":"None"}}' -H 'If-Match: *'
}

@test "addresses come true at the next start, and a power cut takes them" {
	sim_start "$at/sim"
	factory=$(value $nic .Ethernet.MACAddress)
	want 200 PATCH $nic/Settings '{"Ethernet":{"MACAddress":"02-BA-70-00-00-01"}}'
	want 400 PATCH $nic/Settings '{"Ethernet":{"MACAddress":"03:ba:70:00:00:01"}}'
	want 200 PATCH $hba/Settings '{"FibreChannel":{"WWPN":"20:00:00:25:b5:00:00:01","BootTargets":[{"WWPN":"50:00:00:00:00:00:00:01","LUNID":"1","BootPriority":0}]}}'
	[ "$(value $nic .Ethernet.MACAddress)" = "$factory" ]
	reset On
	[ "$(value $nic .Ethernet.MACAddress)" = 02:ba:70:00:00:01 ]
	[ "$(value $nic .Ethernet.PermanentMACAddress)" = "$factory" ]
	[ "$(value /redfish/v1/Systems/1/EthernetInterfaces/1 .MACAddress)" = 02:ba:70:00:00:01 ]
	[ "$(value $hba '.FibreChannel.BootTargets[0].LUNID')" = 1 ]
	log_is "nic.1.mac 02:ba:70:00:00:01" "hba.1.wwpn 20:00:00:25:b5:00:00:01" "power on"
	fault ac-loss keep
	wait_for "ac loss" "$at/sim/machine.log"
	[ "$(value $nic .Ethernet.MACAddress)" = 02:ba:70:00:00:01 ]
	fault ac-loss
	wait_for "ac loss" "$at/sim/machine.log" 2
	[ "$(value $nic .Ethernet.MACAddress)" = "$factory" ]
	[ "$(value $system .PowerState)" = On ] # it was on, and the policy is LastState
	want 200 PATCH $system '{"PowerRestorePolicy":"AlwaysOff"}'
	fault ac-loss
	wait_for "ac loss" "$at/sim/machine.log" 3
	[ "$(value $system .PowerState)" = Off ]
}

@test "a BMC that is killed comes up as it was" {
	sim_start "$at/sim"
	want 200 PATCH $nic/Settings '{"Ethernet":{"MACAddress":"02:ba:70:00:00:01"}}'
	reset On
	want 200 PATCH $system '{"Boot":{"BootSourceOverrideTarget":"Cd","BootSourceOverrideEnabled":"Continuous"}}'
	want 200 PATCH $nic/Settings '{"Ethernet":{"MACAddress":"02:ba:70:00:00:02"}}'
	uuid=$(value $system .UUID)
	sim_stop "$sim_pid"
	sim_start "$at/sim"
	[ "$(value $system '[.PowerState, .UUID, .Boot.BootSourceOverrideTarget, .Boot.BootSourceOverrideEnabled] | join(" ")')" = \
		"On $uuid Cd Continuous" ]
	[ "$(value $nic .Ethernet.MACAddress)" = 02:ba:70:00:00:01 ]
	reset ForceRestart
	[ "$(value $nic .Ethernet.MACAddress)" = 02:ba:70:00:00:02 ]
	[ "$(value $system .Boot.BootSourceOverrideTarget)" = Cd ]
}

@test "Dell: an address is an attribute, and wants a job" {
	sim_start "$at/sim" --vendor dell
	system=/redfish/v1/Systems/System.Embedded.1
	attributes=/redfish/v1/Chassis/System.Embedded.1/NetworkAdapters/NIC.Integrated.1/NetworkDeviceFunctions/NIC.Integrated.1-1-1/Oem/Dell/DellNetworkAttributes/NIC.Integrated.1-1-1
	factory=$(value $attributes .Attributes.VirtMacAddr)
	want 200 PATCH $attributes/Settings '{"Attributes":{"VirtMacAddr":"02:ba:70:00:00:01"}}'
	reset On
	[ "$(value $attributes .Attributes.VirtMacAddr)" = "$factory" ]
	want 202 POST /redfish/v1/Managers/iDRAC.Embedded.1/Oem/Dell/Jobs '{"TargetSettingsURI":"'$attributes/Settings'"}'
	monitor=$(field Location)
	[ "$(value /redfish/v1/Managers/iDRAC.Embedded.1/Oem/Dell/Jobs/1 .JobState)" = Scheduled ]
	reset ForceRestart
	want 204 GET "$monitor"
	[ "$(value $attributes .Attributes.VirtMacAddr)" = 02:ba:70:00:00:01 ]
}

@test "fault revert: well answered and gone" {
	sim_start "$at/sim"
	fault revert
	want 200 PATCH $system '{"Boot":{"BootSourceOverrideTarget":"Pxe","BootSourceOverrideEnabled":"Once"}}'
	[ "$(value $system .Boot.BootSourceOverrideTarget)" = None ]
	factory=$(value $nic .Ethernet.MACAddress)
	fault revert identity
	want 200 PATCH $nic/Settings '{"Ethernet":{"MACAddress":"02:ba:70:00:00:01"}}'
	want 200 PATCH $system '{"Boot":{"BootSourceOverrideTarget":"Pxe","BootSourceOverrideEnabled":"Once"}}'
	reset On
	[ "$(value $nic .Ethernet.MACAddress)" = "$factory" ]
	log_is "next-boot network" "power on"
}

@test "fault slow-job: a reset is a job, and done at its end" {
	sim_start "$at/sim"
	fault slow-job 400
	want 202 POST $system/Actions/ComputerSystem.Reset '{"ResetType":"On"}'
	monitor=$(field Location)
	[[ $output == *'"TaskState": "Running"'* ]]
	want 202 GET "$monitor"
	[ "$(value $system .PowerState)" = Off ]
	wait_for "power on" "$at/sim/machine.log" # with nobody asking
	want 204 GET "$monitor"
	[ "$(value /redfish/v1/TaskService/Tasks/1 .TaskState)" = Completed ]
}

@test "fault slow-power: it is on its way before it is there" {
	sim_start "$at/sim"
	fault slow-power 400
	reset On
	[ "$(value $system .PowerState)" = PoweringOn ]
	wait_for "power on" "$at/sim/machine.log"
	[ "$(value $system .PowerState)" = On ]
	[ "$(value /redfish/v1/TaskService/Tasks '.Members | length')" -eq 0 ]
}

@test "fault reset-ids: what was found before a start is not there after it" {
	sim_start "$at/sim"
	fault reset-ids
	reset On
	want 404 GET $nic
	adapters=/redfish/v1/Chassis/1/NetworkAdapters
	want 200 GET "$(value $adapters '.Members[0]."@odata.id"')"
}

@test "faults busy, wrong-etag, half-body, drop-session, lie-off" {
	sim_start "$at/sim"
	fault busy 7
	want 503 GET $system
	[ "$(field Retry-After)" = 7 ]
	suite=3
	run ! tool power status
	no busy
	want 200 GET $system

	fault wrong-etag
	want 200 GET $system
	want 412 PATCH $system '{"AssetTag":"x"}' -H "If-Match: $(field ETag)"
	no wrong-etag

	fault half-body
	ask GET $system
	[ $curl_code -eq 18 ] || [ $curl_code -eq 56 ]
	[ ${#output} -gt 500 ] && ! jq -e . <<<"$output" 2>/dev/null
	no half-body

	want 201 POST /redfish/v1/SessionService/Sessions '{"UserName":"baton","Password":"s3cret-word"}' -u :
	token=$(field X-Auth-Token)
	fault drop-session
	want 401 GET $system '' -u : -H "X-Auth-Token: $token"
	[ ! -e "$at/sim/machine.drop-session" ]

	reset On
	fault lie-off
	[ "$(value $system .PowerState)" = Off ]
	reset ForceOff
	log_is "power on"
	[[ $(<"$at/sim/machine.bmc") == "power=on "* ]]
}

@test "fault hang: no answer by Redfish until the file is gone, none by IPMI" {
	sim_start "$at/sim"
	suite=3
	fault hang redfish
	curl -sk --max-time 10 -u baton:s3cret-word "$redfish$system" >"$at/late" 3>&- &
	late=$!
	tool power status # IPMI does not hang
	kill -0 $late
	[ ! -s "$at/late" ]
	no hang
	wait $late
	jq -e .PowerState "$at/late"
	fault hang ipmi
	run ! timeout 2 ipmitool -I lanplus -C 3 -N 1 -R 1 -H 127.0.0.1 -p "$ipmi_port" -U baton -P s3cret-word power status
	want 200 GET $system
}

@test "ipmitool's usual commands; in both suites EFI and persistent flags stay" {
	sim_start "$at/sim"
	suite=17
	for words in "mc info" "mc guid" "mc selftest" "chassis status" "chassis policy list" "chassis policy always-on" \
		"chassis identify 5" "chassis restart_cause" "sel info" "sel list" "sdr list" "fru print" "lan print 1" \
		"user list 1" "channel info 1" "channel getciphers ipmi 1" "session info active" "sensor"; do
		# shellcheck disable=SC2086 # words
		tool $words >"$at/out" 2>&1 || { echo "$words"; cat "$at/out"; return 1; }
	done
	tool mc guid | grep -q "$(value $system .UUID)"
	tool fru print | grep -q "$(value $system .SerialNumber)"
	for suite in 3 17; do
		tool power off
		tool chassis bootdev pxe options=efiboot,persistent
		tool chassis bootparam get 5 >"$at/out"
		grep -q "Boot parameter data: e004000000" "$at/out"
		tool power on
		tool chassis bootparam get 5 | grep -q "Boot parameter data: e004000000"
		[ "$(value $system '.Boot | [.BootSourceOverrideTarget, .BootSourceOverrideEnabled, .BootSourceOverrideMode] | join(" ")')" = \
			"Pxe Continuous UEFI" ]
		tool chassis bootdev cdrom
		tool power reset
		tool chassis bootparam get 5 | grep -q "Boot parameter data: 0000000000"
		tool chassis status >"$at/out"
		grep -q "Power Restore Policy : always-on" "$at/out"
	done
	# Without a suite it takes the best one that is listed; one that is not there is refused.
	[ "$(ipmitool -I lanplus -H 127.0.0.1 -p "$ipmi_port" -U baton -P s3cret-word power status)" = "Chassis Power is on" ]
	suite=2
	run ! tool power status
	suite=17
	run ! ipmitool -I lanplus -C 17 -N 1 -R 1 -H 127.0.0.1 -p "$ipmi_port" -U baton -P wrong power status
	run ! ipmitool -I lanplus -C 17 -N 1 -R 1 -H 127.0.0.1 -p "$ipmi_port" -U nobody -P s3cret-word power status
	run ! ipmitool -I lanplus -C 17 -L USER -N 1 -R 1 -H 127.0.0.1 -p "$ipmi_port" -U baton -P s3cret-word power off
	[[ $output == *nsufficient* ]]
}

@test "ipmipower switches in both suites" {
	sim_start "$at/sim"
	for suite in 3 17; do
		[ "$(power --stat)" = "127.0.0.1: off" ]
		[ "$(power --on --wait-until-on)" = "127.0.0.1: ok" ]
		[ "$(power --stat)" = "127.0.0.1: on" ]
		power --reset
		power --off --wait-until-off
	done
	log_is "power on" reset "power off" "power on" reset "power off"
}

@test "bmc_ipmi keeps the contract of core/bmc.h through it, with cipher suites 3 and 17" {
	for cipher in 3 17; do
		sim_start "$at/sim$cipher" --machine "$at/blade$cipher"
		BATON_TEST_CIPHER=$cipher BATON_TEST_FAULT=1 BATON_TEST_MACHINE=$at/blade$cipher \
			BATON_TEST_BMC="ipmi 127.0.0.1 $ipmi_port baton s3cret-word" \
			"$bin/tests/unit/bmc_contract_test" >"$at/tap$cipher" 3>&- &
		contract[cipher]=$!
	done
	failed=0
	for cipher in 3 17; do
		wait "${contract[cipher]}" || { cat "$at/tap$cipher"; failed=1; }
	done
	[ $failed -eq 0 ]
}

@test "subscribers hear of power, and of a test" {
	sim_start "$at/sim"
	: >"$at/heard"
	socat -u TCP-LISTEN:0,bind=127.0.0.1,fork,reuseaddr "OPEN:$at/heard,creat,append" 2>"$at/socat" 3>&- &
	sim_pids+=($!)
	until_port() {
		port=$(ss -Hltnp "src 127.0.0.1" | sed -n "s/.*127.0.0.1:\([0-9]*\) .*pid=${sim_pids[-1]},.*/\1/p")
		[ -n "$port" ]
	}
	end=$((SECONDS + 5))
	until until_port; do [ $SECONDS -lt $end ]; done
	want 400 POST /redfish/v1/EventService/Subscriptions '{"Destination":"ftp://127.0.0.1/","Protocol":"Redfish"}'
	want 201 POST /redfish/v1/EventService/Subscriptions \
		'{"Destination":"http://127.0.0.1:'"$port"'/here","Protocol":"Redfish","Context":"rack 7"}'
	mine=$(field Location)
	reset On
	wait_for ResourcePoweredOn "$at/heard"
	grep -q "^POST /here HTTP/1.1" "$at/heard"
	grep -q '"Context": "rack 7"' "$at/heard"
	want 204 POST /redfish/v1/EventService/Actions/EventService.SubmitTestEvent '{"MessageId":"X.1.0.Mine"}'
	wait_for X.1.0.Mine "$at/heard"
	want 204 DELETE "$mine"
	want 404 GET "$mine"
}

# bats test_tags=root,qemu
@test "a blade of the lab starts with the address that Redfish gave it while it was off" {
	export LAB_PARTS="blades bmcs" LAB_BMC=sim LAB_OWNER=$BASHPID LAB_BIN=$bin
	lab=$at/lab
	"$root/tests/lab/lab.sh" up "$lab"
	inside() { "$root/tests/lab/lab.sh" enter "$lab" "$@"; }
	say() {
		inside curl -sk -u "baton:$(<"$lab/secrets/blade-b")" -X "$1" ${3:+-d "$3"} "https://127.0.0.1:9445$2"
	}
	nic=/redfish/v1/Chassis/1/NetworkAdapters/NIC1/NetworkDeviceFunctions/2
	[ "$(say GET $nic | jq -r .Ethernet.PermanentMACAddress)" = 52:54:00:bb:00:02 ]
	say PATCH $nic/Settings '{"Ethernet":{"MACAddress":"02:ba:70:00:00:07"}}'
	say PATCH $system '{"Boot":{"BootSourceOverrideTarget":"Pxe","BootSourceOverrideEnabled":"Once"}}'
	say POST $system/Actions/ComputerSystem.Reset '{"ResetType":"On"}'
	grep "firmware-start why=power boot=network" "$lab/log/blade-b"
	inside sh -c 'tr "\0" " " </proc/$(pgrep -f "mac=52:54:00:bb:00:01" | head -n 1)/cmdline' | grep "mac=02:ba:70:00:00:07"
	[ "$(say GET $nic | jq -r .Ethernet.MACAddress)" = 02:ba:70:00:00:07 ]
	inside ipmitool -I lanplus -C 17 -H 127.0.0.1 -p 9002 -U baton -P "$(<"$lab/secrets/blade-b")" power off
	grep "power-off why=controller" "$lab/log/blade-b"
}
