#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Checks C and C++ files against the .clang-format of their folder. To correct them: format.sh --fix
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

how=(--dry-run -Werror)
[[ ${1:-} != --fix ]] || how=(-i)
mapfile -t files < <(project_files '*.c' '*.h' '*.cpp' '*.hpp')
# One process for all files, because starting it takes longer than a file does. stdin is empty, because clang-format
# without a file reads stdin.
clang-format --style=file "${how[@]}" "${files[@]}" </dev/null 2>&1 ||
	problem 'the files above' 'not formatted; mend with tests/lint/format.sh --fix'
conclude "${#files[@]}"
