#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_preemption.sh KERNEL
# Tasks of different real-time priorities preempt each other's BPF programs. Recorded and lost events add up to the
# load's own counts, and no record has a field of another one.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"
needs 'PREEMPTION' 'no task is preempted in the kernel'

gcc-12 -O2 -Wall -static "$TESTS_VM/guest/realtime.c" -o "$WORK/realtime"

# A kernel with PREEMPT_RT ignores preempt=full.
guest --add "$WORK/realtime:/bin/" --append preempt=full <<'GUEST'
ls /sys/kernel/realtime >/out/realtime 2>/dev/null
cat >load <<'SCRIPT'
insmod /kmod/rcu_load.ko threads=8 rate=1500 cpus=0-1 readers=4 waiters=2 || exit
realtime rcu_queuer && realtime rcu_reader || exit
sleep 3
rmmod rcu_load
SCRIPT

record_load() { # NAME OUTPUT [OPTION]...
	name=$1 output=$2
	shift 2
	dmesg -c >/run/before
	expect_status "$name" 0 rcuscope record -m /kmod/rcu_load.ko --until-unload --buffer 65536 "$@" -o "/out/$output" -- sh load
	dmesg -c | grep 'rcu_load: queued' >"/out/$name.log"
	expect_nothing_left "$name"
}
record_load best best.rcu --no-functions
record_load fentry fentry.rcu --no-functions --via fentry
record_load stacks stacks.rcu --no-functions --via fentry --stacks
record_load summary summary.json --mode summary
record_load summary-fentry summary-fentry.json --mode summary --via fentry
GUEST

count() { sed -n "s/.*\b$2=\([0-9]*\).*/\1/p" "$OUT/$1.log"; } # NAME COUNT

# shellcheck disable=SC2016 # Python
own_waits='sum(w["kind"] == "synchronize_rcu" and (w["caller"] or "").startswith("rcu_load:") for w in waits)'
for name in best fentry stacks; do
	expect_run "$name: export" 0 "$RCUSCOPE" export "$OUT/$name.rcu" -o "$OUT/$name.json"
	check_timeline valid "$OUT/$name.json"
	expect_run "$name: export" 0 "$RCUSCOPE" export "$OUT/$name.rcu" --addresses -o "$OUT/$name.json"
	queued=$(count "$name" queued) reads=$(count "$name" reads) waits=$(count "$name" synchronize_rcu)
	check_timeline holds "$OUT/$name.json" "$queued > 10000" "lost_records() == []" \
		"len(callbacks) <= $queued <= len(callbacks) + missed('callback.queued') + missed('callback.queued.hurry')" \
		"$own_waits <= $waits <= $own_waits + missed('wait.synchronize_rcu')" \
		"len(read_sections) == $reads" 'every(read_sections, lambda s: s["end_ns"] is not None)' \
		'every(callbacks, lambda c: c["function"] == "rcu_load:load_invoked" and c["state"] in ("done", "unknown"))' \
		'sum(c["state"] == "unknown" for c in callbacks) <= missed("callback.invoked")' \
		'every(callbacks, lambda c: c["queued_comm"].startswith("rcu_queuer") and place_function(c["caller"]) == "rcu_load:load_queue")' \
		'len({c["queued_tid"] for c in callbacks}) == 8' "heads_apart(callbacks)" \
		'every(callbacks, lambda c: c["queued_ns"] <= (c["invoked_ns"] or c["queued_ns"]) <= (c["done_ns"] or capture["end_ns"]))' \
		'{h["kind"] for h in hazards} <= {"callback-flood"}'
	printf '%s: %s: %s: ' "$TEST" "$KERNEL" "$name"
	/usr/bin/python3 "$TESTS_VM/lib/timeline.py" print "$OUT/$name.json" \
		"'%d of %d callbacks recorded, %d skipped' % (len(callbacks), $queued, missed('callback.queued'))"
done
check_timeline holds "$OUT/stacks.json" 'sum(c["stack"] is not None for c in callbacks) > 0.9 * len(callbacks)' \
	'every(callbacks, lambda c: c["stack"] is None or stack_of(c)[0] == "rcu_load:load_queue")'
# With PREEMPT_RT, where programs are preempted all the time, the way that is preferred hides nothing. A thread of each CPU
# invokes the callbacks.
if [[ -s $OUT/realtime ]]; then
	check_timeline holds "$OUT/best.json" "len(callbacks) == $(count best queued)" "missed('callback.queued') == 0" \
		"[p['via'] for p in capture['probes'] if p['hook'] == 'callback.queued'] == ['kprobe']"
	check_timeline holds "$OUT/best.json" 'every(callbacks, lambda c: c["context"] == "rcuc")'
	check_timeline holds "$OUT/fentry.json" "missed('callback.queued') > 0"
fi

for name in summary summary-fentry; do
	/usr/bin/python3 - "$OUT/$name.json" "$(count "$name" queued)" "$(count "$name" invoked)" <<'PYTHON' || failed "$name"
import json
import sys

summary = json.load(open(sys.argv[1], encoding="utf-8"))
queued, invoked = map(int, sys.argv[2:])
row, = [row for row in summary["functions"] if row["module"] == "rcu_load"]
latencies = row["latency"]["count"]
print(f"{sys.argv[1].rsplit('/', 1)[-1]}: {row['queued']} of {queued} queued, {row['invoked']} of {invoked} invoked, "
      f"{latencies} with a latency, {summary['lost']} lost, longest latency {row['latency']['max_ns']} ns")
# A callback whose queueing was skipped is counted as invoked, with an unknown latency.
checks = {"queued": row["queued"] <= queued <= row["queued"] + summary["lost"],
          "invoked": row["invoked"] <= invoked <= row["invoked"] + summary["lost"],
          "latencies": latencies <= row["queued"] and queued - latencies <= summary["lost"] + row["unknown"],
          "no latency of another callback": row["latency"]["max_ns"] < summary["recorded_ns"]}
sys.exit(", ".join(what for what, holds in checks.items() if not holds) or 0)
PYTHON
done
finish
