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

@test "a new import of the DHCP path fails the check" {
	grep -v 'import lseek64' broker/engine/seams.list > "$tmp/seams"
	seamcheck
	[ "$status" -ne 0 ]
	[[ $output == *"imports nothing new from libc: lseek64"* ]]
}

@test "the edge holds no DNS and cannot start a program; the check sees one that can" {
	sh broker/engine/linkcheck.sh "$B/baton-edge"
	echo 'int popen(void); int main(void) { return popen(); }' > "$tmp/x.c"
	"${CC:-gcc}" -w -o "$tmp/x" "$tmp/x.c"
	run sh broker/engine/linkcheck.sh "$tmp/x"
	[ "$status" -eq 1 ]
	[[ $output == *popen* ]]
}

@test "no text of dnsmasq is in the repository" {
	[ "$(git ls-files | grep -c 'rfc2131\|dnsmasq.*\.[ch]$')" -eq 0 ]
	# Its functions' first lines, as it writes them.
	run git grep -lE '^(size_t dhcp_reply\(|static unsigned char \*option_find1\()' -- '*.c' '*.h'
	[ "$status" -eq 1 ]
}
