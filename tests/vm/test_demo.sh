#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_demo.sh [KERNEL]
#        test_demo.sh --check FOLDER
# The demonstration leaves a capture and its exports that show a whole life of
# rcucmap. With --check only looks at what a demonstration left in FOLDER.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"

# shellcheck disable=SC2317 # expect calls it
decodes() { protoc --decode_raw <"$1" >/dev/null; }

if [[ ${1:-} == --check ]]; then
	folder=${2:?a folder}
	begin demo
else
	begin "${1:-demo}"
	folder=$WORK/demo
	expect_run "demo.sh" 0 "$PROJECT/demo.sh" --out "$folder" ${1:+--kernel "$1"}
	((failures == 0)) || { cat "$WORK/stdout"; finish; }
fi

for file in rcucmap.rcu rcucmap.json rcucmap.pftrace; do
	expect "$file is there" test -s "$folder/$file"
done
check_timeline rcucmap "$folder/rcucmap.json"
expect "the Perfetto trace can be decoded" decodes "$folder/rcucmap.pftrace"
finish
