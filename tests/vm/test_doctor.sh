#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_doctor.sh KERNEL
# docs/doctor/ has the output of doctor for each kernel, for users who do not have that kernel. Both must match. If
# doctor says that record works, record works; if it says why not, record says the same.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
# shellcheck disable=SC2034 # for begin
WITHOUT_MODULES=yes
begin "$@"

works=0
[[ $KERNEL != debian-5.10 ]] || works=3 # too old

guest <<GUEST
expect_status doctor $works rcuscope doctor
cp /tmp/stdout /out/doctor.txt
expect_status "doctor --json" $works rcuscope doctor --json
cp /tmp/stdout /out/doctor.json
expect_status record $works rcuscope record -- true
cp /tmp/stderr /out/record.stderr
expect_status "record --mode summary" $works rcuscope record --mode summary -- true
cp /tmp/stderr /out/summary.stderr
GUEST

# Distributions change the release of a kernel.
without_release() { sed '1s/^Kernel [^ ]*/Kernel RELEASE/' "$1"; }
expect "docs/doctor/$KERNEL.txt is what doctor says" \
	diff <(without_release "$PROJECT/docs/doctor/$KERNEL.txt") <(without_release "$OUT/doctor.txt")
if ((works != 0)); then
	why=$(sed -n 's/^Problem: //p' "$OUT/doctor.txt")
	for mode in record summary; do
		expect "$mode says the same" diff <(printf 'rcuscope: %s\n' "$why") <(head -n 1 "$OUT/$mode.stderr")
	done
	finish
fi
expect "doctor --json has every hook" /usr/bin/python3 -c '
import json, sys
plan = json.load(open(sys.argv[1], encoding="utf-8"))
text = open(sys.argv[2], encoding="utf-8").read()
sys.exit(len(plan["plan"]) < 20 or any(hook["hook"] not in text for hook in plan["plan"]))' "$OUT/doctor.json" "$OUT/doctor.txt"
finish
