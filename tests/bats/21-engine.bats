#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=engine
# How dnsmasq comes into the build, and that the checks of its seams can fail.

setup() {
	B=$(realpath "${B:-build/dev}")
	tmp=$(mktemp -d)
	pin=$tmp/pin
	cp broker/engine/dnsmasq.pin "$pin"
	mkdir -p "$tmp/d/packages"
}

teardown() { rm -rf "$tmp"; }

# The packages that the build has, and an apt that offers nothing.
have_packages() { cp build/dnsmasq/packages/* "$tmp/d/packages/"; }
no_apt() {
	mkdir -p "$tmp/bin"
	printf '#!/bin/sh\nexit 100\n' > "$tmp/bin/apt-get"
	chmod 755 "$tmp/bin/apt-get"
	PATH=$tmp/bin:$PATH
}
fetch() { run sh broker/engine/fetch.sh "$pin" "$tmp/d"; }

@test "packages that are there are unpacked without a word and without apt" {
	have_packages
	no_apt
	fetch
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ -s "$tmp/d/src/src/rfc2131.c" ]
	[ -d "$tmp/d/src/.pc" ] || [ -d "$tmp/d/src/debian/patches" ]
}

@test "nothing to do: make is quiet" {
	run make --no-print-directory build/dnsmasq/ready
	[ "$status" -eq 0 ]
	[[ $output == *"up to date"* ]]
}

@test "no package and no network: what to do is said" {
	no_apt
	fetch
	[ "$status" -eq 1 ]
	[[ $output == *"cannot have dnsmasq"*"dnsmasq_2.90.orig.tar.xz"*"$tmp/d/packages"* ]]
}

@test "another upstream tarball is refused" {
	have_packages
	no_apt
	echo x >> "$tmp/d/packages/dnsmasq_2.90.orig.tar.xz"
	fetch
	[ "$status" -eq 1 ]
	[[ $output == *"not the pinned upstream release"* ]]
	[ ! -e "$tmp/d/ready" ]
}

@test "another debian tarball under the pinned version is refused" {
	have_packages
	no_apt
	echo x >> "$tmp/d/packages/"dnsmasq_*.debian.tar.xz
	fetch
	[ "$status" -eq 1 ]
	[[ $output == *"not the pinned one"* ]]
}

@test "a newer Debian 12 revision builds with a warning" {
	have_packages
	no_apt
	have=$(cat build/dnsmasq/ready)
	sed -i -e "s/^version .*/version 2.90-4~deb12u1/" -e 's/^debian_sha256 .*/debian_sha256 0/' "$pin"
	fetch
	[ "$status" -eq 0 ]
	[[ $output == *"warning: building from $have, newer than the pinned"* ]]
}

@test "a package of another release is not taken" {
	no_apt
	: > "$tmp/d/packages/dnsmasq_2.92-1.dsc"
	fetch
	[ "$status" -eq 1 ]
	[[ $output == *"cannot have dnsmasq"* ]]
}

seamcheck() {
	run sh broker/engine/seamcheck.sh "$tmp/seams" "$B/dnsmasq" "$B/broker/engine/lease.o"
}

@test "the seams are where they should be" {
	cp broker/engine/seams.list "$tmp/seams"
	seamcheck
	[ "$status" -eq 0 ]
}

@test "a seam that is nowhere fails the check" {
	for drift in 'wrap dhcp_reply log dhcp' 'wrap die log lease-file' 'weaken address_available rfc2131 dhcp' \
		'rename openat64 libc tftp' 'call dhcp_answer rfc2131 dhcp' 'replace dhcp.o dhcp rfc2131'; do
		{ cat broker/engine/seams.list && echo "$drift why"; } > "$tmp/seams"
		seamcheck
		[ "$status" -ne 0 ]
		[[ $output == *"not ok"* ]]
	done
}

@test "every function of dnsmasq that the engine calls stands in the list and has an assert" {
	nm -u "$B"/broker/engine/*.o | awk '{ print $2 }' | sort -u > "$tmp/called"
	nm -g --defined-only "$B"/broker/engine/*.o | awk 'NF == 3 { print $3 }' | sort -u > "$tmp/ours"
	nm -g --defined-only "$B"/dnsmasq/*.o | awk '$2 == "T" { print $3 }' | sort -u |
		comm -12 - "$tmp/called" | comm -23 - "$tmp/ours" > "$tmp/theirs"
	grep -qx dhcp_reply "$tmp/theirs"
	awk '$1 == "call" { print $2 }' broker/engine/seams.list | sort | diff "$tmp/theirs" -
	for symbol in $(awk '$1 == "call" || $1 == "wrap" || $1 == "weaken" { print $2 }' broker/engine/seams.list); do
		tr '\n' ' ' < broker/engine/seams.h | grep -qE "SEAM_FUNCTION\([[:space:]]*$symbol,"
	done
}

# The structs of dnsmasq that the engine fills or reads, as "struct name" and one member a line.
members() {
	awk '/^#ifdef HAVE_DHCP6/ { skip = 1 } /^#endif/ { skip = 0 } skip { next }
		/^(extern )?(struct|union) [a-z_]+ \{/ { at = $0; sub(/^extern /, "", at); sub(/ \{.*/, "", at); next }
		/^\}/ { at = "" }
		at && !/^ *\}/ { gsub(/\/\*.*/, ""); n = split($0, w, /[ \t*,;]+/); for (i = 2; i <= n; i++) {
			sub(/\[.*/, "", w[i]); if (w[i] ~ /^[a-z_0-9]+$/) print at, w[i] } }' \
		build/dnsmasq/src/src/dnsmasq.h build/dnsmasq/src/src/dhcp-protocol.h
}

@test "every field of dnsmasq that the engine uses is held to its type" {
	grep -lE 'engine/(seams|offer).h' broker/engine/*.c | xargs cat > "$tmp/all.c"
	grep -oE '(->|\.)[a-z_0-9]+' "$tmp/all.c" | sed 's/^[^a-z_]*//' | sort -u > "$tmp/used"
	sed -nE 's/.*SEAM_FIELD\(([a-z_]+ [a-z_]+), (u\.)?([a-z_0-9]+).*/\1 \3/p' broker/engine/seams.h | sort -u > "$tmp/held"
	# A struct is ours to hold when one field of it is held.
	members | sort -u | while read -r kind name field; do
		grep -q "^$kind $name " "$tmp/held" || continue
		grep -qx "$field" "$tmp/used" || continue
		[ "$name" != daemon ] || grep -q "daemon->$field\>" "$tmp/all.c" || continue
		echo "$kind $name $field"
	done > "$tmp/wanted"
	grep -qx "struct daemon dhcp_packet" "$tmp/wanted"
	grep -qx "struct tftp_transfer peer" "$tmp/wanted"
	run comm -23 "$tmp/wanted" "$tmp/held"
	echo "$output"
	[ -z "$output" ]
}

@test "another type of a field does not compile" {
	for change in 's/int enable_pxe/long enable_pxe/' 's/struct in_addr netmask, broadcast/unsigned int netmask, broadcast/' \
		's/unsigned int block, blocksize/unsigned short block, blocksize/'; do
		mkdir -p "$tmp/src"
		cp build/dnsmasq/src/src/*.h "$tmp/src/"
		sed -i "$change" "$tmp/src/dnsmasq.h"
		run cmp -s "$tmp/src/dnsmasq.h" build/dnsmasq/src/src/dnsmasq.h
		[ "$status" -eq 1 ]
		run gcc -std=gnu11 -D_GNU_SOURCE -Ibroker -isystem "$tmp/src" -fsyntax-only \
			$(sed -n 's/^DNSMASQ_HAVE := //p' broker/engine/engine.mk) broker/engine/tftp.c
		[ "$status" -ne 0 ]
		[[ $output == *"has another type"* ]]
	done
}

@test "a new import of the DHCP path fails the check" {
	grep -v 'import lseek64' broker/engine/seams.list > "$tmp/seams"
	seamcheck
	[ "$status" -ne 0 ]
	[[ $output == *"imports nothing new from libc: lseek64"* ]]
}

@test "edge and files hold no DNS and cannot start a program; the check sees one that can" {
	sh broker/engine/linkcheck.sh "$B/baton-edge"
	sh broker/engine/linkcheck.sh "$B/baton-files"
	for call in popen fork execve posix_spawnp getaddrinfo gethostbyname res_query connect uv_queue_work; do
		echo "int $call(void); int main(void) { return $call(); }" > "$tmp/x.c"
		"${CC:-gcc}" -w -o "$tmp/x" "$tmp/x.c" -luv -lresolv
		run sh broker/engine/linkcheck.sh "$tmp/x"
		[ "$status" -eq 1 ]
		[[ $output == *" $call" ]]
	done
}

@test "no text of dnsmasq is in the repository" {
	[ "$(git ls-files | grep -c 'rfc2131\|dnsmasq.*\.[ch]$')" -eq 0 ]
	# Its functions' first lines, as it writes them.
	run git grep -lE '^(size_t dhcp_reply\(|static unsigned char \*option_find1\()' -- '*.c' '*.h'
	[ "$status" -eq 1 ]
}
