#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_ways.sh KERNEL
# The complete ways to see RCU show the same: three recorders run at once, each with another way, and their timelines
# are compared event by event.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"
needs RCU_TRACE 'it has no tracepoints of RCU (no CONFIG_RCU_TRACE)'

guest <<'GUEST'
ways='tracepoint fentry kprobe'
for way in $ways; do
	mkfifo /tmp/go.$way
	# The buffers hold the stacks of all callbacks, while the machine may be busy with other guests.
	rcuscope record --buffer 16384 -m /kmod/rcucmap.ko --no-functions --until-unload --addresses --stacks --via $way --all-callbacks \
		-o /out/$way.json -- sh -c "touch /tmp/ready.$way; cat /tmp/go.$way" 2>/out/$way.stderr &
	echo $! >/tmp/recorder.$way
done
for way in $ways; do
	wait_for "the probes by $way" [ -e /tmp/ready.$way ]
done
for way in $ways; do
	[ -e /tmp/ready.$way ] || { cat /out/$way.stderr; exit 1; }
done

churn() { i=0; while [ ! -e /tmp/enough ]; do i=$((i + 1)); echo x >"/tmp/churn.$((i % 50))"; rm "/tmp/churn.$((i % 50))"; done; }
churn &
start_rcucmap reader_ms=10 writer_ms=20
# Another user of the tracepoint comes and goes; each time the kernel changes how it calls the tracepoint.
mkdir $TRACEFS/instances/other
for enabled in 0 1 0 1 0; do
	echo $enabled >$TRACEFS/instances/other/events/rcu/rcu_callback/enable
	sleep 0.2
done
rmdir $TRACEFS/instances/other
wait_for "rcucmap's end" rcucmap_done
>/tmp/enough
for way in $ways; do echo go >/tmp/go.$way; done
echo 1 >/sys/kernel/rcu_expedited # for the wait in free_module()
rmmod rcucmap
echo 0 >/sys/kernel/rcu_expedited
for way in $ways; do
	status=0
	wait "$(cat /tmp/recorder.$way)" || status=$?
	expect_equal "status of record --via $way" 0 $status
done
expect_nothing_left "three recorders"
expect_status doctor 0 rcuscope doctor --json
cp /tmp/stdout /out/doctor.json
for way in $ways; do
	expect_status "doctor --via $way" 0 rcuscope doctor --via $way --json
	cp /tmp/stdout /out/doctor-$way.json
done
GUEST

for way in tracepoint fentry kprobe; do
	check_timeline holds "$OUT/$way.json" 'capture["complete"]' 'capture["end_reason"].startswith("module freed")' \
		"next(p['via'] for p in capture['probes'] if p['hook'] == 'gp.start') == '$way'"
	check_timeline holds "$OUT/doctor-$way.json" 'problems == []' 'all(hook["via"] or not hook["needed"] or not preempt_rcu for hook in plan)' \
		"len([hook for hook in plan if hook['via'] == '$way']) >= 10"
done
# Tracepoints are the best way, and miss nothing. Where tasks are preempted, kprobes are the best for what has none.
check_timeline holds "$OUT/doctor.json" \
	'{hook["via"] for hook in plan if hook["hook"].startswith("gp.") and hook["hook"] not in ("gp.sample", "gp.expedited.sample", "gp.expedited.quiescent")} == {"tracepoint"}' \
	'{hook["hook"] for hook in plan if hook["via"] == "kprobe"} <= {"callback.kvfree_rcu", "module.references"}'
check_timeline holds "$OUT/tracepoint.json" 'capture["lost"] == []' \
	'all(p["missed"] == 0 for p in capture["probes"] if p["hook"] in ("callback.queued", "callback.invoked", "gp.start", "gp.end"))'
check_timeline same "$OUT/tracepoint.json" "$OUT/fentry.json" rcucmap
check_timeline same "$OUT/tracepoint.json" "$OUT/kprobe.json" rcucmap
finish
