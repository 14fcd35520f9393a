#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# npm must run no package's install script: neither in viz/, for any caller, nor where a file of the project calls
# npm, whatever the user's own configuration says. The check matches commands of npm, not the word alone.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

installs='(npm|\$\{?NPM\}?"?)( +-[^ ]*)* +(ci|i|install|install-ci-test|it|add|update|rebuild|exec)([^a-z]|$)|(^|[^a-z])npx '
grep -qx 'ignore-scripts=true' viz/.npmrc || problem viz/.npmrc 'lacks ignore-scripts=true'
mapfile -t files < <(project_files . ':!viz/package-lock.json' ':!tests/lint/npm.sh')
for file in "${files[@]}"; do
	while IFS= read -r line; do
		[[ $line == *--ignore-scripts* ]] || problem "$file:${line%%:*}" 'calls npm without --ignore-scripts'
	done < <(grep -nIE -- "$installs" "$file")
done
conclude "${#files[@]}"
