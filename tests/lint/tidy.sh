#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: tidy.sh BUILD [PATTERN]
# Holds the C++ files whose paths match PATTERN (default: all that are compiled
# in BUILD) to .clang-tidy, and the other files of their batches with them: four
# fifths of the time go to the libraries' headers, which the files of a batch
# share. The batches are CMake's (CMAKE_UNITY_BUILD), configured in BUILD/tidy and
# never built; what one was found to be is remembered there, so that only changes
# cost time.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

build=${1:?usage: tidy.sh BUILD [PATTERN]}
pattern=${2:-.}
# The skeleton of the BPF programs is made by building.
skeleton=$(realpath -- "$build")/bpf
[[ -f $build/compile_commands.json ]] || { printf '%s has no compile_commands.json; build first\n' "$build"; exit 1; }
batches=$build/tidy
memory=$batches/remembered
mkdir -p "$memory"
cmake -S . -B "$batches" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=32 \
	-DRCUSCOPE_TESTS=ON -DNPM=OFF >"$batches/configured.log" 2>&1 || { cat "$batches/configured.log"; exit 1; }

# All that may change the verdict, apart from the files themselves and their headers.
basis=$({
	clang-tidy --version
	cat .clang-tidy "$batches/compile_commands.json" tests/lint/tidy.sh
} | sha256sum)
headers=$(project_files '*.hpp' '*.h' | xargs -d '\n' sha256sum)

# The C++ files of a batch; or it is one.
sources() { # BATCH
	case $1 in
	*.cxx) sed -n 's/^#include "\(.*[.]cpp\)"$/\1/p' "$1" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

remembered() { # BATCH
	local key
	key=$({
		printf '%s\n' "$basis" "$headers"
		sources "$1" | xargs -d '\n' cat
	} | sha256sum)
	printf '%s/%s\n' "$memory" "${key:0:32}"
}

check() { # BATCH
	local record output
	record=$(remembered "$1")
	[[ ! -f $record ]] || return 0
	# GCC's flags are in the database; what clang does not know of them is no
	# finding, nor that a batch includes files. The skeleton's _Bool is a word of
	# GCC's <stdbool.h>, and of clang's with GNU extensions only.
	if output=$(clang-tidy -p "$batches" --quiet --checks=-bugprone-suspicious-include \
		--extra-arg=-Wno-unknown-warning-option --extra-arg=-D_Bool=bool --extra-arg="-isystem$skeleton" \
		"$1" 2>/dev/null); then
		: >"$record"
	else
		printf '%s\n' "$output" "clang-tidy has findings in one of:" "$(sources "$1")"
		return 1
	fi
}

# The verdicts of files that have changed since.
find "$memory" -type f -mtime +14 -delete
files=0
running=0
while IFS= read -r batch; do
	# What is no C++ (an assembler's file) is not clang-tidy's.
	matching=$(sources "$batch" | sed "s|^$PWD/||" | grep -c -E "$pattern") || continue
	files=$((files + matching))
	if ((running >= ${TIDY_JOBS:-2})); then
		wait -n || problems=$((problems + 1))
		running=$((running - 1))
	fi
	check "$batch" &
	running=$((running + 1))
done < <(sed -n 's/^ *"file": "\(.*[.]c\(pp\|xx\)\)",\{0,1\}$/\1/p' "$batches/compile_commands.json" | sort -u)
while ((running)); do
	wait -n || problems=$((problems + 1))
	running=$((running - 1))
done
conclude "$files"
