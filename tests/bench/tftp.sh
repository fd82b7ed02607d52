#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# TFTP, baton-edge beside tftpd-hpa: a loader of 257 KB and a kernel of 8 MB, to 1, 20 and 200 clients at
# once, in blocks of 1,428 and 1,468 bytes, which a firmware asks for and which an Ethernet frame holds.
# Both answer block by block. Every byte is compared. Medians of rounds in which each has its turn.
# usage: B=build/dev tests/bench/tftp.sh [ROUNDS]
# shellcheck source=tests/bench/servers.bash
. "$(dirname "$0")/servers.bash"
need in.tftpd tftpd-hpa
rounds=${1:-3}
# Files, and how many times a client fetches one in a run.
head -c 257000 /dev/urandom >"$dir/boot/loader"
head -c 8000000 /dev/urandom >"$dir/boot/kernel"
chmod 644 "$dir"/boot/*
chmod 755 "$dir/boot"

serve_tftpd() {
	run_server in.tftpd --listen --foreground --user nobody --address 10.0.0.1:69 --secure "$dir/boot"
}

# fetch FILE BLKSIZE CLIENTS TRANSFERS: a line of figures.
fetch() {
	$first ip netns exec "$client" "$B/tests/bench/tftp-load" 10.0.0.1 "$1" "$dir/boot/$1" "$2" "$3" "$4"
}

for ((round = 0; round < rounds; round++)); do
	for name in baton tftpd; do
		"serve_$name" 1
		end=$((SECONDS + 10))
		until fetch loader 1428 1 1 >/dev/null 2>&1; do
			[ $SECONDS -lt $end ] || { echo "tftp.sh: $name does not answer" >&2 && exit 1; }
		done
		for file in loader kernel; do
			for blksize in 1428 1468; do
				for clients in 1 20 200; do
					transfers=400
					[ $file = loader ] || transfers=20
					[ $transfers -ge $clients ] || transfers=$clients
					[ "$clients" -gt 1 ] || transfers=$((transfers / 4))
					echo "$file $blksize $clients $name $(fetch $file $blksize $clients $transfers)" >>"$dir/figures"
				done
			done
		done
		stop
	done
done

printf '%-7s %7s %7s %8s %8s %8s %8s %8s %6s\n' file blksize clients server MB/s files/s p50/ms p99/ms again
for file in loader kernel; do
	for blksize in 1428 1468; do
		for clients in 1 20 200; do
			for name in baton tftpd; do
				row=()
				for c in 5 6 7 8 9; do
					row+=("$(awk -v f=$file -v b=$blksize -v n=$clients -v s=$name -v c=$c \
						'$1 == f && $2 == b && $3 == n && $4 == s { print $c }' "$dir/figures" | median)")
				done
				printf '%-7s %7s %7s %8s %8s %8s %8s %8s %6s\n' $file $blksize $clients $name "${row[@]}"
			done
		done
	done
done
