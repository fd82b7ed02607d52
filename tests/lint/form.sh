#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The form of the code: clang-format for C, shellcheck for scripts. `form.sh fmt` writes C anew.
set -eu
cd "$(dirname "$0")/../.."
missing=
for tool in clang-format shellcheck; do
	command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -z "$missing" ] || { echo "form.sh: not installed:$missing; run make setup" && exit 1; }

code=$(mktemp)
trap 'rm -f "$code"' EXIT
find broker initramfs tests docs -name '*.[ch]' -print0 >"$code"
if [ "${1:-}" = fmt ]; then
	xargs -0r clang-format -i <"$code"
	exit
fi
failed=0
xargs -0r -P 2 -n 24 clang-format --dry-run -Werror --ferror-limit=1 <"$code" 2>&1 |
	awk '/: error: / { sub(/:[0-9]+: error: .*/, ": not in our form; run make fmt"); print; failed = 1 }
	END { exit failed }' || failed=1

# Scripts without an ending say by their first line what they are.
find . \( -path ./build -o -path ./.git -o -path ./tests/fuzz/corpus \) -prune -o -type f -print | sort |
	while IFS= read -r f; do
		case $f in
		*.sh | *.bash) echo "$f" ;;
		*) if head -n 1 "$f" | grep -aqE '^#!.*[/ ](sh|bash|dash)( |$)'; then echo "$f"; fi ;;
		esac
	done | sed 's|^\./||' | xargs -r shellcheck -f gcc || failed=1
exit "$failed"
