#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what tests/packages.txt lists and is not there: setup.sh build|lab|test|bench.
# Says nothing when nothing is missing. Daemons that come along are neither started nor enabled.
set -eu
cd "$(dirname "$0")"

case "${1:-test}" in
build) kinds='build' ;;
lab) kinds='build lab' ;;
test) kinds='build lab test' ;;
bench) kinds='build lab test bench' ;;
*) echo "usage: setup.sh build|lab|test|bench" >&2; exit 2 ;;
esac

missing=
# shellcheck disable=SC2013 # package names have no blanks
for package in $(awk -v kinds="$kinds" '
	BEGIN { n = split(kinds, k, " "); for (i = 1; i <= n; i++) want[k[i]] }
	$1 in want { print $2 }' packages.txt); do
	dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^.i' ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "these packages are missing:$missing" >&2
	echo "install them, or run: sudo make setup" >&2
	exit 1
fi
echo "installing:$missing"

# While this file says 101 no package's script starts a daemon (Debian Policy, 9.3.3).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words
if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "apt could not install:$missing (the whole log: $log)" >&2
	exit 1
fi
rm -f "$log"

if command -v systemctl >/dev/null; then
	for unit in tgt openipmi isc-dhcp-relay kea-dhcp4-server tftpd-hpa; do
		case "$missing " in *" $unit "*) systemctl disable --quiet "$unit" 2>/dev/null || true ;; esac
	done
fi
