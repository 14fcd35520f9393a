#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_holders.sh KERNEL
# The holder of a grace period is named correctly: a reader's section, a busy CPU, or a preempted reader, and never an
# idle CPU or task.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

guest <<GUEST
$(record_module reader rcu_unload rcu_reader2 4 long_read_ms=1500)
$(record_module busy rcu_hog 'rcu_waiter: waited' 4 hog_ms=400)
GUEST
# Every holder that is named follows from the facts of the timeline.
check_timeline valid "$OUT/reader.json"
check_timeline holds "$OUT/reader.json" 'len(long_periods(1000)) >= 2' \
	"all_held(long_periods(1000), lambda h: h['kind'] == 'read-section' and h['function'] == 'rcu_unload:read_long')"

check_hogged busy 1
# A sample may hit a function that hog_cpu() calls and from which the stack cannot be walked.
check_timeline holds "$OUT/busy.json" "any('rcu_hog:hog_cpu' in gp['held_by']['stack'] for gp in long_periods(200))"
expect "the summary says it in words" grep -qE 'GP -?[0-9]+ took .*: CPU 1, rcu_hogger \([0-9]+\), in ' "$OUT/busy.stderr"

# Four CPUs, three of them idle; and a kernel that can preempt a reader.
guest --cpus 4 --append preempt=full <<GUEST
$(record_module idle rcu_hog 'rcu_waiter: waited' 4 hog_ms=400 cpu=2)
$(record_module preempted rcu_hog 'rcu_waiter: waited' 4 hog_ms=400 hog=preempted cpu=3)
GUEST
check_hogged idle 2
check_timeline valid "$OUT/preempted.json"
check_timeline holds "$OUT/preempted.json" 'len(long_periods(200)) >= 3' \
	"mostly_held(long_periods(200), lambda h: h['comm'] == 'rcu_preempted' and h['kind'] in ('read-section', 'preempted-reader'))" \
	"any(gp['held_by']['comm'] == 'rcu_preempted' for gp in long_periods(200))"
finish
