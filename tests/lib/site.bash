# SPDX-License-Identifier: GPL-3.0-or-later
# A whole site in namespaces of its own: batond with all its programs as built in $B, machines whose
# BMC is bmc_fake's files and whose network boot tests/lib/shim-player plays, all on one bridge.
# Sourced by bats files. A site is the folder $dir; its namespace is $ns, a machine's $ns-NAME.

# shellcheck source=tests/lib/conf.bash disable=SC1091
. "${BASH_SOURCE[0]%/*}/conf.bash"

SITE_ADDR=10.88.0.1
exec {nap_fd}<> <(:)

# Folder and namespace. Sets $dir and $ns; starts nothing.
site_make() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-site.XXXXXX)
	ns=bs-$BASHPID
	mkdir -p "$dir"/{bin,etc/packs/player,etc/secrets,state,boot/shim,fake,scripts,machines,wire}
	chmod 755 "$dir"
	chmod 777 "$dir/fake"
	chown 64904 "$dir/etc/secrets"
	chmod 700 "$dir/etc/secrets"
	cp "$B"/{batond,baton-broker,baton-edge,baton-files,baton-hand,baton} "$dir/bin/"
	cp ipxe-scripts/*.ipxe "$dir/scripts/"
	cp tests/lib/shim-player "$dir/bin/"
	head -c 70000 /dev/urandom > "$dir/boot/snponly.efi"
	head -c 30000 /dev/urandom > "$dir/boot/undionly.kpxe"
	# What the player's cards say they are.
	printf '%s\n' "name = player" "pci = 1af4:1000" "read = {pack}/tool" "mac = (.*)" "write = {pack}/tool" \
		> "$dir/etc/packs/player/manifest"
	echo kernel > "$dir/boot/shim/vmlinuz"
	echo initrd > "$dir/boot/shim/initrd.img"
	chmod -R a+rX "$dir/bin" "$dir/scripts" "$dir/boot"
	site_conf > "$dir/etc/baton.conf"
	: > "$dir/log"
	ip netns add "$ns"
	ip -n "$ns" link set lo up
	ip -n "$ns" link add mgmt0 type bridge
	ip -n "$ns" addr add $SITE_ADDR/24 dev mgmt0
	ip -n "$ns" link set mgmt0 up
}

site_conf() { conf_lines mgmt0 "$dir" 64901 "$dir/etc"; }

nap() { read -rt 0.02 -u "$nap_fd" || true; }

# What systemd does: starts batond, and again when it dies by anything but our wish.
site_systemd() {
	while [ ! -e "$dir/stop" ]; do
		BATON_FAKE_DIR=$dir/fake ip netns exec "$ns" "$dir/bin/batond" -c "$dir/etc/baton.conf" \
			2>> "$dir/log" &
		echo $! > "$dir/batond.new"
		mv "$dir/batond.new" "$dir/batond.pid"
		wait $! || true
	done
}

site_start() {
	local began
	began=$(grep -c "baton-broker started" "$dir/log" || true)
	rm -f "$dir/stop"
	site_systemd 3>&- > "$dir/systemd.log" 2>&1 &
	echo $! > "$dir/systemd.pid"
	until_true "the broker starts" in_log "baton-broker started" $((began + 1))
	until_true "the files start" in_log "baton-files started" 1
	until_true "the edge starts" in_log "baton-edge started" 1
}

site_stop() {
	[ -e "$dir/systemd.pid" ] || return 0
	touch "$dir/stop"
	kill "$(cat "$dir/batond.pid")" 2>/dev/null || true
	until_gone "$(cat "$dir/systemd.pid")"
	rm "$dir/systemd.pid"
}

# One that nobody has waited for yet is not alive.
is_alive() {
	grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null
}

until_gone() { # PID
	local until=$((SECONDS + 20))
	while is_alive "$1"; do
		[ $SECONDS -lt $until ] || return 1
		nap
	done
}

# site_drop: everything, whatever state it is in. With SITE_KEEP set its folder stays to be looked at.
site_drop() {
	local m
	for m in "$dir"/machines/*; do
		[ -d "$m" ] || continue
		machine_unplug "${m##*/}"
	done
	site_stop
	umount "$dir/state" 2>/dev/null || true
	ip netns del "$ns" 2>/dev/null || true
	[ -n "${SITE_KEEP-}" ] || rm -rf "$dir"
}

# machine_plug NAME CARD...: a machine with these cards, each FACTORY-MAC, on the bridge; the first one
# boots. It waits there, switched off; one that was there before has its cards as it left them. Its UUID is in $dir/NAME.uuid, where it has one.
machine_plug() {
	local name=$1 home=$dir/machines/$1 i=0 mac known=
	shift
	mkdir -p "$home"
	[ ! -e "$home/nvram" ] || known=1
	[ ! -e "$dir/$name.uuid" ] || cp "$dir/$name.uuid" "$home/uuid"
	ip netns add "$ns-$name"
	for mac; do
		ip -n "$ns" link add "$name$i" type veth peer name "e$i" netns "$ns-$name"
		ip -n "$ns" link set "$name$i" master mgmt0 up
		[ -n "$known" ] || echo "0000:00:0$((3 + i)).0 $mac $mac e$i" >> "$home/nvram"
		i=$((i + 1))
	done
	ip netns exec "$ns-$name" "$dir/bin/shim-player" "$dir" "$name" >> "$home/screen" 2>&1 3>&- &
	echo $! > "$home/pid"
}

machine_unplug() {
	local home=$dir/machines/$1
	if [ -e "$home/pid" ]; then
		kill "$(cat "$home/pid")" 2>/dev/null || true
		until_gone "$(cat "$home/pid")"
		rm "$home/pid"
	fi
	ip netns del "$ns-$1" 2>/dev/null || true
}

# machine_power NAME: on or off.
machine_power() {
	local words=
	[ ! -e "$dir/fake/$1.bmc" ] || read -r words < "$dir/fake/$1.bmc" || true
	[[ $words == power=on* ]] && echo on || echo off
}

# power_cycle NAME: a person at the machine: off, then on by the network.
power_cycle() {
	local file=$dir/fake/$1.bmc state
	for state in "power=off next=default booted=default bounce=0" "power=on next=default booted=network bounce=0"; do
		# shellcheck disable=SC2016 # the inner shell's own
		flock "$file" bash -c 'printf "%-63s\n" "$2" 1<> "$1"' - "$file" "$state"
		[[ $state == power=on* ]] || until_true "$1 is off" machine_says "$1" "is off"
	done
}

machine_says() { tail -n 1 "$dir/machines/$1/screen" | grep -q -- "$2"; }

baton() { timeout 60 "$dir/bin/baton" --socket "$dir/run/api.sock" "$@"; }

# site_nets: the network and the pools.
site_nets() {
	baton network add mgmt --interface mgmt0 --address $SITE_ADDR/24 --pool 10.88.0.100-10.88.0.199
	baton pool add macs --mac 02:ba:70:00:00:01-02:ba:70:00:ff:ff
	baton pool add iqns --iqn iqn.2026-01.org.example:
}

# site_disk TARGET: a disk with its LUN 1 at a fake target, and nobody logged in there.
site_disk() {
	echo "lun=1 bytes=1073741824 block_len=512 bootable=1" > "$dir/fake/$1.san"
	: > "$dir/fake/$1.sessions"
	chmod 666 "$dir/fake/$1".*
}

# site_fenced TARGET [OPTION...]: the network, the pools, blade-a and blade-b with a card and a UUID each, and the
# persona web-01 with these options, whose disk lies at a fake target that Baton administers.
UUID_A=11111111-2222-3333-4444-aaaaaaaaaaaa
UUID_B=11111111-2222-3333-4444-bbbbbbbbbbbb
site_fenced() {
	site_nets
	site_disk "$1"
	echo $UUID_A > "$dir/blade-a.uuid"
	echo $UUID_B > "$dir/blade-b.uuid"
	baton machine add blade-a --bmc fake://blade-a --uuid $UUID_A --nic mac=$FACTORY_A,network=mgmt
	baton machine add blade-b --bmc fake://blade-b --uuid $UUID_B --nic mac=$FACTORY_B,network=mgmt
	baton persona add web-01 --san fake --target "$1" --lun 1 --portal $SITE_ADDR:3260 \
		--nic network=mgmt,address=10.88.0.50 "${@:2}"
	machine_plug blade-a $FACTORY_A
	machine_plug blade-b $FACTORY_B
	persona_mac=$(baton persona show web-01 -o json | jq -r '.nics[0].mac')
}

# site_fill: the network, the pools, blade-a with one card, blade-b that boots by one and carries
# by another, and the persona web-01.
FACTORY_A=52:54:00:aa:00:01
FACTORY_B=52:54:00:bb:00:02
site_fill() {
	site_nets
	baton machine add blade-a --bmc fake://blade-a --nic mac=$FACTORY_A,network=mgmt
	baton machine add blade-b --bmc fake://blade-b --nic mac=52:54:00:bb:00:01,network=mgmt \
		--nic mac=$FACTORY_B,network=mgmt,carries=yes
	baton persona add web-01 --nic network=mgmt,address=10.88.0.50
	machine_plug blade-a $FACTORY_A
	machine_plug blade-b 52:54:00:bb:00:01 $FACTORY_B
	# shellcheck disable=SC2034 # for the tests
	persona_mac=$(baton persona show web-01 -o json | jq -r '.nics[0].mac')
}

# in_log PATTERN [COUNT]
in_log() { [ "$(grep -c -- "$1" "$dir/log")" -ge "${2:-1}" ]; }

# until_true WHAT COMMAND...: until the command succeeds, 60 s at most; then what the site says.
until_true() {
	local until=$((SECONDS + 60)) what=$1
	shift
	until "$@"; do
		if [ $SECONDS -ge $until ]; then
			echo "not in time: $what ($*)"
			site_says
			return 1
		fi
		nap
	done
}

site_says() {
	local m
	tail -n 40 "$dir/log"
	for m in "$dir"/machines/*/screen; do
		[ ! -e "$m" ] || tail -n 12 "$m" | sed "s|^|${m#"$dir/machines/"}: |"
	done
}

# order_is N STATE
order_is() {
	[ "$(baton order show "$1" -o json 2>/dev/null | jq -r .state)" = "$2" ]
}

# order_over N: it is done or has stopped.
order_over() {
	[[ $(baton order show "$1" -o json 2>/dev/null | jq -r .state) =~ ^(done|stopped)$ ]]
}

# Pid of the newest such program of this site's batond; batond itself too.
pid_of() {
	if [ "$1" = batond ]; then
		cat "$dir/batond.pid"
	else
		sed -n "s/.*batond child-started program=$1 pid=\([0-9]*\)\$/\1/p" "$dir/log" | tail -n 1
	fi
}

# pid_at_work PROGRAM: of one that is not dying with an earlier batond; waits for it.
pid_at_work() {
	local pid until=$((SECONDS + 60))
	until pid=$(pid_of "$1") && is_alive "$pid" && { [ "$1" = batond ] ||
		grep -q "^PPid:.$(cat "$dir/batond.pid")\$" "/proc/$pid/status" 2>/dev/null; }; do
		[ $SECONDS -lt $until ] || return 1
		nap
	done
	echo "$pid"
}

# The pids of the hands at work, in $hands; true when there is one. Starts no process, to be quick.
hands_at_work() {
	local p name pid children
	hands=()
	{
		read -r pid < "$dir/batond.pid" && read -ra children < "/proc/$pid/task/$pid/children"
		for p in "${children[@]}"; do
			name=
			read -r name < "/proc/$p/comm"
			[ "$name" != baton-hand ] || hands+=("$p")
		done
	} 2>/dev/null
	[ ${#hands[@]} -gt 0 ]
}
