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
