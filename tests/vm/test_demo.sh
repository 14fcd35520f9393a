#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_demo.sh [KERNEL]
#        test_demo.sh --check FOLDER
# The first demonstration leaves a capture and exports that show a whole life of rcucmap. The second one shows a
# crash, its cause, and how to avoid it. With --check this only checks what the first one left in FOLDER.
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
[[ ${1:-} != --check ]] || finish

folder=$WORK/hazard
expect_run "demo.sh hazard" 0 "$PROJECT/demo.sh" hazard --out "$folder" ${1:+--kernel "$1"}
((failures == 0)) || { cat "$WORK/stdout"; finish; }
check_timeline valid "$folder/crash.json"
check_timeline holds "$folder/crash.json" 'not capture["complete"]' \
	'[(h["kind"], h["severity"]) for h in hazards if h["severity"] == "fatal"] == [("freed-with-pending-callbacks", "fatal")]'
check_timeline valid "$folder/barrier.json"
check_timeline holds "$folder/barrier.json" 'capture["complete"]' 'not any(h["severity"] == "fatal" for h in hazards)' \
	'len([c for c in callbacks if c["function"] == "rcu_unload:backlog_del" and c["state"] == "done"]) == 20000'
for said in 'HAZARD: rcu_unload is being freed while' 'Kernel panic' 'fatal: freed-with-pending-callbacks' 'rcu_barrier\(\) waited'; do
	expect "it shows '$said'" grep -qE "$said" "$WORK/stdout"
done
finish
