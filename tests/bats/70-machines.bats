#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=qemu,root
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# The main job on real firmware, real iPXE, real kernels, a real target and real BMC protocol stacks:
# one persona, two machines of different make. The tests are one story and build on each other, since
# each boot costs half a minute.

lab() {
	"$PWD/tests/lab/lab.sh" "$@"
}

baton() {
	lab enter "$dir" /mnt/bin/baton "$@"
}

setup_file() {
	export dir=$BATS_FILE_TMPDIR/lab
	LAB_OWNER=$$ lab up "$dir"
}

teardown_file() {
	lab down "$dir"
}

# within SECONDS WHAT COMMAND...
within() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@"; do
		if [ $SECONDS -ge $end ]; then
			echo "not in time: $what"
			baton status || true
			tail -n 20 "$dir/log/batond"
			return 1
		fi
		read -rt 0.1 <> <(:) || true
	done
}

boots() { # how often an OS has come up on a machine
	grep -c END-FACTS "$dir/$1/console.log" 2>/dev/null || true
}

booted_again() { # MACHINE BEFORE
	[ "$(boots "$1")" -gt "$2" ]
}

fact() { # MACHINE NAME
	lab facts "$dir" "$1" | sed -n "s/^$2=//p"
}

status_of() { # MEMBER of web-01
	baton status -o json | jq -r ".personas[] | select(.name == \"web-01\") | .$1"
}

# What the OS says of itself and must not change, whatever it runs on.
identity() {
	local name
	for name in mac ip hostname initiator machine-id; do
		echo "$name=$(fact "$1" $name)"
	done
}

# pid_of PROGRAM: of the one that the warden started last; as the lab numbers processes.
pid_of() {
	sed -n "s/.*child-started program=$1 pid=\([0-9]*\).*/\1/p" "$dir/log/batond" | tail -n 1
}

in_log() {
	grep -q -- "$1" "$dir/log/batond"
}

ipmi() { # MACHINE PORT WORDS...
	local name=$1 port=$2
	shift 2
	lab enter "$dir" ipmitool -I lanplus -C 3 -H 127.0.0.1 -p "$port" -U baton -P "$(cat "$dir/secrets/$name")" "$@"
}

@test "a start: the machine takes the persona's MAC, boots again, and the OS comes up from the LUN" {
	baton start web-01 blade-a
	within 60 "the OS says that it is up" booted_again blade-a 0
	[ "$(status_of state)" = running ]
	[ "$(status_of machine)" = blade-a ]
	[ "$(fact blade-a mac)" = 02:ba:70:00:00:01 ]
	[ "$(fact blade-a hostname)" = web-01 ]
	[ "$(fact blade-a initiator)" = iqn.2026-01.org.example:web-01 ]
	[[ $(fact blade-a root) == /dev/sd* ]]
	lab blade "$dir" blade-a nvram show | grep 02:ba:70:00:00:01
	identity blade-a > "$BATS_FILE_TMPDIR/identity"
	# The factory address was journaled before anything was written.
	journaled=$(grep -n "baton-broker factory-journaled machine=blade-a .*52:54:00:aa:00:01" "$dir/log/batond" | head -n 1 | cut -d: -f1)
	written=$(grep -n "baton-broker identity-written machine=blade-a" "$dir/log/batond" | head -n 1 | cut -d: -f1)
	[ "$journaled" -lt "$written" ]
}

@test "a move to another make of machine: same MAC, address, name, initiator and machine-id; nothing written is lost" {
	lab shell "$dir" blade-a "echo before-the-move > /var/lib/marker && sync"
	baton move web-01 blade-b
	within 90 "the OS says that it is up" booted_again blade-b 0
	identity blade-b > "$BATS_FILE_TMPDIR/identity-b"
	diff "$BATS_FILE_TMPDIR/identity" "$BATS_FILE_TMPDIR/identity-b"
	[ "$(fact blade-b marker)" = before-the-move ]
	[ "$(fact blade-b firmware)" = uefi ]
	[ "$(fact blade-b cpu)" != "$(fact blade-a cpu)" ]
	[ "$(status_of machine)" = blade-b ]
}

@test "the old machine has its factory MAC back, and is off" {
	lab blade "$dir" blade-a nvram show | grep 52:54:00:aa:00:01
	run lab blade "$dir" blade-a nvram show
	[[ $output != *02:ba:70* ]]
	ipmi blade-a 9001 chassis power status | grep "is off"
	# The new machine's management NIC kept its own.
	lab blade "$dir" blade-b nvram show | grep 52:54:00:bb:00:01
}

@test "with the broker stopped the persona is power-cycled and boots again from the table" {
	before=$(boots blade-b)
	lab enter "$dir" kill -STOP "$(pid_of baton-broker)"
	ipmi blade-b 9002 chassis power off
	within 20 "blade-b is off" ipmi_says blade-b 9002 off
	ipmi blade-b 9002 chassis bootdev pxe
	ipmi blade-b 9002 chassis power on
	within 180 "the OS is up again" booted_again blade-b "$before"
	lab enter "$dir" kill -CONT "$(pid_of baton-broker)"
	[ "$(fact blade-b mac)" = 02:ba:70:00:00:01 ]
	[ "$(fact blade-b marker)" = before-the-move ]
	within 20 "the broker answers" baton status
}

ipmi_says() { # MACHINE PORT STATE
	ipmi "$1" "$2" chassis power status | grep -q "is $3"
}

@test "a stop gives the machine its own addresses back" {
	baton stop web-01
	[ "$(status_of state)" = stopped ]
	lab blade "$dir" blade-b nvram show | grep 52:54:00:bb:00:02
	run lab blade "$dir" blade-b nvram show
	[[ $output != *02:ba:70* ]]
}

@test "a tool that lies is caught by the read-back, and the order stops with a sentence" {
	lab blade "$dir" blade-a lie on
	run baton start web-01 blade-a
	echo "$output"
	[ "$status" -eq 4 ]
	[[ $output == *"0000:00:03.0"* ]]
	[[ $output == *"order retry"* ]]
	lab blade "$dir" blade-a nvram show | grep 52:54:00:aa:00:01
	lab blade "$dir" blade-a lie off
	baton order undo "$(baton order list -o json | jq '[.items[].id] | max')"
	[ "$(status_of state)" = stopped ]
}

@test "warden, broker, edge, files and a running hand are killed during a start, and the persona runs, once" {
	before=$(boots blade-a)
	baton start web-01 blade-a --no-wait
	order=$(baton order list -o json | jq '[.items[].id] | max')
	within 20 "a hand is at work" hand_dies
	within 60 "the machine powers on" in_order net-start
	victim baton-edge
	within 60 "the machine asks" order_saw "script-sent .*script=shim.ipxe"
	victim baton-files
	within 90 "the shim has reported" order_saw "step-done order=$order step=await-shim"
	victim baton-broker
	within 90 "the addresses are written" order_saw "step-done order=$order step=await-written"
	lab enter "$dir" kill -9 "$(cat "$dir/pid/batond")"
	lab enter "$dir" sh -c '/mnt/bin/batond -c /mnt/lab/baton.conf >> /mnt/lab/log/batond 2>&1 & echo $! > /mnt/lab/pid/batond'
	within 240 "the order is done" order_done
	within 60 "the OS is up" booted_again blade-a "$before"
	[ "$(status_of state)" = running ]
	[ "$(status_of machine)" = blade-a ]
	[ "$(fact blade-a mac)" = 02:ba:70:00:00:01 ]
	[ "$(boots blade-a)" -eq $((before + 1)) ]
	# The factory address that was journaled first is still the one to go back to.
	baton machine show blade-a -o json | jq -e '.nics[0].mac == "52:54:00:aa:00:01"'
}

victim() {
	lab enter "$dir" kill -9 "$(pid_of "$1")"
	within 20 "$1 is started again" started_after "$1" "$(pid_of "$1")"
}

started_after() { # PROGRAM OLD-PID
	[ "$(pid_of "$1")" != "$2" ]
}

# Kills the hand that is running now, if one is.
hand_dies() {
	local pid
	pid=$(lab enter "$dir" sh -c 'for p in /proc/[0-9]*; do [ "$(cat $p/comm 2>/dev/null)" = baton-hand ] && echo ${p#/proc/}; done' | head -n 1)
	[ -n "$pid" ] && lab enter "$dir" kill -9 "$pid"
}

in_order() {
	grep -q "step-done order=$order step=$1" "$dir/log/batond"
}

order_saw() {
	tac "$dir/log/batond" | sed "/order-begun order=$order /q" | grep -q -- "$1"
}

order_done() {
	[ "$(baton order show "$order" -o json | jq -r .state)" = "done" ]
}
