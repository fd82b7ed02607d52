#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The fault harness, whole: first that its judge can fail, then every run.
set -eu
B=${B:-build/dev}
"$B/tests/harness/harness" --lie > /dev/null || { echo "Bail out! the judge does not see two writers"; exit 1; }
exec "$B/tests/harness/harness"
