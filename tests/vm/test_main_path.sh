#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_main_path.sh KERNEL
# What everybody needs of a kernel, in two boots: a life of rcucmap is recorded exactly, a long grace period has its
# holder, a hazard is found, counts of --mode summary equal the load's own, and a crash is explained by its recording.
# Other tests look at each of these more closely, on fewer kernels.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
# shellcheck source=lib/crash.sh
source "$TESTS_VM/lib/crash.sh"
begin "$@"

guest <<GUEST
$(recordings_of_rcucmap 1)
# Else RCU's own thread may wait for the busy CPU, which is CPU 1.
for thread in \$(pidof rcu_preempt rcu_sched); do taskset -p 1 \$thread; done
$(record_module busy rcu_hog 'rcu_waiter: waited' 4 hog_ms=400)
$(record_module double rcu_unload rcu_del 3 misuse=double long_read_ms=50)
expect_status summary 0 rcuscope record --mode summary -m /kmod/rcu_load.ko --until-unload -o /out/summary.json -- sh -c '
	insmod /kmod/rcu_load.ko threads=2 rate=1000 waiters=1
	until [ "\$(cat /sys/module/rcu_load/parameters/invoked)" -ge 1000 ]; do usleep 50000; done
	rmmod rcu_load'
expect_nothing_left summary
dmesg | grep 'rcu_load: queued' >/out/summary.log
GUEST
check_recorded_rcucmap "$OUT/1"
check_hogged busy 1
check_hazard double double-call-rcu fatal
queued=$(sed -n 's/.*queued=\([0-9]*\).*/\1/p' "$OUT/summary.log")
invoked=$(sed -n 's/.*invoked=\([0-9]*\) .*/\1/p' "$OUT/summary.log")
# A call that the kernel hid from the programs is counted as lost. Its invocation is counted, and has no latency.
check_timeline holds "$OUT/summary.json" \
	'[f["function"] for f in functions if f["module"] == "rcu_load"] == ["load_invoked"]' \
	"all(0 <= $queued - f['queued'] <= lost + f['invoked'] - f['latency']['count'] for f in functions if f['module'] == 'rcu_load')" \
	"all(0 <= $invoked - f['invoked'] <= lost and f['pending'] == 0 for f in functions if f['module'] == 'rcu_load')"

crash_guest crash
finish
