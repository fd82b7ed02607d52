#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Compares dnsmasq as it was compiled with what seams.list expects of it, as TAP: a newer revision
# that has moved a function or calls it from elsewhere fails here, not in the field.
# usage: seamcheck.sh SEAMS OBJECTS OUR-LEASE-UNIT
set -eu
seams=$1
objects=$2
ours=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0
bad=0

result() { # ok? words
	count=$((count + 1))
	[ "$1" = 0 ] && echo "ok $count - $2" && return
	echo "not ok $count - $2"
	bad=1
}
defines() { nm -g --defined-only "$objects/$1.o" | awk '{ print $3 }' | grep -qx "$2"; }
imports() { nm -u "$objects/$1.o" | awk '{ print $2 }' | grep -qx "$2"; }

while read -r kind symbol unit caller _; do
	case $kind in
	wrap)
		{ defines "$unit" "$symbol" && imports "$caller" "$symbol"; } && r=0 || r=1
		result "$r" "$caller calls $symbol across units, in $unit: --wrap reaches it"
		;;
	weaken)
		# A call inside the unit must go by name, or the strong definition is passed over.
		defines "$unit" "$symbol" && imports "$caller" "$symbol" &&
			objdump -dr "$objects/$unit.o" |
			grep -Eq "R_X86_64_[A-Z0-9_]*(PLT32|GOTPCREL)[A-Z]*[[:space:]]+$symbol" &&
			r=0 || r=1
		result "$r" "$unit calls its own $symbol through the symbol"
		;;
	rename)
		imports "$caller" "$symbol" && r=0 || r=1
		result "$r" "$caller imports $symbol"
		;;
	call)
		defines "$unit" "$symbol" && r=0 || r=1
		result "$r" "$unit defines $symbol"
		;;
	replace)
		nm -g --defined-only "$objects/$symbol" | awk '{ print $3 }' | sort >"$tmp/theirs"
		nm -g --defined-only "$ours" | awk '$3 !~ /^loans?_/ { print $3 }' | sort >"$tmp/ours"
		diff "$tmp/theirs" "$tmp/ours" | sed 's/^/# /' && cmp -s "$tmp/theirs" "$tmp/ours" &&
			r=0 || r=1
		result "$r" "our $unit unit exports what theirs does"
		;;
	esac
done <<EOF
$(grep -v '^#' "$seams")
EOF

# A new import of the DHCP and TFTP path may be a new system call: look at it, and at the jail.
for unit in dhcp rfc2131 dhcp-common tftp; do
	nm -u "$objects/$unit.o" | awk '{ print $2 }'
done | sort -u >"$tmp/imports"
nm -g --defined-only "$objects"/*.o | awk 'NF == 3 { print $3 }' | sort -u >"$tmp/own"
comm -23 "$tmp/imports" "$tmp/own" | grep -Ev '^(_GLOBAL_|__(asan|ubsan|stack_chk|sanitizer))' |
	sed 's/^__\(.*\)_chk$/\1/' | sort -u >"$tmp/libc"
sed -n 's/^#   import //p' "$seams" | tr ' ' '\n' | sort >"$tmp/known"
new=$(comm -23 "$tmp/libc" "$tmp/known" | tr '\n' ' ')
[ -z "$new" ] && r=0 || r=1
result "$r" "the DHCP and TFTP path imports nothing new from libc${new:+: $new}"
echo "1..$count"
exit $bad
