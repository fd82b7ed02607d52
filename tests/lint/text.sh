#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The form of every text file of the project: licence line, first comment, white space, length, and
# what has no place in it. Looks at what git would commit, or at all files where there is no git.
set -eu
cd "$(dirname "$0")/../.."
here=$(pwd -P)

# One file a line; ours have no blanks in their names, and one that has is a finding.
files() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1 && [ "$(git rev-parse --show-toplevel)" = "$here" ]; then
		git ls-files -co --exclude-standard
	else
		find . \( -path ./build -o -path ./.git \) -prune -o -type f -print | sed 's|^\./||'
	fi | sort | while IFS= read -r f; do
		if [ -f "$f" ]; then echo "$f"; fi
	done
}

# fuzz inputs are what they are, licences are other people's words
list=$(files | grep -vE '^(tests/fuzz/corpus/|LICENSE$)' || true)
for f in $list; do
	[ -s "$f" ] || continue
	if ! grep -qI . "$f"; then
		echo "$f:1: a binary file; build it or leave it out"
		continue
	fi
	case $f in
	*.c | *.h) kind='c' ;;
	*.sh | *.bash | *.bats) kind='sh' ;;
	*) if head -n 1 "$f" | grep -qE '^#!.*[/ ](sh|bash|dash)( |$)'; then kind='sh'; else kind=; fi ;;
	esac
	awk -v kind="$kind" -v f="$f" -v here="$here" '
	function bad(at, what) { print f ":" at ": " what }
	NR <= 2 && /SPDX-License-Identifier:/ { spdx = NR; licence = $0 }
	NR == 2 { second = $0 }
	NR == 3 { third = $0 }
	/[ \t]$/ { bad(NR, "white space at the end of the line") }
	/\r$/ { bad(NR, "a line of another system: it ends in CR") }
	kind == "c" && /(^|[ \t;{}])\/\/ / { bad(NR, "write the comment as /* ... */") }
	kind == "c" && /include[ \t]*<dnsmasq\.h>/ { seams = 1 }
	/(^|[^A-Za-z_])(TO[D]O|FIX[M]E|X[X]X)([^A-Za-z_]|$)/ { bad(NR, "finish it, or write it down elsewhere") }
	/(^|[^A-Za-z0-9_])\/(home|Users)\/[a-z]/ { bad(NR, "a path of somebody'"'"'s own machine") }
	# Folders that are the same on every Debian may be examples, even if the checkout lies there.
	length(here) > 4 && here !~ /^\/(opt|srv|usr)\// && index($0, here "/") { bad(NR, "the path of this checkout") }
	tolower($0) ~ /(^|[^a-z0-9.-])(registry|deb|packages)[.][a-z0-9.-]+[.](org|com|io)/ {
		bad(NR, "the name of a package registry: what Baton needs comes from Debian")
	}
	END {
		if (kind == "") exit
		if (NR > 600) bad(NR, "longer than 600 lines: is it two things?")
		# dnsmasq is GPL-2 or GPL-3: what sees its header can be no more
		want = seams ? "GPL-2.0-only OR GPL-3.0-only" : "GPL-3.0-or-later"
		if (f ~ /^broker\/engine\/.*\.[ch]$/ && licence ~ /GPL-2.0-only OR GPL-3.0-only/)
			want = "GPL-2.0-only OR GPL-3.0-only"
		if (!spdx) bad(1, "wants the line SPDX-License-Identifier: " want)
		else if (!index(licence, want)) bad(spdx, "wants SPDX-License-Identifier: " want)
		first = spdx == 2 ? third : second
		if (kind == "c" ? first !~ /^\/\*/ : first !~ /^# /)
			bad(spdx + 1, "wants a comment that says what the file is and where it stands")
	}' "$f"
	[ -z "$(tail -c 1 "$f")" ] || echo "$f:$(($(wc -l <"$f") + 1)): wants a line end at its end"
done | awk '{ print; failed = 1 } END { exit failed }'
