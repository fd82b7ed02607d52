#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=warden,root
# batond with the real programs, as users without rights, in a network namespace of its own. Blades
# are files: the BMC is bmc_fake's, so that a hand can be made to hang.

. tests/lib/conf.bash

ADDR=10.77.0.1

setup_file() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-warden.XXXXXX)
	ns=baton-w$$
	BATON_SOCKET=$dir/run/api.sock
	export B dir ns BATON_SOCKET
	chmod 755 "$dir"
	mkdir -p "$dir"/{bin,boot/shim,packs/lab/bin,fake}
	# Copies, since users without rights may not look into the folder that was built in.
	cp "$B"/{batond,baton-edge,baton-files,baton-broker,baton-hand,baton} "$dir/bin"
	cp -r ipxe-scripts "$dir/scripts"
	chmod -R a+rX "$dir/scripts"
	echo "tool" > "$dir/packs/lab/bin/tool"
	chmod 755 "$dir/packs/lab/bin/tool"
	chown 64513:64513 "$dir/fake"
	conf > "$dir/baton.conf"
	ip netns add "$ns"
	ip -n "$ns" link set lo up
	ip -n "$ns" link add mgmt0 type veth peer name peer0
	ip -n "$ns" addr add $ADDR/24 dev mgmt0
	ip -n "$ns" link set mgmt0 up
	ip -n "$ns" link set peer0 up
}

teardown_file() {
	stop || true
	ip netns del "$ns" || true
	rm -rf "$dir"
}

conf() { conf_lines mgmt0 "$dir" 64510; }
baton() { timeout 30 "$dir/bin/baton" "$@"; }
inside() { ip netns exec "$ns" "$@"; }

# Starts batond anew, with a log of its own; what it was before must have ended.
start() {
	: > "$dir/log"
	BATON_DEBUG=1 BATON_FAKE_DIR=$dir/fake ip netns exec "$ns" "${under[@]}" "${bin:-$dir/bin}/batond" \
		-c "$dir/baton.conf" 2>> "$dir/log" 3>&- &
	echo $! > "$dir/pid"
	wait_for 'batond started' && wait_for 'baton-broker started'
}

running() { [ -e "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null; }
# The real programs, and not those of start_asking.
ensure() {
	if ! running || [ "$(readlink "/proc/$(cat "$dir/pid")/exe")" != "$dir/bin/batond" ]; then
		stop
		start
	fi
}

stop() {
	[ -e "$dir/pid" ] || return 0
	local pid
	pid=$(cat "$dir/pid")
	kill "$pid" 2>/dev/null || true
	until_gone "$pid"
	rm -f "$dir/pid"
}

nap() { read -rt 0.02 <> <(:) || true; }

# wait_for PATTERN [COUNT [SECONDS]]: until that many lines of the log match.
wait_for() {
	local until=$((SECONDS + ${3:-10}))
	until [ "$(grep -c -- "$1" "$dir/log")" -ge "${2:-1}" ]; do
		if [ $SECONDS -ge $until ]; then
			echo "not ${2:-1} times \"$1\" in the log:"
			tail -40 "$dir/log"
			return 1
		fi
		nap
	done
}

# A zombie has not gone: somebody did not wait for it.
until_gone() {
	local until=$((SECONDS + 10)) pid
	for pid; do
		while [ -e "/proc/$pid" ]; do
			if [ $SECONDS -ge $until ]; then
				echo "$pid is still there: $(head -3 "/proc/$pid/status")"
				return 1
			fi
			nap
		done
	done
}

# pid_of PROGRAM: of the newest that the warden started.
pid_of() { sed -n "s/.*batond child-started program=$1 pid=\([0-9]*\)\$/\1/p" "$dir/log" | tail -1; }

# The pids of the hands that the warden has started.
hands() {
	local p
	for p in $(ps -o pid= --ppid "$(cat "$dir/pid")"); do
		[[ $(readlink "/proc/$p/exe") != */baton-hand ]] || echo "$p"
	done
}

# A batond with the real broker and a hand that hangs at a BMC. A store that has the order already goes
# on with it.
ensure_hanging() {
	echo > "$dir/fake/blade-a.hang"
	if [ -e "$dir/ordered" ]; then
		ensure
		# Its deadlines may have passed since.
		[ "$(baton order show 1 -o json | jq -r .state)" = running ] || baton order retry 1 --no-wait
	else
		stop
		start
		install -o 64513 -m 600 /dev/stdin "$dir/secrets/blade-a" <<< secret
		baton network add mgmt --interface mgmt0 --address $ADDR/24 --pool 10.77.0.100-10.77.0.199
		baton pool add macs --mac 02:ba:70:00:00:01-02:ba:70:00:00:ff
		baton pool add iqns --iqn iqn.2026-01.org.example:
		baton machine add blade-a --bmc fake://baton@blade-a --bmc-secret blade-a \
			--nic mac=52:54:00:aa:00:01,network=mgmt,carries=yes
		baton persona add web-01 --target iqn.2026-01.org.example:disk --lun 1 \
			--portal 10.77.0.1:3260 --nic network=mgmt
		baton start web-01 blade-a --no-wait
		touch "$dir/ordered"
	fi
	wait_for_hand
}

wait_for_hand() {
	local until=$((SECONDS + 10))
	until [ -n "$(hands)" ]; do
		[ $SECONDS -lt $until ] || { echo "no hand"; tail -20 "$dir/log"; return 1; }
		nap
	done
}

http() { inside curl -s -m 10 "http://$ADDR:8080$1"; }

@test "wrong lines are said all at once, with their numbers, and nothing is started" {
	mkdir -p "$dir/run"
	{ conf | sed "s|^run_dir = .*|&/never|"; echo 'lease_s = 0'; echo 'colour = red'; echo 'http_port = 99999'; } > "$dir/wrong.conf"
	run inside "$dir/bin/batond" -c "$dir/wrong.conf"
	[ "$status" -eq 2 ]
	[[ $output == *"wrong.conf:14: lease_s = 0: want 120 to 86400"* ]]
	[[ $output == *"wrong.conf:15: colour: no such setting"* ]]
	[[ $output == *"wrong.conf:16: http_port = 99999: want 1 to 65535"* ]]
	[[ $output == *"3 wrong lines; nothing was started"* ]]
	[ ! -e "$dir/run/never" ]
}

@test "what the machine lacks is said all at once" {
	conf | sed -e 's/mgmt0/mgmt0 nosuch0/' -e 's/64511/no-such-user/' -e "s|$dir/boot|/nonexistent|" \
		-e "s|run_dir = .*|run_dir = /var/lib/baton-nowhere|" -e 's/user_hand = .*/user_hand = 64510/' > "$dir/wrong.conf"
	run inside "$dir/bin/batond" -c "$dir/wrong.conf" --check
	[ "$status" -eq 2 ]
	[[ $output == *"nosuch0: this machine has no such interface"* ]]
	[[ $output == *"user_edge = no-such-user: no such user"* ]]
	[[ $output == *"boot_dir = /nonexistent: No such file"* ]]
	[[ $output == *"want a place on tmpfs"* ]]
	conf | sed -e 's/user_hand = .*/user_hand = 64510/' -e 's/user_edge = .*/user_edge = root/' > "$dir/wrong.conf"
	run inside "$dir/bin/batond" -c "$dir/wrong.conf" --check
	[ "$status" -eq 2 ]
	[[ $output == *"user_edge = root: want a user without rights"* ]]
	conf | sed "s|^run_dir = .*|&/never|" > "$dir/right.conf"
	run inside "$dir/bin/batond" -c "$dir/right.conf" --check
	[ "$status" -eq 0 ]
	[ ! -e "$dir/run/never" ]
}

@test "a hand's user that is somebody else's too is refused" {
	conf | sed -e 's/user_hand = .*/user_hand = 64510/' > "$dir/wrong.conf"
	run inside "$dir/bin/batond" -c "$dir/wrong.conf" --check
	[ "$status" -eq 2 ]
	[[ $output == *"user_hand = 64510: want a user of its own"* ]]
}

@test "three programs run, each as its own user, with no capability" {
	ensure
	wait_for 'baton-files started'
	wait_for 'baton-edge started'
	for x in edge:64511 files:64512 broker:64510; do
		pid=$(pid_of "baton-${x%:*}")
		grep -q "^Uid:.${x#*:}.${x#*:}" "/proc/$pid/status"
		grep -q '^CapEff:.0000000000000000' "/proc/$pid/status"
		grep -q '^NoNewPrivs:.1' "/proc/$pid/status"
	done
	[ "$(stat -c '%u:%g %a' "$dir/run/table")" = "64510:64511 2750" ]
	[ "$(stat -c '%u:%g %a' "$dir/run/table/boot.table")" = "64510:64511 640" ]
	[ "$(stat -c '%u:%g %a' "$dir/run/api.sock")" = "0:0 660" ]
	baton status
	[[ $(http /x) == no-such-path* ]]
	[[ $(http /b/x/job) == bad-token* ]]
	wait_for 'baton-files table-taken'
}

@test "a kernel without Landlock: batond says what that means, and the jail says what is left of it" {
	stop
	under=(strace -D -f -o /dev/null -e trace=landlock_create_ruleset
		-e inject=landlock_create_ruleset:error=EOPNOTSUPP)
	start
	wait_for 'batond: this kernel has no Landlock, or was started without it'
	wait_for 'baton-edge started .*jail=seccomp$'
	wait_for 'baton-files started .*jail=seccomp '
	stop
	under=()
	start
	wait_for 'baton-edge started .*jail=seccomp+landlock$'
	[ "$(grep -c 'no Landlock' "$dir/log")" -eq 0 ]
}

@test "a second batond on the same run_dir is refused" {
	ensure
	run inside timeout 30 "$dir/bin/batond" -c "$dir/baton.conf"
	[ "$status" -eq 1 ]
	[[ $output == *"another batond runs; end it first: kill $(cat "$dir/pid")" ]]
	baton status
}

@test "tool-packs are served as initramfs images; SIGHUP packs anew, links are refused" {
	ensure
	inside curl -s -m 10 -o "$dir/lab.img" "http://$ADDR:8080/shim/packs/lab.img"
	[ "$(cpio -t --quiet < "$dir/lab.img" | tr '\n' ' ')" = "packs packs/lab packs/lab/bin packs/lab/bin/tool " ]
	mkdir -p "$dir/out" "$dir/packs/other" "$dir/packs/bad"
	(cd "$dir/out" && cpio -idm --quiet < "$dir/lab.img")
	[ "$(stat -c %a "$dir/out/packs/lab/bin/tool")" = 755 ]
	cmp "$dir/out/packs/lab/bin/tool" "$dir/packs/lab/bin/tool"
	echo x > "$dir/packs/other/manifest"
	ln -s /etc/shadow "$dir/packs/bad/shadow"
	kill -HUP "$(cat "$dir/pid")"
	wait_for 'tool-pack bad: packs/bad/shadow is a link'
	until inside curl -sf -m 10 -o "$dir/other.img" "http://$ADDR:8080/shim/packs/other.img"; do nap; done
	cpio -t --quiet < "$dir/other.img" | grep -q packs/other/manifest
	[ "$(inside curl -s -o /dev/null -w '%{http_code}' "http://$ADDR:8080/shim/packs/bad.img")" = 404 ]
	rm -r "$dir/packs/other" "$dir/packs/bad"
}

# dhcp MAC WORDS...: asks on peer0 through busybox and prints the address.
dhcp() {
	inside ip link set peer0 address "$1"
	shift
	printf '#!/bin/sh\n[ "$1" != bound ] || echo "$ip" > %s\n' "$dir/asked" > "$dir/udhcpc"
	chmod 755 "$dir/udhcpc"
	rm -f "$dir/asked"
	inside busybox udhcpc -i peer0 -f -n -q -t 3 -T 1 -s "$dir/udhcpc" "$@" > /dev/null 2>&1 && cat "$dir/asked"
}

@test "what is lent lies in state_dir, where only root looks, and outlives batond" {
	stop
	rm -rf "$dir/state"
	start
	baton network add guests --interface mgmt0 --address $ADDR/24 --pool 10.77.0.100-10.77.0.199 --unknown lease
	wait_for 'baton-edge table-taken' 2
	[ "$(stat -c '%u:%g %a' "$dir/state/leases")" = "0:0 700" ]
	first=$(dhcp 02:33:00:00:00:01)
	[[ $first == 10.77.0.1* ]]
	for f in 0 1; do
		[ "$(stat -c '%u:%g %a' "$dir/state/leases/$f")" = "0:0 600" ]
		[ "$(find "/proc/$(pid_of baton-edge)/fd" -lname "$dir/state/leases/$f" | wc -l)" -eq 1 ]
		for other in baton-files baton-broker; do
			[ "$(find "/proc/$(pid_of $other)/fd" -lname "$dir/state/leases/$f" | wc -l)" -eq 0 ]
		done
	done
	kill -9 "$(pid_of baton-edge)"
	wait_for 'baton-edge leases-recovered loans=1 '
	stop
	start
	wait_for 'baton-edge leases-recovered loans=1 '
	[ "$(dhcp 02:33:00:00:00:02 -r "$first")" != "$first" ]
	[ "$(dhcp 02:33:00:00:00:01)" = "$first" ]
	# A link, or a file with a second name, is not written to.
	stop
	mv "$dir/state/leases/1" "$dir/elsewhere"
	ln -s "$dir/elsewhere" "$dir/state/leases/1"
	start
	wait_for 'leases/1: Too many levels of symbolic links; unknown machines will get no address'
	wait_for 'baton-edge started'
	stop
	mv "$dir/elsewhere" "$dir/state/leases/1"
	ln "$dir/state/leases/1" "$dir/elsewhere"
	start
	wait_for 'leases/1: want a plain file of root.s with one name; unknown machines will get no address'
	stop
	rm -rf "$dir/state"
}

# start_in_vain PATTERN: a batond whose broker says this and does not start.
start_in_vain() {
	: > "$dir/log"
	ip netns exec "$ns" "$dir/bin/batond" -c "$dir/baton.conf" 2>> "$dir/log" 3>&- &
	echo $! > "$dir/pid"
	wait_for "$1"
	[[ $(grep -c "baton-broker started" "$dir/log") -eq 0 ]]
	stop
}

@test "the key of the store is made once, for the broker alone" {
	ensure
	baton pool add sealed --iqn iqn.2026-01.org.example.sealed: # so that there is something
	[ "$(stat -c '%u:%g %a %s' "$dir/store.key")" = "64510:64510 400 32" ]
	[ ! -e "$dir/store.key.new" ]
	cp -p "$dir/store.key" "$dir/key.copy"
	stop
	start
	cmp "$dir/store.key" "$dir/key.copy"
}

@test "without its key nothing starts, and with another one or an open one the broker does not" {
	ensure
	cp -p "$dir/store.key" "$dir/key.copy"
	stop
	local was
	was=$(sha256sum "$dir/state/baton.db")
	rm -f "$dir/store.key"
	for how in "" --check; do
		run inside "$dir/bin/batond" -c "$dir/baton.conf" $how
		[ "$status" -eq 2 ]
		[[ $output == "batond: key_file = $dir/store.key: it is not there, and the secrets in $dir/state/baton.db are sealed with it; put it back from the backup" ]]
	done
	[ ! -e "$dir/store.key" ]
	install -o 64510 -m 400 <(head -c 32 /dev/urandom) "$dir/store.key"
	start_in_vain "baton-broker: key_file = $dir/store.key: store $dir/state/baton.db: sealed with another key, nothing was changed; put the right one back from the backup"
	install -o 64510 -m 440 "$dir/key.copy" "$dir/store.key"
	start_in_vain "baton-broker: key_file = $dir/store.key: others than its owner may read it; .chmod 0400 $dir/store.key."
	[ "$(sha256sum "$dir/state/baton.db")" = "$was" ]
	cp -p "$dir/key.copy" "$dir/store.key"
	start
	baton pool list | grep -q sealed
	sed "s|^key_file = .*|key_file = $dir/state/store.key|" "$dir/baton.conf" > "$dir/inside.conf"
	run inside "$dir/bin/batond" -c "$dir/inside.conf" --check
	[ "$status" -eq 2 ]
	[[ $output == *"key_file = $dir/state/store.key: want a place outside of state_dir"* ]]
}

@test "each program killed with -9 comes back and serves" {
	ensure
	for program in baton-edge baton-files baton-broker; do
		old=$(pid_of $program)
		n=$(grep -c "$program started" "$dir/log")
		kill -9 "$old"
		wait_for "child-died program=$program pid=$old how=signal status=9"
		wait_for "$program started" $((n + 1)) 20
		until_gone "$old"
		[ "$(pid_of $program)" != "$old" ]
	done
	baton status
	[[ $(http /x) == no-such-path* ]]
}

@test "a program that dies once is started again at once; again and again, it is waited for longer and longer" {
	ensure
	stop
	start
	for again in 0 100 200; do
		old=$(pid_of baton-files)
		kill -9 "$old"
		wait_for "program=baton-files pid=$old how=signal status=9 again_ms=$again"
		wait_for "child-started program=baton-files" $((again == 0 ? 2 : again == 100 ? 3 : 4))
	done
}

@test "files answers while there is no broker" {
	ensure
	kill -STOP "$(cat "$dir/pid")"
	kill -9 "$(pid_of baton-broker)"
	[[ $(http /x) == no-such-path* ]]
	kill -CONT "$(cat "$dir/pid")"
	wait_for 'child-started program=baton-broker' 2
	baton status
}

@test "a hanging hand is killed with its broker, and reaped before the next one starts" {
	ensure_hanging
	hand=$(hands | head -1)
	grep -q '^Uid:.64513' "/proc/$hand/status"
	old=$(pid_of baton-broker)
	n=$(grep -c 'baton-broker started' "$dir/log")
	kill -9 "$old"
	wait_for 'baton-broker started' $((n + 1))
	until_gone "$hand"
	# By the log's order: the hand's end stands before the next broker's start.
	awk -v old="$old" '
		/child-died program=baton-broker/ && $0 ~ "pid=" old " " { died = NR }
		/batond hand-ended/ && died && !ended { ended = NR }
		/child-started program=baton-broker/ && died && !begun { begun = NR }
		END { exit !(died && ended && begun && ended < begun) }' "$dir/log" ||
		{ tail -40 "$dir/log"; false; }
}

@test "SIGTERM with a hand at work ends everything within 5 s, with 0, and leaves no zombie" {
	ensure_hanging
	# A child of this shell, whose status can be had.
	stop
	start
	wait_for_hand
	all="$(pid_of baton-edge) $(pid_of baton-files) $(pid_of baton-broker) $(hands)"
	pid=$(cat "$dir/pid")
	begun=$SECONDS
	kill "$pid"
	rc=0
	wait "$pid" || rc=$?
	[ $rc -eq 0 ]
	# shellcheck disable=SC2086 # a list of pids
	until_gone $all
	[ $((SECONDS - begun)) -le 6 ]
	rm "$dir/pid"
	[ ! -e "$dir/run/api.sock" ]
	grep -q 'batond stopping' "$dir/log"
	[ "$(sed -n '/batond stopping/,$p' "$dir/log" | grep -c child-died)" -eq 0 ]
}

@test "batond itself killed with -9 takes all with it; the next one starts clean" {
	ensure_hanging
	all="$(pid_of baton-edge) $(pid_of baton-files) $(pid_of baton-broker) $(hands)"
	kill -9 "$(cat "$dir/pid")"
	start
	# shellcheck disable=SC2086 # a list of pids
	until_gone $all
	baton status
}

@test "systemd is told: ready, then stopping" {
	stop
	timeout 60 socat -u "UNIX-RECV:$dir/notify" - > "$dir/notified" 3>&- &
	socat=$!
	until [ -S "$dir/notify" ]; do nap; done
	: > "$dir/log"
	NOTIFY_SOCKET=$dir/notify ip netns exec "$ns" "$dir/bin/batond" -c "$dir/baton.conf" 2>> "$dir/log" 3>&- &
	echo $! > "$dir/pid"
	until grep -q 'READY=1' "$dir/notified"; do nap; done
	grep -q 'STATUS=3 of 3 programs run' "$dir/notified"
	# A notification is the warden's alone.
	[ "$(tr '\0' '\n' < "/proc/$(pid_of baton-broker)/environ" | grep -c NOTIFY_SOCKET)" -eq 0 ]
	kill "$(cat "$dir/pid")"
	rc=0
	wait "$(cat "$dir/pid")" || rc=$?
	[ $rc -eq 0 ]
	rm "$dir/pid"
	grep -q 'STOPPING=1' "$dir/notified"
	kill $socat
}

# The warden's side of the hands alone: tests/lib/ask stands in the broker's place and asks.
start_asking() {
	stop
	mkdir -p "$dir/bin2"
	cp "$dir/bin"/{batond,baton-edge,baton-files,baton-hand} "$dir/bin2"
	cp "$B/tests/lib/ask" "$dir/bin2/baton-broker"
	rm -f "$dir/run/ask"
	bin=$dir/bin2 start
}

ensure_asking() {
	running || start_asking
	[ "$(readlink "/proc/$(cat "$dir/pid")/exe")" = "$dir/bin2/batond" ] || start_asking
}

ask() { echo "$1" >> "$dir/run/ask"; }

@test "a hand that does not end is killed at its deadline" {
	ensure_asking
	ask "hand 1 3000"
	wait_for_hand
	kill -STOP "$(hands)"
	wait_for "ask got: hand-ended id=1 how=deadline status=9"
	[ -z "$(hands)" ]
}

@test "a hand is ended on demand" {
	ensure_asking
	ask "hand 11 60000"
	wait_for_hand
	ask "say hand-kill id=11"
	wait_for "ask got: hand-ended id=11 how=signal status=9"
}

@test "what is no proper wish for a hand is refused with its id, and nothing is started" {
	ensure_asking
	ask "hand 21 60000 bare"
	wait_for "ask got: hand-ended id=21 how=refused status=22"
	ask "hand 22 0"
	wait_for "ask got: hand-ended id=22 how=refused status=22"
	ask "hand 23 60000"
	wait_for_hand
	ask "hand 23 60000"
	wait_for "ask got: hand-ended id=23 how=refused status=22"
	[ "$(hands | wc -l)" -eq 1 ]
	ask "say nonsense"
	wait_for 'the broker said "nonsense": no such word'
	ask "say hand-kill id=999"
	ask "say hand-kill id=23"
	wait_for "ask got: hand-ended id=23 how=signal status=9"
}

@test "a hand knows where secrets lie and what they are called, and no more" {
	ensure_asking
	ask "hand 31 60000"
	wait_for_hand
	hand=$(hands)
	tr '\0' '\n' < "/proc/$hand/environ" | sort > "$dir/environ"
	cut -d= -f1 "$dir/environ" | tr '\n' ' ' > "$dir/names"
	[ "$(cat "$dir/names")" = "BATON_CLONES_DIR BATON_DEADLINE_MS BATON_DEBUG BATON_FAKE_DIR BATON_FDS BATON_RUN_DIR BATON_SAN_IQN BATON_SAN_SECRET BATON_SAN_USER BATON_SECRETS_DIR PATH " ]
	grep -qx "BATON_SECRETS_DIR=$dir/secrets" "$dir/environ"
	grep -qx 'BATON_DEADLINE_MS=60000' "$dir/environ"
	# Its libraries pass by while it is loaded; it settles with what it was given.
	local until=$((SECONDS + 5))
	until [ "$(find "/proc/$hand/fd" -type l -printf '%f ')" = "0 1 2 3 " ]; do
		[ $SECONDS -lt $until ] || { ls -l "/proc/$hand/fd"; return 1; }
		nap
	done
	ask "say hand-kill id=31"
}

@test "a broker that dies takes all its hands along, and what it still asked for" {
	ensure_asking
	for i in 41 42 43 44 45 46 47 48; do ask "hand $i 60000"; done
	until [ "$(hands | wc -l)" -ge 8 ]; do nap; done
	rm "$dir/run/ask"
	n=$(grep -c 'batond hand-ended' "$dir/log" || true)
	kill -9 "$(pid_of baton-broker)"
	wait_for 'batond hand-ended' $((n + 8))
	wait_for 'child-died program=baton-broker'
	wait_for 'baton-broker started' 2
	[ -z "$(hands)" ]
	awk '/child-died program=baton-broker/ { died = NR } /batond hand-ended/ { ended = NR }
		/child-started program=baton-broker/ { begun = NR }
		END { exit !(died && ended < begun) }' "$dir/log"
}
