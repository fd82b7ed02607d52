#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Gets Debian's source package of dnsmasq into FOLDER/src, by way of apt and of no other. The
# source entry it needs is made of the host's own binary entries and stands in FOLDER alone.
# usage: fetch.sh PIN FOLDER
set -eu
pin=$1
dir=$2
say() { echo "dnsmasq: $*" >&2; }

pinned() { awk -v k="$1" '$1 == k { print $2 }' "$pin"; }
version=$(pinned version)
revisions=$(pinned revisions)
upstream=${version%%-*}
orig=dnsmasq_$upstream.orig.tar.xz

mkdir -p "$dir/lists/partial" "$dir/packages"
top=$(cd "$dir" && pwd)

sum_is() { [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }

# The newest package in FOLDER/packages whose version the pin allows.
found() {
	for dsc in "$dir"/packages/dnsmasq_*.dsc; do
		[ -e "$dsc" ] || continue
		v=${dsc##*/dnsmasq_}
		v=${v%.dsc}
		# shellcheck disable=SC2254 # the pin holds a pattern
		case $v in $revisions) echo "$v" ;; esac
	done | sort -V | tail -n 1
}

# Our own lists and entries; apt's sandbox user could not read a build folder.
private_apt() {
	apt-get -q -o Dir::Etc::sourcelist="$top/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$top/lists" -o Dir::Cache::pkgcache= \
		-o Dir::Cache::srcpkgcache= -o APT::Sandbox::User= "$@"
}

# Debian's own entries only, held to Debian's own key. The host's signed indexes are copied, so
# that apt fetches again only what has changed.
source_entries() {
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	opt=
	[ ! -e "$key" ] || opt="[signed-by=$key] "
	# shellcheck disable=SC2016 # apt fills these in
	apt-get indextargets --format "deb-src $opt"'$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' 'Component: main' | awk '!seen[$0]++' \
		>"$dir/sources.list"
	[ -s "$dir/sources.list" ] || {
		say "this host's apt knows no Debian repository; run apt-get update as root and try again"
		return 1
	}
	cp -u /var/lib/apt/lists/*_InRelease "$dir/lists/" 2>/dev/null || true
}

get() {
	command -v apt-get >/dev/null || {
		say "apt-get is not here: the source package comes through Debian's apt"
		return 1
	}
	source_entries || return 1
	say "fetching the source package $version through apt"
	private_apt update >"$dir/apt.log" 2>&1 || {
		say "apt-get update failed; its words are in $dir/apt.log"
		return 1
	}
	fetch_version "$version" && return 0
	newest=$(private_apt source --print-uris --only-source dnsmasq 2>/dev/null |
		sed -n "s/.*dnsmasq_\([^ ]*\)\.dsc .*/\1/p" | head -n 1)
	# shellcheck disable=SC2254 # the pin holds a pattern
	case $newest in
	$revisions) fetch_version "$newest" ;;
	*) say "apt offers ${newest:-nothing}; the pin wants $version or $revisions" && return 1 ;;
	esac
}

fetch_version() {
	for _ in host-order reversed; do
		(cd "$dir/packages" &&
			private_apt source --download-only --only-source "dnsmasq=$1") \
			>>"$dir/apt.log" 2>&1 && return 0
		# An archive may list what it no longer holds: ask in the other order.
		tac "$dir/sources.list" >"$dir/sources.tac" && mv "$dir/sources.tac" "$dir/sources.list"
	done
	return 1
}

have=$(found)
if [ -z "$have" ]; then
	get || {
		say "cannot have dnsmasq $version. With a network: apt-get update, then make again."
		say "Without: put $orig, dnsmasq_$version.debian.tar.xz"
		say "and dnsmasq_$version.dsc into $dir/packages, then make again."
		exit 1
	}
	have=$(found)
fi
[ -n "$have" ] || { say "apt gave no package that $pin allows; see $dir/apt.log" && exit 1; }

sum_is "$dir/packages/$orig" "$(pinned orig_sha256)" || {
	say "$dir/packages/$orig is not the pinned upstream release; remove it and make again"
	exit 1
}
if ! sum_is "$dir/packages/dnsmasq_$have.debian.tar.xz" "$(pinned debian_sha256)"; then
	[ "$have" != "$version" ] || {
		say "dnsmasq_$have.debian.tar.xz is not the pinned one; remove it and make again"
		exit 1
	}
	say "warning: building from $have, newer than the pinned $version; the seam check decides"
fi

rm -rf "$dir/src"
dpkg-source --no-check -x "$dir/packages/dnsmasq_$have.dsc" "$dir/src" >"$dir/unpack.log" 2>&1 || {
	say "dpkg-source could not unpack $have; its words are in $dir/unpack.log"
	exit 1
}
rm -f "$dir/$orig" # dpkg-source leaves a copy beside what it unpacks
echo "$have" >"$dir/ready"
