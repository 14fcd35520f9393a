#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: tidy.sh BUILD [PATTERN]
# Holds the C++ files whose paths match PATTERN (default: all that are compiled
# in BUILD) to .clang-tidy. What a file and its headers were found to be is
# remembered in BUILD/tidy, so that only changes cost time.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

build=${1:?usage: tidy.sh BUILD [PATTERN]}
pattern=${2:-.}
[[ -f $build/compile_commands.json ]] || { printf '%s has no compile_commands.json; build first\n' "$build"; exit 1; }
memory=$build/tidy
mkdir -p "$memory"

# All that may change the verdict, apart from the file itself and its headers.
basis=$({
	clang-tidy --version
	cat .clang-tidy tests/.clang-tidy "$build/compile_commands.json" tests/lint/tidy.sh
} | sha256sum)
headers=$(project_files '*.hpp' '*.h' | xargs -d '\n' sha256sum)

remembered() { # FILE
	local key
	key=$({
		printf '%s\n' "$basis" "$headers"
		cat "$1"
	} | sha256sum)
	printf '%s/%s\n' "$memory" "${key:0:32}"
}

check() { # FILE
	local record output
	record=$(remembered "$1")
	[[ ! -f $record ]] || return 0
	# GCC's flags are in the database; what clang does not know of them is no
	# finding. The skeleton's _Bool is a word of GCC's <stdbool.h>, and of clang's
	# with GNU extensions only.
	if output=$(clang-tidy -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option --extra-arg=-D_Bool=bool \
		"$1" 2>/dev/null); then
		: >"$record"
	else
		printf '%s\n' "$output" "$1: clang-tidy has findings"
		return 1
	fi
}

mapfile -t files < <(
	# What is no C++ (an assembler's file) is not clang-tidy's.
	sed -n 's/^ *"file": "\(.*[.]cpp\)",\{0,1\}$/\1/p' "$build/compile_commands.json" |
		sort -u | while IFS= read -r file; do [[ ! -f $file ]] || realpath -s --relative-to=. -- "$file"; done | grep -E "$pattern" | grep -v '^build/'
)
# The verdicts of files that have changed since.
find "$memory" -type f -mtime +14 -delete
running=0
for file in "${files[@]}"; do
	if ((running >= ${TIDY_JOBS:-2})); then
		wait -n || problems=$((problems + 1))
		running=$((running - 1))
	fi
	check "$file" &
	running=$((running + 1))
done
while ((running)); do
	wait -n || problems=$((problems + 1))
	running=$((running - 1))
done
conclude "${#files[@]}"
