# SPDX-License-Identifier: GPL-3.0-or-later
# Waiting for a line in a file, with a deadline. Sourced by bats files.

# wait_for PATTERN FILE [COUNT]: until that many lines match, WAIT_S (5) seconds at most.
wait_for() {
	local until=$((SECONDS + ${WAIT_S:-5}))
	until [ "$(grep -c -- "$1" "$2" 2>/dev/null)" -ge "${3:-1}" ]; do
		if [ $SECONDS -ge $until ]; then
			echo "no \"$1\" in $2:"
			cat "$2"
			return 1
		fi
		read -rt 0.02 <> <(:) || true
	done
}

# wait_gone PID: until that process has ended; whose child it is does not matter. 10 s at most.
wait_gone() {
	local end=$((SECONDS + 10))
	while grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null; do
		[ $SECONDS -lt $end ] || { echo "$1 has not ended"; return 1; }
		read -rt 0.02 <> <(:) || true
	done
}
