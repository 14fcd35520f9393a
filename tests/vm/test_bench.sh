#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_bench.sh KERNEL
# What the other tests rely on of each kernel of the bench: it boots, its clock is true, modules build and load, a panic
# is seen, and a kernel that the bench builds has what it is built for. bench_selftest.sh tests the bench's own functions.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

expect "it has headers" test -f "$("$VM" headers "$KERNEL")/Makefile"
release=$("$VM" kernels | sed -n "s/^$KERNEL .*(\(.*\)).*/\1/p")

# One boot for all checks that do not disturb each other.
mkdir -p "$WORK/kmod"
printf '#include <linux/module.h>\nMODULE_LICENSE("GPL");\nMODULE_DESCRIPTION("x");\n' >"$WORK/kmod/empty.c"
printf 'obj-m += empty.o\n' >"$WORK/kmod/Kbuild"
RCUSCOPE_KMOD=$WORK/kmod expect_run "the commands' status is vm's" 7 \
	"$VM" run --kernel "$KERNEL" --append tsc_early_khz=500000 --out "$WORK/first" -- '
		uname -r
		cat /sys/devices/system/clocksource/clocksource0/current_clocksource >/out/clock
		insmod /kmod/empty.ko && lsmod >/out/modules
		exit 7'
expect "its clock is true though its kernel takes the TSC's frequency for another" \
	test -z "$(grep -F "the guest's clock is wrong" "$WORK/stderr")"
expect_equal "stdout is the commands' alone" "$release" "$(<"$WORK/stdout")"
expect "its clock is finer than a tick" grep -qvx jiffies "$WORK/first/clock"
expect "its companion modules load" grep -q ^empty "$WORK/first/modules"

expect_run "an expected panic is success" 0 "$VM" run --kernel "$KERNEL" --expect-panic --out "$WORK/panic" -- \
	'echo saved >/out/f; sync; echo c >/proc/sysrq-trigger; sleep 60'
expect "what was synced before a panic comes out" grep -q saved "$WORK/panic/f"
expect "the panic is on the console" grep -q 'Kernel panic' "$WORK/panic/console.log"
[[ $(kernel_kind) == built ]] || finish

# Which of RCU's tracepoints and PREEMPT_RCU the kernel is built to have.
seen='test -r /sys/kernel/btf/vmlinux && test -d /sys/kernel/tracing/events/rcu/rcu_callback'
[[ $KERNEL != arch-like ]] || seen=${seen/&& test -d/&& test ! -d}
preempt_rcu='zcat /proc/config.gz | grep -qx CONFIG_PREEMPT_RCU=y'
[[ $KERNEL != rcu-voluntary-* && $KERNEL != rcu-lazy-* ]] || preempt_rcu="! $preempt_rcu"
# shellcheck disable=SC2016 # the guest's
expect_run "four CPUs that take rcu_nocbs and rcu_expedited" 0 "$VM" run --kernel "$KERNEL" --cpus 4 \
	--append 'rcu_nocbs=all rcupdate.rcu_expedited=1' -- \
	"$seen && "'test $(nproc) = 4 && ps | grep -q "[r]cuo./1" && grep -qx 1 /sys/kernel/rcu_expedited'
# shellcheck disable=SC2016 # the guest's
expect_run "one CPU, the right RCU, and the kernel's own modules with BTF" 0 "$VM" run --kernel "$KERNEL" --cpus 1 \
	--kernel-module rcutorture --kernel-module rcuscale -- \
	"$seen && "'test $(nproc) = 1 && modprobe rcutorture && test -r /sys/kernel/btf/rcutorture &&
		lsmod | grep -q "^torture .*rcutorture" && rmmod rcutorture &&
		modprobe rcuscale && rmmod rcuscale && modinfo rcuscale && '"$preempt_rcu"
finish
