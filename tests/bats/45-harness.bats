#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# bats file_tags=broker,root
# What judges all runs of the fault harness (docs/design/0017) can say no.

setup() {
	harness=$B/tests/harness/harness
	cd "$BATS_TEST_DIRNAME/../.."
}

@test "a target that lies about sessions is found out, and the same run without the lie is good" {
	run "$harness" --lying --only failover:silence:bmc-says-off
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"ok 1 - failover: the target lies about sessions, and two writers are found in 1 of 1 runs"* ]]
	run "$harness" --only failover:silence:bmc-says-off
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"ok 2 - 1 runs of 1, 0 failed"* ]]
	# A lie that nobody can see is no proof that the judge sees.
	run "$harness" --lying --only start:preflight:none
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"not ok 1 - start: the target lies"* ]]
}

@test "a run that is not there is refused, and not passed over" {
	for words in "--only failover:silence:nothing" "--only reboot" "--only move:fence:none+claim:none" "--pairs many"; do
		# shellcheck disable=SC2086
		run "$harness" $words
		echo "$output"
		[ "$status" = 1 ]
		[[ $output == "Bail out! "* ]]
	done
}

@test "a run that hangs is ended with a sentence, and the others go on" {
	"$harness" --only restart --pairs 0 --workers 1 --deadline 10 --verbose > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	deadline=$((SECONDS + 60))
	until [ -n "${stopped-}" ]; do
		[ $SECONDS -lt $deadline ]
		worker=$(cat /proc/$pid/task/$pid/children) || true
		# shellcheck disable=SC2086
		grep -q ":kill-broker" "$BATS_TEST_TMPDIR/out" && for one in $worker; do
			child=$(cat "/proc/$one/task/$one/children")
			kill -STOP $child && stopped=$child
		done
	done
	wait $pid || status=$?
	cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
	[ "$status" = 1 ]
	grep -q "it hangs: 10 s of the computer's time are over; at work: .*batond (T)" "$BATS_TEST_TMPDIR/err"
	[ "$(grep -c "^not ok" "$BATS_TEST_TMPDIR/out")" = 2 ]
	grep -q "^not ok .* - \([0-9]*\) runs of \1, 1 failed" "$BATS_TEST_TMPDIR/out"
}
