#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_via_kprobe.sh KERNEL
# A timeline means the same with each way to see RCU: a recording with kprobes passes the checks of a recording with
# fentry.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

# The kernel may skip programs of kprobes (bpf/missed_kprobes.h). A recording is either exact or reports losses; the test
# repeats it until one is exact.
for _ in 1 2 3 4 5 6; do
	record_rcucmap --via kprobe
	check_timeline holds "$OUT/run.json" \
		'all(probe["via"] in ("kprobe", "tracepoint", "tracefs-kprobe") for probe in capture["probes"])' \
		'capture["complete"]' 'len(callbacks) == len(of(callbacks)) == 50' \
		'not any(callback["state"] == "pending" for callback in callbacks)'
	/usr/bin/python3 "$TESTS_VM/lib/timeline.py" holds "$OUT/run.json" 'capture["lost"] == []' >/dev/null || continue
	check_recorded_rcucmap "$OUT"
	break
done
check_timeline holds "$OUT/run.json" 'capture["lost"] == []'

guest <<'GUEST'
expect_status "doctor --via kprobe" 0 rcuscope doctor --via kprobe --json
cp /tmp/stdout /out/doctor.json
expect_status "doctor" 0 rcuscope doctor --json
cp /tmp/stdout /out/doctor-best.json
expect_status "doctor as text" 0 rcuscope doctor
grep -q "record works here" /tmp/stdout || failed "doctor does not say that record works"
expect_status "doctor --via nonsense" 2 rcuscope doctor --via nonsense
expect_nothing_left doctor
GUEST
for how in 'doctor.json kprobe' 'doctor-best.json fentry'; do
	read -r file way <<<"$how"
	check_timeline holds "$OUT/$file" 'problems == []' \
		"all(hook['via'] in ('$way', 'tracepoint', 'tracefs-kprobe') for hook in plan if hook['via'])" \
		"len([hook for hook in plan if hook['via'] == '$way']) >= 10" \
		"all(hook['via'] or not hook['needed'] for hook in plan)"
done
finish
