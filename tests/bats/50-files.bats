#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=files,root
# baton-files as it runs: jailed, with descriptors of its own, a table, and a broker that answers
# when the test wants it to. Nothing here leaves the loopback interface.

. tests/lib/wait.bash

PORT=18650
USER_FILES=64501

setup_file() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-files.XXXXXX)
	mkdir -p "$dir"/{table,boot/shim,packs}
	chmod 755 "$dir"
	export B dir
	export url="http://127.0.0.1:$PORT"
	head -c 300000 /dev/urandom > "$dir/boot/shim/initrd.img"
	echo kernel > "$dir/boot/shim/vmlinuz"
	echo loader > "$dir/boot/snponly.efi"
	echo pack > "$dir/packs/lab.img"
	echo secret > "$dir/secret"
	ln -s ../secret "$dir/boot/link"
	mkfifo "$dir/boot/pipe"
	chmod 644 "$dir"/boot/shim/* "$dir/boot/snponly.efi" "$dir/packs/lab.img"
	"$B/tests/lib/mktable" "$dir/table" identity > "$dir/tokens"
	# A program of an ordinary user cannot read a build folder that only root may enter.
	cp "$B/baton-files" "$dir/baton-files"
	"$B/tests/lib/give" -u $USER_FILES "table=dir:$dir/table" "boot=dir:$dir/boot" \
		"packs=dir:$dir/packs" "http.mgmt0=tcp:127.0.0.1:$PORT" "events=log:$dir/events" \
		-- "$dir/baton-files" 2> "$dir/stderr" 3>&- &
	echo $! > "$dir/pid"
	wait_for "started" "$dir/stderr"
}

teardown_file() {
	[ ! -e "$dir/slow.pid" ] || kill "$(cat "$dir/slow.pid")" 2>/dev/null || true
	if [ -e "$dir/pid" ]; then
		kill "$(cat "$dir/pid")" 2>/dev/null || true
		wait "$(cat "$dir/pid")" 2>/dev/null || true
	fi
	rm -rf "$dir"
}

setup() {
	# shellcheck source=/dev/null
	. "$dir/tokens"
	rm -f "$dir/events.answer"
}

count() { grep -c -- "$1" "$dir/events" || true; }

# fetch PATH [curl's words]: sets $status, $body.
fetch() {
	local path=$1
	shift
	rm -f "$dir/body"
	status=$(curl -s -m 30 --path-as-is -o "$dir/body" -w '%{http_code}' "$@" "$url$path")
	body=$(tr -d "\0" < "$dir/body" 2>/dev/null || true)
}

want() {
	if [ "$status" != "$1" ] || [[ $body != *"$2"* ]]; then
		echo "got $status: $body"
		return 1
	fi
}

@test "it is jailed: no root, no capability, no new rights, a filter, its own folders only" {
	grep -q 'jail=seccomp' "$dir/stderr"
	pid=$(sed -n 's/.*baton-files started pid=\([0-9]*\).*/\1/p' "$dir/stderr" | tail -1)
	grep -q '^Uid:.64501.64501.64501' "/proc/$pid/status"
	grep -q '^Groups:\s*$' "/proc/$pid/status"
	grep -q '^CapEff:.0000000000000000' "/proc/$pid/status"
	grep -q '^CapBnd:.0000000000000000' "/proc/$pid/status"
	grep -q '^NoNewPrivs:.1' "/proc/$pid/status"
	grep -q '^Seccomp:.2' "/proc/$pid/status"
}

@test "as root it refuses to serve" {
	run "$B/tests/lib/give" "table=dir:$dir/table" "boot=dir:$dir/boot" "packs=dir:$dir/packs" \
		"http.mgmt0=tcp:127.0.0.1:$((PORT + 1))" "events=log:$dir/events2" -- "$dir/baton-files"
	[ "$status" -eq 1 ]
	[[ $output == *"this process is root"* ]]
}

@test "without its descriptors it says which one is missing" {
	run env -u BATON_FDS "$dir/baton-files"
	[ "$status" -eq 1 ]
	[[ $output == *'descriptor "table" was not given'* ]]
}

@test "entry, next and job are rendered for the machine that the token names" {
	fetch "/b/$blade_a/entry.ipxe"
	want 200 "entry http://10.77.0.1:8080/b/525400aa0001-4-"
	fetch "/b/$blade_a/next.ipxe?uuid=00112233-4455-6677-8899-aabbccddeeff"
	want 200 "shim identity blade-a"
	wait_for "script-sent mac=52:54:00:aa:00:01 machine=blade-a script=shim.ipxe deed=identity generation=4" "$dir/events"
	fetch "/b/$blade_a/job"
	want 200 "deed identity"
	want 200 "nic 0000:00:03.0 52:54:00:aa:00:01 02:ba:70:00:00:01 carries"
	fetch "/b/$blade_b/next.ipxe"
	want 200 "park blade-b"
	fetch "/b/$blade_b/job"
	want 404 "no-job: "
}

@test "a rendered script carries a token that is good in turn" {
	fetch "/b/$blade_a/entry.ipxe"
	again=${body##*/b/}
	fetch "/b/${again%%$'\n'*}/next.ipxe"
	want 200 "shim identity"
}

@test "the UUID of another body gets silence with a reason" {
	fetch "/b/$blade_a/next.ipxe?uuid=ffffffff-4455-6677-8899-aabbccddeeff"
	want 403 "stale-body: "
	fetch "/b/$blade_a/next.ipxe?uuid=nonsense"
	want 400 "bad-uuid: "
}

@test "a wrong, an old and an outlived token are three different refusals" {
	fetch "/b/${blade_a%?}x/entry.ipxe"
	want 403 "bad-token: "
	fetch "/b/525400aa0001-4-1-00000000000000000000000000000000/job"
	want 403 "bad-token: "
	fetch "/b/$expired/entry.ipxe"
	want 410 "token-expired: "
	fetch "/b/$stale/entry.ipxe"
	want 410 "stale-generation: "
	fetch "/b/$loose/entry.ipxe"
	want 410 "stale-generation: "
	wait_for "http-refused addr=127.0.0.1 why=bad-token" "$dir/events"
	[ "$(count 'http-refused addr=127.0.0.1 why=bad-token')" -eq 1 ]
}

@test "boot files go out whole, with their length, and the shim's end is told" {
	fetch /shim/initrd.img
	[ "$status" = 200 ]
	cmp "$dir/body" "$dir/boot/shim/initrd.img"
	wait_for "shim-sent addr=127.0.0.1 file=initrd.img" "$dir/events"
	fetch /shim/vmlinuz
	want 200 kernel
	fetch /loaders/snponly.efi -D "$dir/head"
	want 200 loader
	grep -qi '^content-type: application/efi' "$dir/head"
	fetch /shim/packs/lab.img
	want 200 pack
}

@test "HEAD gives the length and no body, and is no shim sent" {
	before=$(count shim-sent)
	run curl -sI -m 5 "$url/shim/initrd.img"
	[[ $output == *"Content-Length: 300000"* ]]
	fetch /shim/vmlinuz
	want 200 kernel
	[ "$(count shim-sent)" -eq "$before" ]
}

@test "a part of a file, and none of another file" {
	tag=$(curl -sI -m 5 "$url/shim/initrd.img" | sed -n 's/^ETag: \(.*\)\r$/\1/p')
	[[ $tag == '"'*'"' ]]
	fetch /shim/initrd.img -r 1000-1999 -D "$dir/head"
	[ "$status" = 206 ]
	grep -q '^Content-Range: bytes 1000-1999/300000' "$dir/head"
	cmp "$dir/body" <(tail -c +1001 "$dir/boot/shim/initrd.img" | head -c 1000)
	fetch /shim/initrd.img -r -500
	[ "$status" = 206 ]
	cmp "$dir/body" <(tail -c 500 "$dir/boot/shim/initrd.img")
	fetch /shim/initrd.img -r 299999- -H "If-Range: $tag"
	[ "$status" = 206 ]
	[ "$(stat -c %s "$dir/body")" -eq 1 ]
	for odd in "-r 1000- -H If-Range:\"x\"" "-r 0-1,5-6" "-r 5-1" "-r x"; do
		# shellcheck disable=SC2086 # words
		fetch /shim/initrd.img $odd -D "$dir/head"
		[ "$status" = 200 ]
		grep -q '^Accept-Ranges: bytes' "$dir/head"
		cmp "$dir/body" "$dir/boot/shim/initrd.img"
	done
	fetch /shim/initrd.img -r 300000- -D "$dir/head"
	want 416 "no-range: "
	grep -q '^Content-Range: bytes \*/300000' "$dir/head"
	run curl -sI -m 5 -r 0-9 "$url/shim/initrd.img"
	[[ $output == "HTTP/1.1 200 OK"*"Content-Length: 300000"* ]]
	# A script is made for each who asks: it has no parts and no tag.
	fetch "/b/$blade_a/entry.ipxe" -r 0-9 -D "$dir/head"
	want 200 "entry http"
	! grep -qi '^etag\|^accept-ranges' "$dir/head"
}

@test "what a client has is not sent again, until it is another file" {
	echo first > "$dir/boot/own.efi"
	tag=$(curl -sI -m 5 "$url/loaders/own.efi" | sed -n 's/^ETag: \(.*\)\r$/\1/p')
	fetch /loaders/own.efi -H "If-None-Match: \"x\", W/$tag" -D "$dir/head"
	want 304 ""
	[ ! -s "$dir/body" ]
	grep -qF "ETag: $tag" "$dir/head"
	! grep -qi '^content-length' "$dir/head"
	fetch /loaders/own.efi -H "If-Match: $tag"
	want 200 first
	echo other > "$dir/boot/own.new"
	mv "$dir/boot/own.new" "$dir/boot/own.efi"
	fetch /loaders/own.efi -H "If-None-Match: $tag"
	want 200 other
	fetch /loaders/own.efi -H "If-Match: $tag"
	want 412 "other-file: "
}

@test "a file that is fetched again and again is the one that lies there now" {
	echo first > "$dir/boot/again.efi"
	for now in second third; do
		fetch /loaders/again.efi
		fetch /loaders/again.efi
		want 200 "$(cat "$dir/boot/again.efi")"
		echo $now > "$dir/boot/again.new"
		mv "$dir/boot/again.new" "$dir/boot/again.efi"
	done
	fetch /loaders/again.efi
	want 200 third
	echo "written in place" > "$dir/boot/again.efi"
	fetch /loaders/again.efi
	want 200 "written in place"
	chmod 600 "$dir/boot/again.efi"
	fetch /loaders/again.efi
	want 404 "no-file: this file is there but not readable"
	rm "$dir/boot/again.efi"
	ln -s snponly.efi "$dir/boot/again.efi"
	fetch /loaders/again.efi
	want 404 "no-file: this file is a link"
	# More of them than are kept open.
	for i in $(seq 80); do echo "loader $i" > "$dir/boot/many-$i.efi"; done
	for i in $(seq 80) 1 40; do
		fetch "/loaders/many-$i.efi"
		want 200 "loader $i"
	done
	pid=$(sed -n 's/.*baton-files started pid=\([0-9]*\).*/\1/p' "$dir/stderr" | tail -1)
	open=("/proc/$pid/fd/"*)
	[ ${#open[@]} -lt 70 ]
}

@test "2,000 slow readers at once need no thread and little memory, and nobody waits for them" {
	pid=$(sed -n 's/.*baton-files started pid=\([0-9]*\).*/\1/p' "$dir/stderr" | tail -1)
	head -c 8000000 /dev/urandom > "$dir/boot/shim/big.img"
	before=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
	"$B/tests/lib/slow" 127.0.0.1 $PORT /shim/big.img 2000 > "$dir/slow" 2>&1 3>&- &
	slow=$!
	echo $slow > "$dir/slow.pid"
	wait_for "open 2000" "$dir/slow" 1 20
	threads=("/proc/$pid/task/"*)
	after=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
	fetch /shim/big.img -m 5
	[ "$status" = 200 ]
	cmp "$dir/body" "$dir/boot/shim/big.img"
	fetch "/b/$blade_a/next.ipxe" -m 1
	want 200 "shim identity"
	kill $slow
	wait $slow
	cat "$dir/slow"
	echo "$before KiB, then $after KiB"
	grep -q "^lost 0" "$dir/slow"
	[ ${#threads[@]} -eq 1 ]
	[ $((after - before)) -lt 40960 ]
	rm "$dir/boot/shim/big.img"
}

@test "no path leads out of the folders" {
	for path in /loaders/../secret /loaders/..%2fsecret /shim/%2e%2e/secret /loaders/link \
		/loaders/pipe /loaders/ /loaders /loaders/.hidden /shim/packs /shim/packs/../initrd.img \
		//etc/passwd /b/ /b//job /b/x "/loaders/a%00b" "/loaders/$(printf 'a%.0s' {1..300})"; do
		fetch "$path"
		if [ "$status" != 404 ] || [[ $body == *secret* ]]; then
			echo "$path: $status $body"
			return 1
		fi
	done
}

@test "a file that cannot be given is named, with what is wrong with it" {
	echo closed > "$dir/boot/closed.efi"
	chmod 600 "$dir/boot/closed.efi"
	fetch /loaders/closed.efi
	want 404 "no-file: this file is there but not readable for everybody; chmod a+r it"
	wait_for "http-refused addr=127.0.0.1 why=no-file file=" "$dir/events"
	fetch /loaders/link
	want 404 "no-file: this file is a link"
	fetch /loaders/none.efi
	want 404 "no-file: there is no file of that name here"
}

@test "one peer that holds all the connections it can get leaves some to the others" {
	for ((i = 0; i < 100; i++)); do
		exec {held[i]}<> "/dev/tcp/127.0.0.1/$PORT"
	done
	fetch /shim/vmlinuz -m 2 || true
	[ "$status" = 000 ]
	fetch /shim/vmlinuz --interface 127.0.0.2
	want 200 kernel
	for ((i = 0; i < 100; i++)); do exec {held[i]}>&-; done
	until=$((SECONDS + 5))
	until fetch /shim/vmlinuz -m 2 && [ "$status" = 200 ]; do [ $SECONDS -lt $until ]; done
}

@test "who fetches the shim for ever is told of now and then" {
	before=$(count shim-sent)
	curl -s -m 60 --interface 127.0.0.3 -o /dev/null "$url/shim/initrd.img?[1-200]"
	[ $(($(count shim-sent) - before)) -gt 10 ]
	[ $(($(count shim-sent) - before)) -lt 150 ]
}

@test "methods: a script is fetched, a report is sent" {
	fetch "/b/$blade_a/job" -X DELETE -D "$dir/head"
	want 405 "bad-method: "
	grep -qi '^allow: GET, HEAD' "$dir/head"
	fetch "/b/$blade_a/report"
	want 405 "bad-method: "
}

@test "what a step says becomes an event, whatever bytes it is made of" {
	fetch "/b/$blade_a/said?step=20-identity&what=no%20NIC%0Amac%3Dx"
	[ "$status" = 204 ]
	wait_for "step-said mac=52:54:00:aa:00:01 machine=blade-a generation=4 step=20-identity what=no%20NIC%0Amac%3Dx" "$dir/events"
}

@test "a report reaches the broker, and its answer reaches the shim" {
	echo "200 go on" > "$dir/events.answer"
	fetch "/b/$blade_a/report" --data-binary '{"stage":"found"}'
	want 200 "go on"
	wait_for 'report id=[0-9]* mac=52:54:00:aa:00:01 generation=4 | {"stage":"found"}' "$dir/events"
	echo "409 the card holds a persona's address" > "$dir/events.answer"
	fetch "/b/$blade_a/report" --data-binary '{"stage":"found"}'
	want 409 "the card holds a persona's address"
}

@test "a report of more than 8 KiB, or with a wrong token, never reaches the broker" {
	before=$(count '^report')
	head -c 8193 /dev/zero | tr '\0' x > "$dir/long"
	fetch "/b/$blade_a/report" --data-binary "@$dir/long"
	[ "$status" = 413 ]
	fetch "/b/$stale/report" --data-binary '{}'
	want 410 stale-generation
	echo "200 ok" > "$dir/events.answer"
	head -c 8192 "$dir/long" > "$dir/fits"
	fetch "/b/$blade_a/report" --data-binary "@$dir/fits"
	want 200 ok
	[ "$(count '^report')" -eq $((before + 1)) ]
}

@test "a silent broker is a 503 after 20 s, and scripts go out meanwhile" {
	curl -s -m 30 -o "$dir/late" -w '%{http_code} %{time_total}' --data-binary '{"late":1}' \
		"$url/b/$blade_a/report" > "$dir/late.status" 3>&- &
	pid=$!
	wait_for '"late":1' "$dir/events"
	fetch "/b/$blade_a/entry.ipxe"
	want 200 entry
	wait $pid
	read -r code time < "$dir/late.status" || true
	[ "$code" = 503 ]
	[ "${time%.*}" -ge 19 ]
	grep -q "broker-silent: " "$dir/late"
}

@test "a new table is taken with the next request; an older binding's token is refused then" {
	"$B/tests/lib/mktable" "$dir/table" persona 5 10 > "$dir/tokens"
	fetch "/b/$blade_a/next.ipxe"
	want 410 stale-generation
	wait_for "table-taken generation=10" "$dir/events"
	. "$dir/tokens"
	fetch "/b/$blade_a/next.ipxe"
	want 200 "sanboot iscsi:10.77.0.1::3260:11:iqn.2026-01.org.example:disk"
	fetch "/b/$web_01/next.ipxe"
	want 200 sanboot
}

@test "a damaged table is refused with a sentence, once, and the old one goes on" {
	cp "$dir/table/boot.table" "$dir/good"
	head -c 500 "$dir/good" > "$dir/table/boot.table" # in place: the file it has in use shrinks
	fetch "/b/$blade_a/next.ipxe"
	want 200 sanboot
	wait_for "table-refused why=.*cut%20short" "$dir/events"
	{ head -c 400 "$dir/good"; printf X; tail -c +402 "$dir/good"; } > "$dir/table/new"
	mv "$dir/table/new" "$dir/table/boot.table"
	fetch "/b/$blade_a/next.ipxe"
	want 200 sanboot
	wait_for "table-refused why=.*checksum" "$dir/events"
	rm "$dir/table/boot.table"
	fetch "/b/$blade_a/next.ipxe"
	want 200 sanboot
	fetch "/b/$blade_a/next.ipxe"
	want 200 sanboot
	wait_for "table-refused why=boot.table:%20No%20such%20file" "$dir/events"
	[ "$(count 'table-refused')" -eq 3 ]
	cp "$dir/good" "$dir/table/boot.table"
	fetch "/b/$blade_a/next.ipxe"
	want 200 sanboot
	wait_for "table-taken generation=10" "$dir/events" 2
}

@test "garbage, half requests and many connections end nobody" {
	for i in $(seq 20); do
		head -c 2000 /dev/urandom | timeout 2 curl -s -m 1 -o /dev/null telnet://127.0.0.1:$PORT || true
	done 2>/dev/null
	fetch "/b/$blade_a/entry.ipxe"
	want 200 entry
}

@test "SIGTERM ends it with 0" {
	pid=$(sed -n 's/.*baton-files started pid=\([0-9]*\).*/\1/p' "$dir/stderr" | tail -1)
	kill "$pid"
	until=$((SECONDS + 5))
	while [ -e "/proc/$pid" ] && [ $SECONDS -lt $until ]; do read -rt 0.02 <> <(:) || true; done
	[ ! -e "/proc/$pid" ]
	wait_for "give: $dir/baton-files ended with 0" "$dir/stderr"
}
