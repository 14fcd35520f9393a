#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_doctor.sh KERNEL
# docs/doctor/ has the output of doctor for each kernel, for users who do not have that kernel. Both must match.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

guest <<'GUEST'
expect_status doctor 0 rcuscope doctor
cp /tmp/stdout /out/doctor.txt
expect_status "doctor --json" 0 rcuscope doctor --json
cp /tmp/stdout /out/doctor.json
GUEST

# Distributions change the release of a kernel.
without_release() { sed '1s/^Kernel [^ ]*/Kernel RELEASE/' "$1"; }
expect "docs/doctor/$KERNEL.txt is what doctor says" \
	diff <(without_release "$PROJECT/docs/doctor/$KERNEL.txt") <(without_release "$OUT/doctor.txt")
expect "doctor --json has every hook" /usr/bin/python3 -c '
import json, sys
plan = json.load(open(sys.argv[1], encoding="utf-8"))
text = open(sys.argv[2], encoding="utf-8").read()
sys.exit(len(plan["plan"]) < 20 or any(hook["hook"] not in text for hook in plan["plan"]))' "$OUT/doctor.json" "$OUT/doctor.txt"
finish
