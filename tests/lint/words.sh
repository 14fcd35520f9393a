#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs words.py on the comments and messages of sources, on documents, and on outputs in Markdown.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

texts=()
while IFS= read -r file; do
	case $file in
	*.hpp | *.cpp | *.h | *.c | *.S | *.inc | *.ts | *.js | *.mjs | *.py | *.sh | *.cmake | *.md) texts+=("$file") ;;
	*CMakeLists.txt | *Kbuild | .ci/*) texts+=("$file") ;;
	esac
done < <(project_files .)
tests/lint/words.py "${texts[@]}" || problem tests/lint/words.py 'has findings: CONTRIBUTING.md says how to write'
conclude "${#texts[@]}"
