#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_summary.sh KERNEL
# Counts that the BPF programs keep themselves (record --mode summary), with each way to see RCU, with offloaded
# callbacks, during CPU hotplug, and for the whole system. They must equal the load's own counts, and their latencies
# must match a recording of the same callbacks with events. Also measures what a callback of a flood costs.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

ways='best fentry kprobe'
! kernel_has RCU_TRACE || ways+=' tracepoint'

# shellcheck disable=SC2016 # the guest's
RECORD_LOAD='
dmesg -c >/run/before
record_load() { # NAME PARAMETERS SCRIPT [OPTION]...
	name=$1
	export PARAMETERS="$2" SCRIPT="$3"
	shift 3
	expect_status "$name" 0 rcuscope record --mode summary "$@" -o "/out/$name.json" -- sh -c "$SCRIPT"
	cp /tmp/stderr "/out/$name.stderr"
	dmesg -c | grep "rcu_load: queued" >"/out/$name.log"
	expect_nothing_left "$name"
}
once="insmod /kmod/rcu_load.ko \$PARAMETERS; sleep 1; rmmod rcu_load"
steady="threads=2 rate=1000 waiters=1"
follow="-m /kmod/rcu_load.ko --until-unload"
# shellcheck disable=SC2086 # words
'

read -r -d '' ALL_WAYS <<'GUEST' || :
for way in $ways; do
	via="--via $way"
	[ "$way" != best ] || via=
	record_load "$way" "$steady" "$once" $follow $via
done
record_load burst 'threads=2 burst=20000 pause_ms=300' "$once" $follow
record_load full 'threads=1 cpus=0 burst=20000 pause_ms=300' "$once" $follow --buffer 64
record_load twice "$steady" 'for i in 1 2; do insmod /kmod/rcu_load.ko $PARAMETERS; sleep 1; rmmod rcu_load; done' $follow
record_load system "$steady" "insmod /kmod/rcu_load.ko \$PARAMETERS; sleep 3; rmmod rcu_load"
[ ! -e /sys/devices/system/cpu/cpu1/online ] || record_load hotplug 'threads=2 rate=2000' '
	insmod /kmod/rcu_load.ko $PARAMETERS
	for i in 1 2; do for online in 0 1; do echo $online >/sys/devices/system/cpu/cpu1/online; sleep 0.3; done; done
	rmmod rcu_load' $follow

# A recording with --mode summary contains another one with events. Both see the same callbacks, however slow the
# machine is.
for way in $ways; do
	via="--via $way"
	[ "$way" != best ] || via=
	record_load "same-$way" "$steady" "rcuscope record $follow --no-functions -q -o /out/events-$way.rcu -- sh -c '$once'" $follow $via
done

# With --mode summary there is no ring buffer for events. Map type 27 is a ring buffer, type 2 an array.
maps_of() { grep -l "^map_type:.$2\$" "/proc/$1/fdinfo/"* | wc -l; }
for mode in summary events; do
	rcuscope record --mode $mode -q -o /tmp/s.json -- sleep 2 2>/tmp/stderr &
	recorder=$!
	wait_for "the maps with --mode $mode" sh -c "ls -l /proc/$recorder/fd | grep -q bpf.link"
	expect_equal "arrays with --mode $mode" yes "$([ "$(maps_of $recorder 2)" -gt 3 ] && echo yes)"
	expect_equal "buffers of events with --mode $mode" "$([ $mode = summary ] || echo yes)" "$([ "$(maps_of $recorder 27)" = 0 ] || echo yes)"
	wait $recorder
done

for refused in '-o x.pftrace' '-o x.rcu' '-o a.json -o b.json' '--trigger stall' '--stacks' '--fail-on hazard' '--function x'; do
	expect_status "$refused" 2 rcuscope record --mode summary $refused -m /kmod/rcu_load.ko -- true
	grep -q '^rcuscope: .*: .*--mode summary' /tmp/stderr || failed "$refused: it is not said why"
done
expect_status "no such mode" 2 rcuscope record --mode sometimes -- true
[ ! -e x.rcu ] && [ ! -e a.json ] || failed "something was written that was refused"
GUEST
guest <<<"ways='$ways'"$'\n'"$RECORD_LOAD"$'\n'"$ALL_WAYS"

# CHECK is Python on the counts of the BPF programs ("summary"), the counts of the module's log ("load", all its lives
# together) and the summary of events of the same callbacks ("events"), if there is one.
summary_holds() { # NAME CHECK...
	local name=$1 events=$WORK/none.json
	shift
	[[ $name != same-* ]] || events=$WORK/events-${name#same-}.json
	/usr/bin/python3 - "$OUT/$name.json" "$OUT/$name.log" "$events" "$@" <<'PYTHON' || failed "$name"
import collections
import json
import re
import sys

summary, log, events = (open(file, encoding="utf-8").read() for file in sys.argv[1:4])
summary, events = json.loads(summary), json.loads(events)
load = collections.Counter()
for counted, value in re.findall(r"(\w+)=(\d+)", log):
    load[counted] += int(value)
mine = [row for row in summary["functions"] if row["module"] == "rcu_load"]
row = mine[0] if mine else None


def quantile(digest, name, share):
    seen, histogram = 0, digest["durations"][name]
    for lowest, count in histogram["buckets"]:
        seen += count
        if seen >= share * histogram["count"]:
            return lowest
    return 0


# Both know a duration by the lowest value of its bucket, whose width is this share of it (analysis/histogram.hpp). The
# two programs of an event read the clock one after the other.
bucket = 1 / 128
clocks_ns = 200_000


def near(one, other):
    return other / (1 + bucket) - clocks_ns <= one <= other * (1 + bucket) + clocks_ns


# Each of the two may have missed some callbacks, so a rank may differ by that number. The emulator stops between the two
# programs of a few callbacks, which may move the rank by this share.
stopped = 0.01


def latency_like_events(share):
    counted = [digest["durations"]["callback.latency"]["count"] for digest in (summary, events)]
    off = sum(1 - count / load["queued"] for count in counted) + stopped
    mine = quantile(summary, "callback.latency", share)
    low, high = (quantile(events, "callback.latency", min(max(share + sign * off, 0), 1)) for sign in (-1, 1))
    return low and high and (low <= mine <= high or near(mine, low) or near(mine, high))


def longer(digest, ns):
    return sum(count for lowest, count in digest["durations"]["gp"]["buckets"] if lowest >= ns)


# The recording with events is the shorter one.
def has_grace_periods_of_events():
    buckets = events["durations"]["gp"]["buckets"]
    return buckets and all(longer(summary, lowest / (1 + bucket) - clocks_ns) >= longer(events, lowest) for lowest, _ in buckets)


for check in sys.argv[4:]:
    if not eval(check):
        sys.exit(f"does not hold: {check}; of it: {row and {**row, 'latency': row['latency']['count']}}, lost: {summary['lost']}, "
                 f"load: {dict(load)}, counts: {summary['counts']}")
PYTHON
}
exact=('len(mine) == 1 and row["function"] == "load_invoked"' 'row["queued"] == load["queued"]' 'row["invoked"] == load["invoked"]'
	'row["pending"] == 0')
# A task may move to another CPU between the program and the enqueueing: of many thousands of callbacks, one is then
# unknown.
timed=('row["unknown"] <= 0.001 * load["queued"]' 'row["latency"]["count"] + row["unknown"] == row["queued"]')
# Kprobe programs do not nest. Where tasks are preempted in the kernel fentry misses calls that come while the task of a
# running program is preempted. Both are reported.
honest=('len(mine) == 1 and row["function"] == "load_invoked"'
	'0 <= load["queued"] - row["queued"] <= summary["lost"] + row["invoked"] - row["latency"]["count"]'
	'0 <= load["invoked"] - row["invoked"] <= summary["lost"]' 'load["invoked"] - row["latency"]["count"] <= summary["lost"] + row["unknown"]'
	# A busier machine misses more.
	'row["latency"]["count"] >= 0.9 * load["invoked"]')

rcuscope=${RCUSCOPE:-$PROJECT/build/release/tracer/rcuscope}
printf '{}' >"$WORK/none.json"
# Whether the programs of a way see each call.
sees_all() { # WAY
	local way=$1
	[[ $way != best ]] || ! kernel_has RCU_TRACE || way=tracepoint
	[[ $way == tracepoint ]] || { [[ $way != kprobe ]] && ! kernel_has 'PREEMPT|PREEMPT_LAZY|PREEMPT_RT'; }
}
for name in $ways; do
	if sees_all "$name"; then
		summary_holds "$name" "${exact[@]}" "${timed[@]}"
	else
		summary_holds "$name" "${honest[@]}"
	fi
	"$rcuscope" summarize "$OUT/events-$name.rcu" -o "$WORK/events-$name.json"
	summary_holds "same-$name" "${honest[@]}" 'all(latency_like_events(share) for share in (0.25, 0.5, 0.75))' \
		'has_grace_periods_of_events()' 'summary["counts"]["hazards"] is None and summary["durations"]["reader"] is None'
done
if sees_all best; then
	for name in burst twice; do summary_holds "$name" "${exact[@]}" "${timed[@]}"; done
	summary_holds full "${exact[@]}" 'row["unknown"] > 0.1 * load["queued"]' 'summary["lost"] >= row["unknown"]' \
		'row["latency"]["count"] + row["unknown"] == row["queued"]'
	[[ ! -e $OUT/hotplug.json ]] || summary_holds hotplug "${exact[@]}" 'row["unknown"] <= 0.02 * load["queued"]'
fi
summary_holds system 'row and row["function"] == "load_invoked" and row["queued"] <= load["queued"]' \
	'any(other["module"] is None and other["function"] and other["latency"]["count"] for other in summary["functions"])' \
	'load["invoked"] - row["latency"]["count"] <= summary["lost"] + row["unknown"]' 'row["latency"]["count"] >= 0.9 * load["invoked"]'
expect_run "check of a summary" 0 "$rcuscope" check "$OUT/best.json" --budget 'callback.latency.max<60s' --budget 'callbacks.pending==0'
expect_run "check of what was not looked at" 1 "$rcuscope" check "$OUT/best.json" --strict --budget 'hazards==0'
expect_run "report of a summary" 0 "$rcuscope" report "$OUT/best.json"
grep -q 'rcu_load:load_invoked' "$WORK/stdout" || failed "the report does not name the function"

# A flood of callbacks that are invoked while it goes on, with room for all of them and with room for few. A callback
# without room must not cost more than one with room. The guest's clock counts instructions; 3 % is the tolerance,
# because the end of the flood is polled.
flood=2000000
# shellcheck disable=SC2016 # the guest's
guest --count-instructions <<<"export FLOOD=$flood"$'\n'"$RECORD_LOAD"'
for buffer in 32768 64; do
	record_load "flood-$buffer" "rate=0 pending=1000000" "insmod /kmod/rcu_load.ko \$PARAMETERS
		until [ \$(cat /sys/module/rcu_load/parameters/queued) -ge $FLOOD ]; do usleep 50000; done
		rmmod rcu_load" $follow --buffer $buffer
done'
summary_holds flood-32768 "${exact[@]}" "${timed[@]}" "load['queued'] >= $flood"
summary_holds flood-64 "${exact[@]}" 'row["unknown"] > 0.5 * load["queued"]' 'row["latency"]["count"] + row["unknown"] == row["queued"]'
flood_cost() { # in ns by the guest's clock, for one callback
	sed -n 's/.*queued=\([0-9]*\) .* elapsed_us=\([0-9]*\) .*/\1 \2/p' "$OUT/$1.log" | { read -r queued us; printf '%d' $((us * 1000 / queued)); }
}
with_room=$(flood_cost flood-32768) without=$(flood_cost flood-64)
printf '%s: %s: a callback of a flood costs %d ns with room for all, %d ns without\n' "$TEST" "$KERNEL" "$with_room" "$without"
((without > 0 && without * 100 <= with_room * 103)) || failed "a callback that there is no room for costs more than one that there is room for"

# shellcheck disable=SC2016 # the guest's
guest --append rcu_nocbs=all <<<"$RECORD_LOAD"$'\n''record_load offloaded "$steady" "$once" $follow'
# The tracepoints of RCU do not see all invocations of offloaded callbacks, so fentry is the best way.
if sees_all fentry; then
	summary_holds offloaded "${exact[@]}" "${timed[@]}"
else
	summary_holds offloaded "${honest[@]}"
fi
finish
