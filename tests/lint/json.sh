#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every JSON file must be valid JSON.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

mapfile -t files < <(project_files '*.json')
for file in "${files[@]}"; do
	/usr/bin/python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$file" 2>/dev/null ||
		problem "$file" "is not JSON ($(/usr/bin/python3 -m json.tool "$file" /dev/null 2>&1 | tail -n 1))"
done
conclude "${#files[@]}"
