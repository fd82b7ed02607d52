#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The lint itself is tested: each rule is broken once, in a small tree of its own, and must be named
# with file and line. A rule that catches nothing is not a rule.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p broker/base broker/wire broker/core broker/host broker/engine broker/cli initramfs tests docs
	cp -r "$top/tests/lint" tests/
	cp "$top/.clang-format" .
	plant broker/core/good.c '#include <string.h>' '' '#include "base/ids.h"' '' 'int good;'
}

# plant FILE LINE...: a file in good form, so that a finding starts at line 3.
plant() {
	{
		echo '/* SPDX-License-Identifier: GPL-3.0-or-later */'
		echo '/* A planted file. */'
		printf '%s\n' "${@:2}"
	} >"$1"
}

# script FILE LINE...: the same, a script.
script() {
	printf '%s\n' '#!/bin/sh' '# SPDX-License-Identifier: GPL-3.0-or-later' '# Planted.' "${@:2}" >"$1"
}

# finds RULE SENTENCE: the lint fails and says this and nothing else.
finds() {
	local stderr=
	run --separate-stderr "tests/lint/$1" ${3:+"$3"}
	[ "$status" -eq 1 ] || { echo "# status $status: $output $stderr" && return 1; }
	[ "$output" = "$2" ] || { echo "# says: $output $stderr" && return 1; }
}

passes() {
	run "tests/lint/$1" ${2:+"$2"}
	[ "$status" -eq 0 ] || { echo "# status $status: $output" && return 1; }
	[ -z "$output" ] || { echo "# says: $output" && return 1; }
}

@test "Baton as it stands passes every lint" {
	cd "$top" || return 1
	passes layers.sh
	passes pure.sh "${B:-build/dev}"
	passes text.sh
	passes form.sh
}

@test "a small tree in good form passes every lint" {
	passes layers.sh
	passes text.sh
	passes form.sh
}

@test "a layer that includes what lies above it is refused" {
	plant broker/core/wrong.c '#include "cli/cli.h"'
	finds layers.sh 'broker/core/wrong.c:3: core may not include cli (cli/cli.h)'
}

@test "a blank before the hash or the word hides nothing" {
	plant broker/base/wrong.h '	# include "host/log.h"'
	finds layers.sh 'broker/base/wrong.h:3: base may not include host (host/log.h)'
}

@test "an include that does not name its layer is refused" {
	plant broker/core/wrong.c '#include "table.h"'
	finds layers.sh 'broker/core/wrong.c:3: name the layer: #include "core/table.h"'
}

@test "an include by way of the parent folder is refused" {
	plant broker/core/wrong.c '#include "../host/log.h"'
	finds layers.sh 'broker/core/wrong.c:3: core may not include .. (../host/log.h)'
}

@test "an include whose name is made by a macro is refused" {
	plant broker/core/wrong.c '#include HEADER'
	finds layers.sh 'broker/core/wrong.c:3: write the name of the header that is included'
}

@test "the shim sees base, drivers and itself alone" {
	plant initramfs/wrong.c '#include "base/err.h"' '#include "initramfs/job.h"' '#include "core/model.h"'
	finds layers.sh 'initramfs/wrong.c:5: initramfs may not include core (core/model.h)'
}

@test "a folder that is no layer is refused" {
	mkdir broker/util
	plant broker/util/wrong.c 'int x;'
	finds layers.sh 'broker/util/wrong.c:1: util is no layer; name it in tests/lint/layers.txt'
}

@test "a pure layer may not see a header of the operating system" {
	for layer in base wire core; do
		plant broker/$layer/wrong.h '#include <sys/socket.h>'
		finds layers.sh "broker/$layer/wrong.h:3: $layer is pure and may not see <sys/socket.h>"
		rm broker/$layer/wrong.h
	done
}

@test "each outside library belongs to one place" {
	while read -r header file owner; do
		plant "$file" "#include <$header>"
		finds layers.sh "$file:3: <$header> belongs to $owner"
		rm "$file"
	done <<-'END'
		dnsmasq.h broker/host/wrong.c broker/engine/
		microhttpd.h broker/host/wrong.c broker/host/http_priv.h
		uv.h broker/cli/wrong.c broker/host/ broker/broker/ broker/files/ broker/warden/ broker/sim/
		sqlite3.h broker/host/wrong.c broker/store/
		curl/curl.h broker/host/wrong.c broker/cli/ broker/drivers/redfish_lib.h broker/drivers/redfish_pin.h
		freeipmi/freeipmi.h broker/host/wrong.c broker/drivers/bmc_ipmi.c
		iscsi/iscsi.h broker/host/wrong.c broker/drivers/san_iscsi.c
		nettle/hmac.h broker/host/wrong.c broker/core/token.c broker/store/seal.c broker/sim/
		xxhash.h broker/host/wrong.c broker/core/table_layout.h broker/wire/loanfile.c
		seccomp.h broker/host/wrong.c broker/host/jail.c
		systemd/sd-daemon.h broker/host/wrong.c broker/warden/
		jansson.h broker/host/wrong.c broker/broker/ broker/hand/ broker/cli/ broker/sim/ broker/drivers/redfish_talk.h broker/drivers/redfish_tree.h broker/drivers/redfish_walk.h initramfs/peer.c
	END
}

@test "the owner itself may include its library" {
	mkdir -p broker/store
	plant broker/store/good.c '#include <sqlite3.h>'
	plant broker/host/http_priv.h '#include <microhttpd.h>'
	passes layers.sh
}

@test "a library that nobody owns is refused" {
	plant broker/host/wrong.c '#include <libssh2.h>'
	finds layers.sh 'broker/host/wrong.c:3: <libssh2.h> has no owner; name one in tests/lint/layers.txt'
}

# Compiles what stands in the pure layers to build/dev, as make would.
objects() {
	for c in broker/base/*.c broker/wire/*.c broker/core/*.c; do
		[ -e "$c" ] || continue
		mkdir -p "build/dev/${c%/*}"
		gcc -w -O2 -D_GNU_SOURCE -c -o "build/dev/${c%.c}.o" "$c"
	done
}

@test "a pure layer that calls the system is refused, whatever it includes" {
	plant broker/core/good.c 'int good(void);' 'int good(void) { return 0; }'
	plant broker/core/wrong.c 'int socket(int, int, int);' 'int wrong(void);' 'int wrong(void) { return socket(1, 2, 3); }'
	objects
	finds pure.sh 'broker/core/wrong.c:1: core is pure and may not call socket()' build/dev
}

@test "a pure layer may call itself and what computes, hardened or not" {
	plant broker/core/good.c '#include <string.h>' 'int other(void);' \
		'unsigned long good(const char *s) { return strlen(s) + (unsigned long)other(); }'
	plant broker/base/other.c '#include <stdio.h>' 'int other(void) { char b[9]; return __builtin___snprintf_chk(b, 9, 1, 9, "%d", 1); }'
	objects
	passes pure.sh build/dev
}

@test "what only core may call is refused in base" {
	plant broker/core/good.c 'int nettle_memeql_sec(void);' 'int good(void) { return nettle_memeql_sec(); }'
	plant broker/base/wrong.c 'int nettle_memeql_sec(void);' 'int wrong(void) { return nettle_memeql_sec(); }'
	objects
	finds pure.sh 'broker/base/wrong.c:1: base is pure and may not call nettle_memeql_sec()' build/dev
}

@test "an object that was not built is not taken for a pure one" {
	mkdir -p build/dev
	finds pure.sh 'broker/core/good.c:1: build/dev/broker/core/good.o is not built; run make first' build/dev
}

@test "a source without its licence line is refused" {
	printf '/* Planted. */\nint x;\n' >broker/base/wrong.c
	finds text.sh 'broker/base/wrong.c:1: wants the line SPDX-License-Identifier: GPL-3.0-or-later
broker/base/wrong.c:1: wants a comment that says what the file is and where it stands'
	rm broker/base/wrong.c
	printf '#!/bin/sh\n# Planted.\ntrue\n' >initramfs/step
	finds text.sh 'initramfs/step:1: wants the line SPDX-License-Identifier: GPL-3.0-or-later'
}

@test "what sees dnsmasq.h says that it is GPL-2 or GPL-3" {
	plant broker/engine/wrong.c '#include <dnsmasq.h>'
	finds text.sh 'broker/engine/wrong.c:1: wants SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only'
	sed -i '1s/GPL-3.0-or-later/GPL-2.0-only OR GPL-3.0-only/' broker/engine/wrong.c
	passes text.sh
}

@test "a source that does not say what it is is refused" {
	printf '/* SPDX-License-Identifier: GPL-3.0-or-later */\nint x;\n' >broker/base/wrong.c
	finds text.sh 'broker/base/wrong.c:2: wants a comment that says what the file is and where it stands'
}

@test "white space at a line's end, CR and a missing last line end are refused" {
	plant broker/base/wrong.c 'int x; ' 'int y;' "$(printf 'int z;\r')"
	finds text.sh 'broker/base/wrong.c:3: white space at the end of the line
broker/base/wrong.c:5: a line of another system: it ends in CR'
	printf 'a page' >docs/wrong.md
	rm broker/base/wrong.c
	finds text.sh 'docs/wrong.md:1: wants a line end at its end'
}

@test "a comment to the end of the line is refused, a URL is none" {
	plant broker/base/wrong.c 'const char *u = "http://10.0.0.1/x";' 'int x; // why'
	finds text.sh 'broker/base/wrong.c:4: write the comment as /* ... */'
}

@test "a word for unfinished work is refused" {
	plant broker/base/wrong.c "/* TO""DO: more */"
	finds text.sh 'broker/base/wrong.c:3: finish it, or write it down elsewhere'
}

@test "a file of more than 600 lines is refused" {
	plant broker/base/wrong.c "$(seq -f '/* %g */' 599)"
	finds text.sh 'broker/base/wrong.c:601: longer than 600 lines: is it two things?'
	sed -i '$d' broker/base/wrong.c
	passes text.sh
}

@test "a path of somebody's machine is refused" {
	echo "see /ho""me/ann/baton" >docs/wrong.md
	finds text.sh "docs/wrong.md:1: a path of somebody's own machine"
	echo "see $PWD/broker" >docs/wrong.md
	finds text.sh 'docs/wrong.md:1: the path of this checkout'
}

@test "the name of a package registry is refused" {
	echo "from https://registry"".example.org/x" >docs/wrong.md
	finds text.sh 'docs/wrong.md:1: the name of a package registry: what Baton needs comes from Debian'
}

@test "a binary file is refused" {
	printf 'a\0b\n' >docs/wrong.bin
	finds text.sh 'docs/wrong.bin:1: a binary file; build it or leave it out'
}

@test "where there is git, what it ignores is not looked at" {
	git init -q .
	echo '/ignored.md' >.gitignore
	printf 'a page' >ignored.md
	printf 'a page' >docs/wrong.md
	finds text.sh 'docs/wrong.md:1: wants a line end at its end'
}

@test "C that is not in our form is refused, and make fmt mends it" {
	plant broker/base/wrong.c 'int  x ;'
	finds form.sh 'broker/base/wrong.c:3: not in our form; run make fmt'
	passes form.sh fmt
	passes form.sh
	[ "$(sed -n 3p broker/base/wrong.c)" = 'int x;' ]
}

@test "a script that shellcheck finds wanting is refused, with an ending or without" {
	# shellcheck disable=SC2016 # it is the script's own
	script initramfs/step 'echo $1'
	finds form.sh 'initramfs/step:4:6: note: Double quote to prevent globbing and word splitting. [SC2086]'
	mv initramfs/step initramfs/step.sh
	finds form.sh 'initramfs/step.sh:4:6: note: Double quote to prevent globbing and word splitting. [SC2086]'
}
