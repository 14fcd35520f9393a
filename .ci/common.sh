# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Shared by demo.sh and test.sh: messages, and building. They source it with the project as the working folder and ME
# as the name in messages.

# Colours only on a terminal, and not if NO_COLOR is set.
BOLD='' RED='' PLAIN=''
if [[ -t 2 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
	BOLD=$'\e[1m' RED=$'\e[31m' PLAIN=$'\e[0m'
fi

note() { printf '%s%s:%s %s\n' "$BOLD" "$ME" "$PLAIN" "$*" >&2; }

fail() { # STATUS WHAT-AND-WHY [WHAT-TO-DO]
	printf '%s%s: error:%s %s\n' "$RED" "$ME" "$PLAIN" "$2" >&2
	[[ -z ${3:-} ]] || printf '%s: hint: %s\n' "$ME" "$3" >&2
	exit "$1"
}

# If the kernel randomizes more than 28 bits of addresses, TSan of GCC 12 and ASan of clang 14 end at once, or
# sometimes. This also affects building: CMake runs the test programs to list their tests.
prefix_for() { # PRESET, sets PREFIX
	PREFIX=()
	if [[ $1 == @(tsan|fuzz) ]] && (($(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || printf 0) > 28)); then
		PREFIX=(setarch --addr-no-randomize)
	fi
}

# Builds TARGET (all: everything) of PRESET in build/PRESET. The output of the compilers goes into a log, which is
# shown if they fail. A lock prevents two builds in one folder at the same time.
build() { # PRESET TARGET [CMAKE-ARGUMENT...]
	local preset=$1 target=$2 folder=build/$1 log=build/$1.log lock
	shift 2
	mkdir -p build
	prefix_for "$preset"
	exec {lock}>"build/.$preset.lock"
	flock "$lock"
	{
		# Ninja runs cmake again by itself when necessary.
		if (($#)) || [[ ! -f $folder/build.ninja ]]; then
			cmake --preset "$preset" "$@"
		fi
		"${PREFIX[@]}" cmake --build "$folder" --target "$target" --parallel "$(nproc)"
	} </dev/null >"$log" 2>&1 || {
		# The output of a failing step is followed by that of parallel steps.
		grep -E -A 20 -m 5 'FAILED:|error:|CMake Error' "$log" | head -n 60 | sed 's/^/  | /' >&2 || true
		fail 1 "building $preset failed; all that was said is in $log" "if compilers or libraries are missing: .ci/setup build"
	}
	exec {lock}>&-
}
