#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: tidy.sh BUILD [PATTERN]
# Runs clang-tidy on the C++ files whose paths match PATTERN (default: all that are compiled in BUILD), and on the
# other files of their batches. Four fifths of the time go to the libraries' headers, which the files of a batch
# share. The batches are CMake's (CMAKE_UNITY_BUILD); they are configured in BUILD/tidy and never built. That folder
# also caches the results, so that only changes cost time.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

build=${1:?usage: tidy.sh BUILD [PATTERN]}
pattern=${2:-.}
# The build generates the skeleton of the BPF programs.
skeleton=$(realpath -- "$build")/bpf
[[ -f $build/compile_commands.json ]] || { printf '%s has no compile_commands.json; build first\n' "$build"; exit 1; }
batches=$build/tidy
memory=$batches/remembered
mkdir -p "$memory"
cmake -S . -B "$batches" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=32 \
	-DRCUSCOPE_TESTS=ON -DNPM=OFF >"$batches/configured.log" 2>&1 || { cat "$batches/configured.log"; exit 1; }

# Everything that may change the result, apart from the files themselves and their headers.
basis=$({
	clang-tidy --version
	cat .clang-tidy "$batches/compile_commands.json" tests/lint/tidy.sh
} | sha256sum)
headers=$(project_files '*.hpp' '*.h' | xargs -d '\n' sha256sum)

# Prints the C++ files of a batch, or the file itself if it is no batch.
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
	# The database has GCC's flags: flags that clang does not know are no finding, nor is it one that a batch includes
	# .cpp files. The skeleton uses _Bool, which is in GCC's <stdbool.h>, and in clang's only with GNU extensions.
	if output=$(clang-tidy -p "$batches" --quiet --checks=-bugprone-suspicious-include \
		--extra-arg=-Wno-unknown-warning-option --extra-arg=-D_Bool=bool --extra-arg="-isystem$skeleton" \
		"$1" 2>/dev/null); then
		: >"$record"
	else
		printf '%s\n' "$output" "clang-tidy has findings in one of:" "$(sources "$1")"
		return 1
	fi
}

# Removes old results.
find "$memory" -type f -mtime +14 -delete
files=0
running=0
while IFS= read -r batch; do
	# clang-tidy cannot read files in other languages, such as assembly.
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
