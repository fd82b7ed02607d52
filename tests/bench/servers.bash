# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# For the figures about DHCP and TFTP: a veth pair between two namespaces, and the servers that stand
# at its end, one at a time, with the fleet of fleet.h. Sourced; sets $B, $dir, $server, $client, and
# after serve_NAME $pid, the process that does the work. Needs root.
set -euo pipefail
B=$(realpath "${B:-build/dev}")
PATH=$PATH:/usr/sbin
server=bench-s-$$ client=bench-c-$$
dir=$(mktemp -d /dev/shm/baton-bench.XXXXXX)
disk=$(mktemp -d /var/tmp/baton-bench.XXXXXX) # what shall outlive a power cut is written where it would
pid='' started=''
# Before whatever else this machine does, where that is allowed. The kernel keeps 50 ms of each second for
# the others, from all servers alike; FIRST= measures without.
! chrt -r 10 true 2>/dev/null || : "${FIRST=chrt -r 10}"
first=${FIRST-}

# Ends the server that stands there.
stop() {
	[ -z "$started" ] || { kill "$started" && wait "$started"; } 2>/dev/null || true
	pid='' started=''
}

finish() {
	stop
	ip netns del "$server" 2>/dev/null || true
	ip netns del "$client" 2>/dev/null || true
	rm -rf "$dir" "$disk"
}
trap finish EXIT
trap 'exit 130' INT TERM

need() { # PROGRAM PACKAGE
	command -v "$1" >/dev/null || { echo "bench: $1 is not here; install $2" >&2 && exit 1; }
}

chmod 755 "$dir"
mkdir -p "$dir"/{table,boot}
ip netns add "$server"
ip netns add "$client"
ip -n "$server" link add s0 type veth peer name c0 netns "$client"
ip -n "$server" addr add 10.0.0.1/8 dev s0
ip -n "$server" link set s0 up
ip -n "$client" addr add 10.0.0.2/8 dev c0
ip -n "$client" link set c0 up

# run_server WORDS...: in the server's namespace; $pid is it.
run_server() {
	$first ip netns exec "$server" "$@" >"$dir/log" 2>&1 &
	started=$! pid=$!
}

fleet() {
	$first "$B/tests/bench/fleet" "$@"
}

load() {
	$first ip netns exec "$client" "$B/tests/bench/dhcp-load" "$@" c0
}

# until_answers WORDS...: until the load's questions have been answered.
until_answers() {
	local end=$((SECONDS + 300))
	until load -k 1 -n 1 -t 1 -o "$@" >/dev/null 2>&1; do
		if ! kill -0 "$started" 2>/dev/null || [ $SECONDS -gt $end ]; then
			echo "bench: the server does not answer:" >&2
			tail -n 5 "$dir/log" >&2
			exit 1
		fi
	done
}

# serve_baton N [POOL]: in its jail, as a user without rights. With a pool it lends to strangers.
serve_baton() {
	local end=$((SECONDS + 20)) leases=()
	[ "${2:-0}" -eq 0 ] || leases=("leases.0=file:$disk/0" "leases.1=file:$disk/1")
	rm -f "$disk"/[01]
	fleet table "$1" "$dir/table" 1 "${2:-0}"
	cp "$B/baton-edge" "$dir/"
	: >"$dir/events"
	run_server "$B/tests/lib/give" -u 64502 "${leases[@]}" "table=dir:$dir/table" "boot=dir:$dir/boot" \
		"events=log:$dir/events" "dhcp.s0=udp:0.0.0.0:67@s0" "tftp.s0=udp:0.0.0.0:69@s0" "raw.s0=raw:s0" \
		-- "$dir/baton-edge"
	until pid=$(cat "/proc/$started/task/$started/children" 2>/dev/null) && [ -n "$pid" ] &&
		grep -q table-taken "$dir/events"; do
		if [ $SECONDS -gt $end ] || ! kill -0 "$started"; then
			cat "$dir/log" >&2
			exit 1
		fi
	done
	pid=${pid% }
}

serve_echo() {
	run_server "$B/tests/bench/echo" s0
}

# serve_dnsmasq N [POOL]: each machine has a line in a hosts file and, as after a first day, a lease.
serve_dnsmasq() {
	: >"$disk/dnsmasq"
	local range=10.0.0.0,static,255.0.0.0
	if [ "${2:-0}" -gt 0 ]; then
		range=10.128.0.1,$(addr_of $((0x0a800000 + $2))),255.0.0.0
	else
		fleet leases "$1" >"$disk/dnsmasq"
	fi
	fleet hosts "$1" >"$dir/hosts"
	run_server dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --port=0 --interface=s0 \
		--bind-interfaces --dhcp-authoritative --no-ping --dhcp-range="$range" --dhcp-hostsfile="$dir/hosts" \
		--dhcp-lease-max=1000000 --dhcp-leasefile="$disk/dnsmasq" --pid-file= --quiet-dhcp --log-facility=-
}

addr_of() {
	echo $(($1 >> 24)).$(($1 >> 16 & 255)).$(($1 >> 8 & 255)).$(($1 & 255))
}

# serve_kea_stock N [POOL]: as Debian's package sets it up: a subnet, reservations, the memfile, one thread, a log of
# what it leases. serve_kea: the same without the log. serve_kea_tuned: with all that the manual has to offer besides. Two threads; a lease that
# is not yet a quarter over is given again without a write; no clean-up of the memfile, no history of statistics, no
# look at leases that it did not make, no client ids; reservations outside of the pool, which spares look-ups.
# Both by UDP sockets, since everything comes through the relay.
serve_kea_stock() {
	kea INFO '' '' "$@"
}

serve_kea() {
	kea FATAL '' '' "$@"
}

serve_kea_tuned() {
	local cache='"cache-threshold": 0.25,'
	[ "${2:-0}" -eq 0 ] || cache= # strangers' leases are written
	kea FATAL "$cache"'"multi-threading": { "enable-multi-threading": true, "thread-pool-size": 2, "packet-queue-size": 256 },
		"sanity-checks": { "lease-checks": "none" }, "statistic-default-sample-count": 1,
		"expired-leases-processing": { "reclaim-timer-wait-time": 3600, "flush-reclaimed-timer-wait-time": 3600 },
		"match-client-id": false, "echo-client-id": false, "host-reservation-identifiers": [ "hw-address" ],
		"reservations-global": false, "reservations-in-subnet": true, "reservations-out-of-pool": true,' \
		', "lfc-interval": 0' "$@"
}

kea() { # LOG SETTINGS MEMFILE N [POOL]
	local pools='' log=$1 settings=$2 memfile=$3
	shift 3
	rm -f "$disk"/kea*
	if [ "${2:-0}" -gt 0 ]; then
		pools="{ \"pool\": \"10.128.0.1 - $(addr_of $((0x0a800000 + $2)))\" }"
	else
		fleet csv "$1" >"$disk/kea"
	fi
	{
		cat <<-END
			{ "Dhcp4": {
			"interfaces-config": { "interfaces": [ "s0" ], "dhcp-socket-type": "udp" },
			"lease-database": { "type": "memfile", "persist": true, "name": "$disk/kea" $memfile },
			$settings
			"valid-lifetime": 3600, "renew-timer": 1800, "rebind-timer": 3150,
			"loggers": [ { "name": "kea-dhcp4", "severity": "$log", "output_options": [ { "output": "$dir/kea.log" } ] } ],
			"subnet4": [ { "id": 1, "subnet": "10.0.0.0/8", "pools": [ $pools ],
			"reservations": [
		END
		fleet reserved "$1"
		echo '] } ] } }'
	} >"$dir/kea.json"
	KEA_PIDFILE_DIR=$dir KEA_LOCKFILE_DIR=$dir run_server kea-dhcp4 -c "$dir/kea.json"
}

# of_status FIELD: kB of $pid.
of_status() {
	awk -v field="$1:" '$1 == field { print $2 }' "/proc/$pid/status"
}

# CPU time that $pid has used, in us.
cpu_us() {
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) * 1000000 / hz }' "/proc/$pid/stat"
}

# median: of the numbers on standard input.
median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
