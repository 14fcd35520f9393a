#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Holds C and C++ to the .clang-format of their folder. To mend: format.sh --fix
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

how=(--dry-run -Werror)
[[ ${1:-} != --fix ]] || how=(-i)
mapfile -t files < <(project_files '*.c' '*.h' '*.cpp' '*.hpp')
# One process for all: each takes longer to begin than a file does. Without a file it reads what it is given.
clang-format --style=file "${how[@]}" "${files[@]}" </dev/null 2>&1 ||
	problem 'the files above' 'not formatted; mend with tests/lint/format.sh --fix'
conclude "${#files[@]}"
