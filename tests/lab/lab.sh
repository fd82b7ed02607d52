#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The lab: a network, a target, two blades with their management controllers, and Baton, in namespaces
# of their own, so that two labs never meet and nothing outlives its lab. See docs/lab.md.
#   lab.sh up DIR       makes it and returns; it ends when the caller does, or by `down`
#   lab.sh down DIR     ends it; may be said at any time
#   lab.sh enter DIR COMMAND...        runs a command inside
#   lab.sh blade DIR BLADE WORDS...    tells a blade something: power on, boot pxe, nvram show, lie on ...
#   lab.sh shell DIR BLADE COMMAND...  runs a command in the OS on a blade
#   lab.sh facts DIR BLADE             what the OS on a blade said of itself when it last came up
# LAB_PARTS names what stands in it (default: all); LAB_OWNER is the process it ends with; LAB_BMC=sim has baton-sim
# be the controllers, by IPMI as ipmi_sim and by Redfish at 127.0.0.1:9444 and :9445; Baton then knows them by Redfish.
# LAB_HBAS=yes gives each blade an HBA, and the storage a LUN on Fibre Channel.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
parts=${LAB_PARTS:-target blades bmcs baton}
bin=${LAB_BIN:-$top/build/${V:-dev}}

die() {
	echo "lab: $*" >&2
	exit 1
}

# State, not kill -0: a zombie is dead.
alive() {
	local state
	state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) && [ -n "$state" ] && [ "$state" != Z ]
}

child_of() {
	grep -sl "^PPid:	$1\$" /proc/[0-9]*/status | cut -d/ -f3 | head -n 1
}

until_true() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

up() {
	[ "$(id -u)" = 0 ] || die "it makes namespaces and taps: run it as root"
	down
	mkdir -p "$dir/log" "$dir/pid"
	chmod 755 "$dir"
	rm -f "$dir/ready" "$dir/failed"
	LAB_PARTS=$parts LAB_BIN=$bin setsid "$0" keep "$dir" "${LAB_OWNER:-$PPID}" </dev/null >"$dir/log/keeper" 2>&1 &
	echo $! >"$dir/pid/keeper"
	until_true 60 settled || die "it did not come up within 60 s; see $dir/log"
	[ -e "$dir/ready" ] || { cat "$dir/failed" "$dir/log/keeper" >&2; down; die "it did not come up"; }
}

settled() {
	[ -e "$dir/ready" ] || [ -e "$dir/failed" ] || ! alive "$(cat "$dir/pid/keeper")"
}

down() {
	local keeper
	keeper=$(cat "$dir/pid/keeper" 2>/dev/null) || return 0
	# A number may have been given to another process since: it must be a keeper of this folder.
	if tr '\0' ' ' <"/proc/$keeper/cmdline" 2>/dev/null | grep -qF "lab.sh keep $dir "; then
		kill "$keeper" 2>/dev/null || true
		until_true 15 not alive "$keeper" || kill -9 "$keeper" 2>/dev/null || true
	fi
	rm -f "$dir/pid/keeper" "$dir/ready"
}

not() {
	! "$@"
}

# Outside: watches the one that wanted the lab, and ends the lab with it.
keep() {
	local owner=$1 inner
	LAB_PARTS=$parts LAB_BIN=$bin unshare --net --mount --pid --ipc --uts --fork --mount-proc --kill-child \
		"$0" inside "$dir" &
	inner=$!
	trap 'end_inner "$inner"; exit 0' TERM INT HUP
	echo "$inner" >"$dir/pid/unshare"
	while alive "$inner" && alive "$owner"; do
		sleep 0.5 &
		wait $! || true
	done
	end_inner "$inner"
}

end_inner() {
	local first
	first=$(child_of "$1")
	[ -n "$first" ] && kill -TERM "$first" 2>/dev/null && until_true 10 not alive "$1" && return
	kill -9 "$1" 2>/dev/null || true
}

enter() {
	local first
	first=$(child_of "$(cat "$dir/pid/unshare" 2>/dev/null || echo none)")
	[ -n "$first" ] || die "no lab runs in $dir; make one with \`lab.sh up $dir\`"
	exec nsenter --target "$first" --net --mount --pid --ipc --uts -- "$@"
}

blade() {
	local name=$1
	shift
	echo "$*" | socat -t 2 - "UNIX-CONNECT:$dir/$name/control" || die "$name does not answer; does the lab in $dir run?"
}

# shellcheck disable=SC2154 # coproc sets agent_PID
shell() {
	local name=$1 line end=$((SECONDS + ${LAB_SHELL_S:-60}))
	shift
	coproc agent { socat - "UNIX-CONNECT:$dir/$name/agent" 2>/dev/null; }
	echo "$*" >&"${agent[1]}"
	while [ $SECONDS -lt $end ] && IFS= read -r -t $((end - SECONDS)) line <&"${agent[0]}"; do
		line=${line%$'\r'}
		case $line in
		"DONE "*)
			kill "$agent_PID" 2>/dev/null || true
			exit "${line#DONE }"
			;;
		READY) ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
	kill "$agent_PID" 2>/dev/null || true
	die "the OS on $name did not answer \`$*\`; is it up?"
}

# The last whole block on the console.
facts() {
	tr -d '\r' <"$dir/$1/console.log" | awk '
		/BEGIN-FACTS/ { block = ""; inside = 1; next }
		/END-FACTS/ { if (inside) last = block; inside = 0 }
		inside { block = block $0 "\n" }
		END { if (last == "") exit 1; printf "%s", last }'
}

# --- inside the namespaces: /mnt/lab is the folder, /mnt/baton the checkout, whatever their real paths are

spawn() { # NAME COMMAND...
	local name=$1
	shift
	"$@" </dev/null >>"/mnt/lab/log/$name" 2>&1 &
	echo $! >"/mnt/lab/pid/$name"
}

network_up() {
	echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	hostname lab
	ip link set lo up
	ip link add mgmt0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	ip addr add 10.77.0.1/24 dev mgmt0
	local tap
	for tap in tap-a0 tap-b0 tap-b1; do
		ip tuntap add dev "$tap" mode tap
		ip link set "$tap" master mgmt0 up
	done
	ip link set mgmt0 up
}

tgt() {
	tgtadm --lld iscsi "$@"
}

target_up() {
	local iqn=iqn.2026-01.org.example:disk.web-01
	mkdir -p /mnt/lab/luns
	[ -e /mnt/lab/luns/web-01.img ] ||
		cp --sparse=always --reflink=auto "$top/build/lab/persona.img" /mnt/lab/luns/web-01.img
	spawn tgtd tgtd -f --iscsi portal=10.77.0.1:3260
	until_true 10 tgt --mode sys --op show >/dev/null 2>&1 || die "tgtd does not answer; see its log"
	tgt --mode target --op new --tid 1 -T $iqn
	tgt --mode logicalunit --op new --tid 1 --lun 1 -b /mnt/lab/luns/web-01.img
	tgt --mode target --op bind --tid 1 -I ALL
	tgt --mode account --op new --user baton --password "$(cat /mnt/lab/secrets/san)"
	tgt --mode account --op bind --tid 1 --user baton
}

# What stands in a blade: its file, and an HBA where the lab has them.
blade_file() {
	cat "$here/$1.blade"
	[ "${LAB_HBAS:-}" = yes ] || return 0
	case $1 in
	blade-a) echo "hba 0000:00:05.0 10:00:00:00:c9:aa:00:01 20:00:00:00:c9:aa:00:01" ;;
	blade-b) echo "hba 0000:00:06.0 10:00:00:00:c9:bb:00:01 20:00:00:00:c9:bb:00:01" ;;
	esac
}

# Shown to nobody until somebody adds a WWPN to the mask.
fabric_up() {
	[ "${LAB_HBAS:-}" = yes ] && [ ! -e /mnt/lab/luns/fc-01.img ] || return 0
	mkdir -p /mnt/lab/luns
	cp --sparse=always --reflink=auto "$top/build/lab/persona.img" /mnt/lab/luns/fc-01.img
	echo "target 50:06:01:60:3b:a0:00:01 3" >/mnt/lab/luns/fc-01.mask
}

blades_up() {
	local name
	fabric_up
	for name in blade-a blade-b; do
		mkdir -p "/mnt/lab/$name"
		blade_file $name >"/mnt/lab/$name/blade"
		spawn "$name" "$bin/tests/lab/blade" "/mnt/lab/$name/blade" "/mnt/lab/$name"
		until_true 10 test -S "/mnt/lab/$name/control" || die "$name does not start; see its log"
	done
}

bmcs_up() {
	if [ "${LAB_BMC:-ipmi_sim}" = sim ]; then sims_up; else ipmi_sims_up; fi
}

sims_up() {
	local name n=1
	for name in blade-a blade-b; do
		spawn "$name.bmc" "$bin/baton-sim" bmc --dir "/mnt/lab/$name/bmc" --name $name --user baton \
			--secret-file "/mnt/lab/secrets/$name" --ipmi 127.0.0.1:$((9000 + n)) --redfish 127.0.0.1:$((9443 + n)) \
			--blade "/mnt/lab/$name/control" --nics "$(grep -c '^nic ' "$here/$name.blade")" --hbas 0 \
			--uuid "$(awk '$1 == "uuid" { print $2 }' "$here/$name.blade")"
		until_true 10 grep -qx ready "/mnt/lab/log/$name.bmc" || die "the BMC of $name does not start; see its log"
		n=$((n + 1))
	done
}

ipmi_sims_up() {
	local name port=9001
	for name in blade-a blade-b; do
		mkdir -p "/mnt/lab/$name/bmc"
		cat >"/mnt/lab/$name/bmc/lan.conf" <<END
name "$name"
set_working_mc 0x20
startlan 1
  addr 127.0.0.1 $port
  priv_limit admin
  allowed_auths_admin md5
  guid a123456789abcdefa123456789abcdef
endlan
chassis_control "$bin/tests/lab/chassis /mnt/lab/$name/control"
user 1 true "" "" user 10 none
user 2 true "baton" "$(cat "/mnt/lab/secrets/$name")" admin 10 md5
END
		cat >"/mnt/lab/$name/bmc/bmc.emu" <<END
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
END
		mkdir -p "/mnt/lab/$name/bmc/state"
		spawn "$name.bmc" ipmi_sim -n -d -c "/mnt/lab/$name/bmc/lan.conf" -f "/mnt/lab/$name/bmc/bmc.emu" \
			-s "/mnt/lab/$name/bmc/state"
		port=$((port + 1))
	done
}

# One word a file.
secrets_make() {
	local name
	mkdir -p /mnt/lab/secrets
	for name in secrets/san secrets/blade-a secrets/blade-b; do
		[ -s "/mnt/lab/$name" ] || head -c 9 /dev/urandom | base64 | tr '+/' 'xy' | tr -d '\n' >"/mnt/lab/$name"
		chmod 600 "/mnt/lab/$name"
	done
	chown -R 61004:61004 /mnt/lab/secrets
	chmod 700 /mnt/lab/secrets
}

# Copies, since users without rights may not look into the folder that was built in.
baton_up() {
	mkdir -p /mnt/bin /mnt/boot /mnt/packs /mnt/scripts
	cp "$bin"/{batond,baton-broker,baton-edge,baton-files,baton-hand,baton} /mnt/bin
	cp -R "$bin/boot/." /mnt/boot
	cp -R "$bin/lab/packs/." /mnt/packs
	[ "${LAB_HBAS:-}" != yes ] || cp -R "$bin/lab/packs-fc/." /mnt/packs
	cp -R "$top/ipxe-scripts/." /mnt/scripts
	chmod -R a+rX /mnt/bin /mnt/boot /mnt/packs /mnt/scripts
	cat >/mnt/lab/baton.conf <<END
interfaces = mgmt0
state_dir = /mnt/lab/state
key_file = /mnt/lab/store.key
run_dir = /run/baton
boot_dir = /mnt/boot
scripts_dir = /mnt/scripts
packs_dir = /mnt/packs
secrets_dir = /mnt/lab/secrets
user_broker = 61001
user_edge = 61002
user_files = 61003
user_hand = 61004
group_api = 0
san_iqn = iqn.2026-01.org.example:baton
san_user = baton
san_secret = san
tgt_control = /run/tgtd/socket.0
END
	batond_up
	# A lab whose folder has a store already knows all this.
	baton machine list -o json | grep -q blade-a || feed
}

batond_up() {
	spawn batond /mnt/bin/batond -c /mnt/lab/baton.conf
	until_true 20 baton status >/dev/null 2>&1 || die "Baton does not answer; see the log of batond"
}

baton() {
	/mnt/bin/baton "$@"
}

# NAME N: how Baton reaches the controller of that blade, the N-th.
bmc_words() {
	if [ "${LAB_BMC:-ipmi_sim}" = sim ]; then
		echo "--bmc redfish://baton@127.0.0.1:$((9443 + $2)) --bmc-pin sha256:$(sed -n 's/.*sha256=//p' "/mnt/lab/log/$1.bmc" | tail -n 1)"
	else
		echo "--bmc ipmi://baton@127.0.0.1:$((9000 + $2)) --bmc-cipher 3"
	fi
}

# What an operator types on the first day.
# shellcheck disable=SC2046 # words
feed() {
	local hba_a=() hba_b=()
	baton network add mgmt --interface mgmt0 --address 10.77.0.1/24 --pool 10.77.0.100-10.77.0.199
	baton pool add macs --mac 02:ba:70:00:00:01-02:ba:70:00:ff:ff
	baton pool add iqns --iqn iqn.2026-01.org.example:
	if [ "${LAB_HBAS:-}" = yes ]; then
		hba_a=(--hba "wwpn=10:00:00:00:c9:aa:00:01,wwnn=20:00:00:00:c9:aa:00:01")
		hba_b=(--hba "wwpn=10:00:00:00:c9:bb:00:01,wwnn=20:00:00:00:c9:bb:00:01")
		baton pool add wwns --wwn 20:00:02:ba:70:00:00:01-20:00:02:ba:70:00:ff:ff
	fi
	baton machine add blade-a $(bmc_words blade-a 1) --bmc-secret blade-a --pool spares \
		--uuid "$(awk '$1 == "uuid" {print $2}' "$here/blade-a.blade")" \
		--nic mac=52:54:00:aa:00:01,network=mgmt,carries=yes "${hba_a[@]}"
	baton machine add blade-b $(bmc_words blade-b 2) --bmc-secret blade-b --pool spares \
		--uuid "$(awk '$1 == "uuid" {print $2}' "$here/blade-b.blade")" \
		--nic mac=52:54:00:bb:00:01,network=mgmt,carries=no --nic mac=52:54:00:bb:00:02,network=mgmt,carries=yes "${hba_b[@]}"
	if [ "${LAB_HBAS:-}" = yes ]; then
		baton persona add db-01 --san fc --nic network=mgmt --hba target=50:06:01:60:3b:a0:00:01/3
		return
	fi
	baton persona add web-01 --san tgt --target iqn.2026-01.org.example:disk.web-01 --lun 1 \
		--portal 10.77.0.1:3260 --nic network=mgmt
}

inside() {
	trap 'echo "line $LINENO: $BASH_COMMAND" >"$dir/failed"' ERR
	set -E
	mount --make-rprivate /
	mount -t sysfs sysfs /sys # the one that shows our network
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /mnt
	mkdir /mnt/lab /mnt/baton
	mount --bind "$dir" /mnt/lab
	mount --bind "$top" /mnt/baton
	bin=${bin/#"$top"//mnt/baton} here=${here/#"$top"//mnt/baton} top=/mnt/baton
	trap stop_inside TERM
	secrets_make
	network_up
	local part
	for part in $parts; do
		"${part}_up"
	done
	touch /mnt/lab/ready
	trap - ERR
	set +e
	# The first process of the namespace: it reaps, and the lab lives as long as it does.
	while :; do
		sleep 3600 &
		wait $!
	done
}

stop_inside() {
	trap - TERM ERR
	set +e
	local name
	if [ -s /mnt/lab/pid/batond ]; then
		kill -TERM "$(cat /mnt/lab/pid/batond)" 2>/dev/null
		until_true 5 not alive "$(cat /mnt/lab/pid/batond)"
	fi
	for name in blade-a blade-b; do
		[ -s "/mnt/lab/pid/$name" ] && kill -TERM "$(cat "/mnt/lab/pid/$name")" 2>/dev/null
	done
	exit 0
}

[ $# -ge 2 ] || die "want: lab.sh up|down|enter DIR"
verb=$1
dir=$(realpath -m "$2")
shift 2
case $verb in
up | down | keep | inside | enter | blade | shell | facts) "$verb" "$@" ;;
*) die "no verb $verb: want up, down, enter, blade, shell or facts" ;;
esac
