#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_torture.sh KERNEL
# Runs the kernel's own tests of RCU, a load that is independent of this project. With each way to see RCU, the
# recording must agree with the kernel's gp_seq and, callback by callback, with ftrace's events of the same time.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"
needs RCU_TORTURE_TEST 'it has no rcutorture'
needs RCU_TRACE 'it has no tracepoints of RCU (no CONFIG_RCU_TRACE)'
ways='tracepoint fentry kprobe'

# Both tests dump ftrace's top-level buffer at their end, so the witness is a separate instance.
guest --memory 2048 --append no_hash_pointers --kernel-module rcutorture --kernel-module rcuscale <<GUEST
mkdir \$FTRACE
echo 32768 >\$FTRACE/buffer_size_kb
echo boot >\$FTRACE/trace_clock
for event in rcu_grace_period rcu_callback rcu_kvfree_callback rcu_invoke_callback; do
	echo 1 >\$FTRACE/events/rcu/\$event/enable
done
record() { # NAME WAY COMMANDS
	echo >\$FTRACE/trace
	echo 1 >\$FTRACE/tracing_on
	expect_status \$1 0 rcuscope record --via \$2 --buffer 65536 -o /out/\$1.rcu -o /out/\$1.json -- sh -c "\$3"
	echo 0 >\$FTRACE/tracing_on
	cp /tmp/stderr /out/\$1.stderr
	expect_status "export of \$1" 0 rcuscope export /out/\$1.rcu --addresses -o /out/\$1.addresses.json
	cat \$FTRACE/trace >/out/\$1.trace
	expect_equal "overrun of the witness of \$1" "overrun: 0" "\$(cat \$FTRACE/per_cpu/*/stats | grep '^overrun' | sort -u)"
	dmesg -c >/out/\$1.log
	expect_nothing_left \$1
}
for way in $ways; do
	record torture-\$way \$way 'modprobe rcutorture nreaders=2 nfakewriters=2 fwd_progress=0 test_boost=0 stutter=0 \
			shuffle_interval=0 read_exit_burst=0 stat_interval=2 n_barrier_cbs=1
		until [ "\$(dmesg | grep -c "rcu-torture: rtc")" -ge 2 ]; do usleep 100000; done
		rmmod rcutorture'
	record scale-\$way \$way 'modprobe rcuscale nreaders=1 nwriters=1 holdoff=0 gp_async=1
		until dmesg | grep -q "rcu-scale: Test complete"; do usleep 100000; done
		rmmod rcuscale'
done
GUEST
for way in $ways; do
	for load in torture scale; do
		name=$load-$way
		check_timeline valid "$OUT/$name.json"
		check_timeline sequences "$OUT/$name.json"
		/usr/bin/python3 "$TESTS_VM/lib/witness.py" "$OUT/$name.addresses.json" "$OUT/$name.trace" || failed "witness of $name"
	done
	expect "rcutorture ends well, by $way" grep -q 'rcu-torture:.*End of test: SUCCESS' "$OUT/torture-$way.log"
done
finish
