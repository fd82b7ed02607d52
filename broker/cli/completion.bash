# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for baton. `baton completion bash` prints this file.
# What fits is asked of baton itself: it knows its words, and the broker knows the names.
_baton() {
	local IFS=$'\n'
	# shellcheck disable=SC2207 # one candidate a line, and none holds a blank
	COMPREPLY=($(baton completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _baton baton
