#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# No file names a host that packages come from: which mirror or proxy it is,
# the machine knows (apt, npm, pip and their configuration).
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

# Written so that this file has none of them either.
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
