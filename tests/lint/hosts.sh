#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# No file may name a host of packages. The machine's configuration (apt, npm, pip) names the mirror or proxy.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

# The patterns are written so that they do not match this file.
hosts=(
	'(deb|security|snapshot|archive)[.](debian|ubuntu)[.](org|com)' 'ftp[.][a-z.]*debian[.]org'
	'registry[.](npmjs[.]org|yarnpkg[.]com)' '(files[.]pythonhosted|pypi)[.]org'
	'(proxy[.]golang|sum[.]golang)[.]org' '(static[.])?crates[.]io' 'index[.]docker[.]io' 'npmmirror[.]com'
)
pattern=$(IFS='|'; printf '%s' "${hosts[*]}")
mapfile -t files < <(project_files .)
for file in "${files[@]}"; do
	! line=$(grep -m 1 -nIE -- "$pattern" "$file") || problem "$file:${line%%:*}" 'names the host of a package registry'
done
conclude "${#files[@]}"
