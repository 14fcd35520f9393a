#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_holders.sh KERNEL
# Who held a grace period is named by what was there to be seen: a reader's
# section, a CPU that was taken, a preempted reader, and nobody who was idle.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

record() { # NAME MODULE LINE COUNT 'PARAMETER...'
	cat <<GUEST
expect_status $1 0 rcuscope record -m /kmod/$2.ko --until-unload -o /out/$1.rcu -o /out/$1.json -- sh -c '
	insmod /kmod/$2.ko $5
	until [ "\$(dmesg | grep -c "$3")" -ge $4 ]; do usleep 50000; done
	rmmod $2'
cp /tmp/stderr /out/$1.stderr
dmesg -c >/out/$1.log
GUEST
}

# Each grace period within the module's life that was longer than that, with who held it.
long='[gp["held_by"] for gp in grace_periods if not gp["expedited"] and gp["start_ns"] is not None and gp["end_ns"] and gp["end_ns"] - gp["start_ns"] > %d and any(m["init_done_ns"] < gp["start_ns"] and gp["end_ns"] < (m["exit_done_ns"] or 0) for m in modules)]'

guest <<GUEST
$(record reader rcu_unload rcu_reader2 4 'long_read_ms=1500')
$(record busy rcu_hog 'rcu_waiter: waited' 4 'hog_ms=400')
GUEST
# shellcheck disable=SC2059
check_timeline holds "$OUT/reader.json" "len($(printf "$long" 1000000000)) >= 2" \
	"all(h['kind'] == 'read-section' and h['function'] == 'rcu_unload:read_long' for h in $(printf "$long" 1000000000))"
# shellcheck disable=SC2059
# RCU's own thread may be the one that waits for the CPU which is taken.
check_timeline holds "$OUT/busy.json" "len($(printf "$long" 300000000)) >= 3" \
	"all(h['kind'] == 'gp-kthread' or h['kind'] == 'busy-cpu' and h['cpu'] == 1 and h['comm'] == 'rcu_hogger' for h in $(printf "$long" 300000000))" \
	"2 * sum(h['kind'] == 'busy-cpu' for h in $(printf "$long" 300000000)) >= len($(printf "$long" 300000000))"
# A sample may fall into what it calls, from where the stack cannot be walked.
# shellcheck disable=SC2059
check_timeline holds "$OUT/busy.json" "any('rcu_hog:hog_cpu' in h['stack'] for h in $(printf "$long" 300000000))"
expect "the summary says it in words" grep -qE 'GP -?[0-9]+ took .*: CPU 1, rcu_hogger \([0-9]+\), in ' "$OUT/busy.stderr"

# Four CPUs, three of them idle; and a kernel that lets a reader be preempted.
guest --cpus 4 --append preempt=full <<GUEST
$(record idle rcu_hog 'rcu_waiter: waited' 4 'hog_ms=400 cpu=2')
$(record preempted rcu_hog 'rcu_waiter: waited' 4 'hog_ms=400 hog=preempted cpu=3')
GUEST
# shellcheck disable=SC2059
check_timeline holds "$OUT/idle.json" "len($(printf "$long" 300000000)) >= 3" \
	"all(h['kind'] == 'gp-kthread' or h['kind'] == 'busy-cpu' and h['cpu'] == 2 for h in $(printf "$long" 300000000))" \
	"2 * sum(h['kind'] == 'busy-cpu' for h in $(printf "$long" 300000000)) >= len($(printf "$long" 300000000))"
# shellcheck disable=SC2059
check_timeline holds "$OUT/preempted.json" "len($(printf "$long" 300000000)) >= 3" \
	"all(h['comm'] == 'rcu_preempted' and h['kind'] in ('read-section', 'preempted-reader') for h in $(printf "$long" 300000000))"
finish
