#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The model of docs/design/0015 in spin: every state that it can reach, and that it arrives; and that
# it is found wanting once a part of the protocol is left out. Prints TAP.
set -u
model=$(realpath "$(dirname "$0")")/exactly-one.pml
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
tests=0

# verdict TEXT OK: one line of TAP, and what the verifier said where it is not ok.
verdict() {
	tests=$((tests + 1))
	[ "$2" = yes ] && echo "ok $tests - $1" && return
	echo "not ok $tests - $1"
	sed 's/^/# /' said
	if [ -e "${model##*/}.trail" ]; then ./pan -r | tail -n 60 | sed 's/^/# /'; fi
}

# build SPIN-OPTION GCC-OPTIONS...
build() {
	spin -a ${1:+"$1"} "$model" > said 2>&1 && gcc -O2 -w "${@:2}" -o pan pan.c >> said 2>&1
}

# searched ERRORS PAN-OPTIONS...: yes when the whole search found so many errors.
searched() {
	./pan -m1000000 "${@:2}" > said 2>&1
	grep -q "errors: $1\$" said && { [ "$1" -gt 0 ] || ! grep -q "Search not completed" said; } && echo yes
}

build "" -DSAFETY -DNOCLAIM
verdict "in no state do two generations write, and none is stuck" "$(searched 0)"
build ""
verdict "once faults have an end, the persona is up where it was wanted" "$(searched 0 -a -f -N arrives)"
for part in SECRET DROP LOOK_AGAIN; do
	build -DWITHOUT_$part -DSAFETY -DNOCLAIM
	verdict "without_${part,,} two generations write, and the model finds it" "$(searched 1)"
done
echo "1..$tests"
