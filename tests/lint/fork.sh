#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Until it executes a program, a child of a process with threads may call only async-signal-safe functions: another
# thread may have held any lock at the fork. So programs are started with posix_spawn(); the files below may use
# fork(), for the reason given.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

declare -A forks=(
	[tracer/record/child.cpp]='waits, then executes the command: async-signal-safe functions only'
	[tracer/cli/open.cpp]='executes the browser: async-signal-safe functions only'
	[tracer/probes/guard.cpp]='executes nothing, and is forked while there is one thread (record/end_signals.hpp)'
)

mapfile -t files < <(project_files 'tracer/*.cpp' 'tracer/*.hpp')
for file in "${files[@]}"; do
	[[ ! ${forks[$file]:-} ]] || continue
	while IFS= read -r line; do
		problem "$file:${line%%:*}" 'forks: start the program with posix_spawn(), or say in tests/lint/fork.sh why that is safe'
	done < <(grep -nE -- '(^|[^A-Za-z_])v?fork\(|SYS_(v?fork|clone3?)\b' "$file" | grep -vE '^[0-9]+: *//')
done
conclude "${#files[@]}"
