#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_via_kprobe.sh KERNEL
# A timeline means the same with each way to see RCU: a recording with kprobes passes the checks of a recording with
# fentry.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

# The kernel may skip programs of kprobes (bpf/missed_kprobes.h). In each recording whatever is not known is explained by
# a reported loss, and a recording without losses is exact.
recordings=3
record_rcucmap_in "$recordings" --via kprobe
exact=0
for ((i = 1; i <= recordings; i++)); do
	folder=$OUT/$i
	check_timeline valid "$folder/run.json"
	check_timeline holds "$folder/run.json" \
		'all(probe["via"] in ("kprobe", "tracepoint", "tracefs-kprobe") for probe in capture["probes"])' \
		"$only_rcucmap"
	check_timeline explained "$folder/run.json" "$folder/log"
	check_timeline ftrace "$folder/run.json" "$folder/gp.ftrace" "$folder/calls.ftrace"
	[[ $(/usr/bin/python3 "$TESTS_VM/lib/timeline.py" print "$folder/run.json" 'capture["lost"] == []') == True ]] || continue
	check_recorded_rcucmap "$folder"
	exact=$((exact + 1))
done
printf '%s: %s: %d of %d recordings lost nothing\n' "$TEST" "$KERNEL" "$exact" "$recordings"

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
