#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs shellcheck on shell scripts, which it recognizes by suffix or first line. The project's own scripts must also
# begin with the same lines.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

scripts=()
while IFS= read -r file; do
	line=$(first_line "$file")
	case $file:$line in
	*':#!'*sh | *.sh:*) scripts+=("$file") ;;
	*) continue ;;
	esac
	case $line in
	'#!/usr/bin/env bash')
		[[ -x $file ]] || problem "$file" 'is a script and cannot be executed (chmod +x)'
		grep -qx 'set -euo pipefail' "$file" || problem "$file" "has no line 'set -euo pipefail'" ;;
	'#!/bin/busybox sh') ;; # a guest has no other shell
	'#!'*) problem "$file" "begins with '$line' instead of '#!/usr/bin/env bash'" ;;
	esac
	shellcheck --external-sources --source-path=SCRIPTDIR:. "$file" || problem "$file" 'shellcheck has findings'
done < <(project_files .)
conclude "${#scripts[@]}"
