# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# baton-edge and baton-files as batond starts them, jailed, in a namespace of the test's own, with a
# boot table that is written like a scene. Sourced by bats files, after wait.bash.

USER_EDGE=64502
USER_FILES=64501

# Folder $dir and namespace $SERVER; interfaces are the test's to make.
edge_make() {
	B=$(realpath "${B:-build/dev}")
	dir=$(mktemp -d /dev/shm/baton-jailed.XXXXXX)
	SERVER=bte-s-$$
	export B dir SERVER
	mkdir -p "$dir"/{table,boot,packs}
	chmod 755 "$dir"
	# A program of an ordinary user cannot read a build folder that only root may enter.
	cp "$B/baton-edge" "$B/baton-files" "$dir/"
	ip netns add "$SERVER"
	ip -n "$SERVER" link set lo up
}

# The boot table of $dir/site, put in place as the broker does; each is newer than the one before.
publish() {
	local generation
	generation=$(($(cat "$dir/generation" 2>/dev/null || echo 0) + 1))
	echo "$generation" > "$dir/generation"
	GENERATION=$generation SCRIPTS=ipxe-scripts "$B/tests/scenes/scene" --table "$dir/table/new" "$dir/site"
	chmod 644 "$dir/table/new"
	mv "$dir/table/new" "$dir/table/boot.table"
}

# edge_start INTERFACE...: of $SERVER; what it says is in $dir/events.
edge_start() {
	local i given=()
	for i; do
		given+=("dhcp.$i=udp:0.0.0.0:67@$i" "pxe.$i=udp:0.0.0.0:4011@$i" "tftp.$i=udp:0.0.0.0:69@$i"
			"raw.$i=raw:$i" "v6.$i=v6:$i" "heard.$i=heard:$i")
	done
	ip netns exec "$SERVER" "$B/tests/lib/give" -u $USER_EDGE "table=dir:$dir/table" "boot=dir:$dir/boot" \
		"leases.0=file:$dir/leases.0" "leases.1=file:$dir/leases.1" "events=log:$dir/events" "${given[@]}" \
		-- "$dir/baton-edge" 2> "$dir/edge" 3>&- &
	began edge $!
	wait_for started "$dir/edge"
}

# files_start INTERFACE ADDR: what it says is in $dir/events, too.
files_start() {
	ip netns exec "$SERVER" "$B/tests/lib/give" -u $USER_FILES "table=dir:$dir/table" "boot=dir:$dir/boot" \
		"packs=dir:$dir/packs" "http.$1=tcp:$2:8080" "events=log:$dir/events" \
		-- "$dir/baton-files" 2> "$dir/files" 3>&- &
	began files $!
	wait_for started "$dir/files"
}

# began NAME PID: a process that edge_end ends.
began() {
	disown "$2"
	echo "$2" > "$dir/pid.$1"
}

# is_alive NAME: one that nobody has waited for yet is not.
is_alive() {
	[ -e "$dir/pid.$1" ] && grep -q '^State:.[^ZX]' "/proc/$(cat "$dir/pid.$1")/status" 2>/dev/null
}

# ended NAME [SIGNAL]: the process is ended, and gone when this returns.
ended() {
	local until=$((SECONDS + 5)) signal=${2:-TERM}
	is_alive "$1" && kill -"$signal" "$(cat "$dir/pid.$1")" 2>/dev/null
	while is_alive "$1"; do
		[ $SECONDS -lt $until ] || kill -KILL "$(cat "$dir/pid.$1")" 2>/dev/null || true
		read -rt 0.02 <> <(:) || true
	done
	rm -f "$dir/pid.$1"
}

# edge_end NAMESPACE...: everything, and these namespaces of the test's.
edge_end() {
	local name
	for name in "$dir"/pid.*; do
		[ ! -e "$name" ] || ended "${name##*/pid.}"
	done
	for name in "$SERVER" "$@"; do
		ip netns del "$name" 2>/dev/null || true
	done
	[ -n "${EDGE_KEEP-}" ] || rm -rf "$dir"
}
