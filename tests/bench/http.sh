#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Boot files by HTTP: baton-files in its jail beside Debian's nginx (one worker, sendfile), the same
# files over a veth pair, asked by wrk with 1, 100 and 1,000 connections. The medians of rounds in
# which each has its turn. Read the ratios; client and server share this machine's cores, and `cpu`
# is what the server alone used for a request.
# nginx is told to accept all that wait (multi_accept): else it takes one for each turn of its loop,
# and in two seconds had met 240 of 1,000 clients. Bytes are counted, since of a large file to many
# clients none may be whole by the end: a request is so many of them.
# usage: B=build/dev tests/bench/http.sh [ROUNDS [SECONDS]]
# shellcheck disable=SC2016 # awk's own $
set -euo pipefail
B=$(realpath "${B:-build/dev}")
rounds=${1:-5} seconds=${2:-2}
server=bench-s-$$ client=bench-c-$$
dir=$(mktemp -d /dev/shm/baton-bench.XXXXXX)
exec {nap_fd}<> <(:)
# Connections of one wrk thread. baton-files gives one address no more than 64 at a time, so each
# thread has an address of its own: it asks another address of the server, and the route to that
# one says which address the client has.
each=50 threads_max=20
declare -A pid=() port=([baton-files]=8080 [nginx]=8081)
# Before whatever else this machine does, where that is allowed.
first=
! chrt -r 10 true 2>/dev/null || first="chrt -r 10"
PATH=$PATH:/usr/sbin
for tool in nginx wrk; do
	command -v $tool >/dev/null || { echo "http.sh: $tool is not here; install $tool" >&2 && exit 1; }
done

finish() {
	local p
	for p in "${pid[@]}"; do { kill "$p" && wait "$p"; } 2>/dev/null || true; done
	ip netns del "$server" 2>/dev/null || true
	ip netns del "$client" 2>/dev/null || true
	rm -rf "$dir"
}
trap finish EXIT

ip netns add "$server"
ip netns add "$client"
ip -n "$server" link add s0 type veth peer name c0 netns "$client"
ip -n "$server" link set s0 up
ip -n "$client" link set c0 up
for ((i = 1; i <= threads_max; i++)); do
	ip -n "$server" addr add 10.77.1.$i/16 dev s0
	ip -n "$client" addr add 10.77.2.$i/16 dev c0
	ip -n "$client" route add 10.77.1.$i dev c0 src 10.77.2.$i
done

# The same files for both: hard links.
mkdir -p "$dir"/{table,boot/shim,packs,www/shim,www/loaders,tmp}
chmod 755 "$dir"
head -c 263168 /dev/urandom > "$dir/boot/snponly.efi"
head -c 13000000 /dev/urandom > "$dir/boot/shim/initrd.img"
chmod 644 "$dir/boot/snponly.efi" "$dir/boot/shim/initrd.img"
ln "$dir/boot/snponly.efi" "$dir/www/loaders/"
ln "$dir/boot/shim/initrd.img" "$dir/www/shim/"
declare -A file=([257KB]=/loaders/snponly.efi [13MB]=/shim/initrd.img) len=([257KB]=263168 [13MB]=13000000)

"$B/tests/lib/mktable" "$dir/table" > /dev/null
cp "$B/baton-files" "$dir/"
$first ip netns exec "$server" "$B/tests/lib/give" -u 64501 "table=dir:$dir/table" "boot=dir:$dir/boot" \
	"packs=dir:$dir/packs" "http.s0=tcp:0.0.0.0:${port[baton-files]}" "events=log:$dir/events" \
	-- "$dir/baton-files" 2> "$dir/log" &
pid[baton-files]=$!

cat > "$dir/nginx.conf" <<-EOF2
	daemon off;
	user www-data;
	worker_processes 1;
	worker_rlimit_nofile 8192;
	pid $dir/nginx.pid;
	error_log $dir/nginx.log;
	events { worker_connections 4096; multi_accept on; }
	http {
		types { application/efi efi; }
		default_type application/octet-stream;
		sendfile on;
		tcp_nopush on;
		access_log off;
		client_body_temp_path $dir/tmp/b; proxy_temp_path $dir/tmp/p; fastcgi_temp_path $dir/tmp/f;
		uwsgi_temp_path $dir/tmp/u; scgi_temp_path $dir/tmp/s;
		server { listen ${port[nginx]}; root $dir/www; }
	}
EOF2
$first ip netns exec "$server" nginx -c "$dir/nginx.conf" 2> "$dir/nginx.err" &
pid[nginx]=$!

# Each thread to its own address of the server.
cat > "$dir/spread.lua" <<-'EOF2'
	local threads = 0
	function setup(thread)
		threads = threads + 1
		thread.addr = wrk.lookup("10.77.1." .. threads, wrk.port)[1]
	end
	function done(sum)
		local e = sum.errors
		io.write(string.format("figures %f %d %d\n", sum.bytes * 1e6 / sum.duration, sum.bytes,
			e.connect + e.read + e.write + e.status + e.timeout))
	end
EOF2

# The process that answers: the one child that has no child of its own.
worker_of() {
	local p=${pid[$1]} kids
	while kids=$(cat "/proc/$p/task/$p/children") && [ -n "$kids" ]; do p=${kids%% *}; done
	echo "$p"
}

cpu_ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# measure SERVER FILE CONNECTIONS
measure() {
	local threads=$((($3 + each - 1) / each)) worker before figures
	worker=$(worker_of "$1")
	before=$(cpu_ticks "$worker")
	figures=$($first ip netns exec "$client" wrk -t $threads -c "$3" -d "${seconds}s" --timeout 30s -s "$dir/spread.lua" \
		"http://10.77.1.1:${port[$1]}${file[$2]}" | sed -n 's/^figures //p')
	echo "$1 $2 $3 $figures $(($(cpu_ticks "$worker") - before))" >> "$dir/figures"
}

for name in baton-files nginx; do
	until ip netns exec "$client" curl -sf -o "$dir/got" "http://10.77.1.1:${port[$name]}${file[257KB]}"; do
		kill -0 "${pid[$name]}"
		read -rt 0.05 -u "$nap_fd" || true
	done
	cmp "$dir/got" "$dir/boot/snponly.efi"
done
for ((round = 0; round < rounds; round++)); do
	for size in 257KB 13MB; do
		for connections in 1 100 1000; do
			for name in baton-files nginx; do measure $name $size $connections; done
		done
	done
done

# median SERVER FILE CONNECTIONS EXPRESSION: of what awk makes of a round's figures
median() {
	awk -v s="$1" -v f="$2" -v n="$3" -v hz="$(getconf CLK_TCK)" -v len="${len[$2]}" \
		'$1 == s && $2 == f && $3 == n { print '"$4"' }' "$dir/figures" | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
printf '%-6s %11s  %-12s %10s %8s %8s %7s %6s\n' file connections server requests/s MB/s cpu/us errors ratio
for size in 257KB 13MB; do
	for connections in 1 100 1000; do
		of_nginx=$(median nginx $size $connections '$4 / len')
		for name in baton-files nginx; do
			of_this=$(median $name $size $connections '$4 / len')
			printf '%-6s %11s  %-12s %10.1f %8.0f %8.0f %7s %6.2f\n' $size $connections $name "$of_this" \
				"$(median $name $size $connections '$4 / 1e6')" \
				"$(median $name $size $connections '$7 / hz * 1e6 * len / ($5 ? $5 : 1)')" \
				"$(median $name $size $connections '$6')" "$(awk "BEGIN { print $of_this / $of_nginx }")"
		done
	done
done
