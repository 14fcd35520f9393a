#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2317 # check calls the conditions by their names
# Tests the functions of the bench that the other tests rely on. Needs no rcuscope; fetches the kernels that are not
# cached. Takes about two minutes.
set -euo pipefail
PATH+=:/usr/sbin:/sbin

HERE=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
VM=$HERE/vm
WORK=$(mktemp -d "${TMPDIR:-/tmp}/bench-selftest.XXXXXX")
trap 'rm -rf -- "$WORK"' EXIT
# A folder of its own, so that nothing_left() sees only files that vm leaves behind.
mkdir "$WORK/tmp"
export TMPDIR=$WORK/tmp

failed=0
check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@"; then
		printf 'ok    %s\n' "$what"
	else
		printf 'FAIL  %s\n' "$what"
		failed=1
	fi
}

# Runs vm; leaves its status, stdout and stderr in STATUS, $WORK/out, $WORK/err.
vm() {
	STATUS=0
	"$VM" "$@" >"$WORK/out" 2>"$WORK/err" || STATUS=$?
}
status_is() { [[ $STATUS == "$1" ]]; }
output_is() { [[ $(<"$WORK/out") == "$1" ]]; }
error_has() { grep -qF -- "$1" "$WORK/err"; }
clock_is_true() { ! error_has "the guest's clock is wrong"; }
no_cr() { ! grep -q $'\r' "$1"; }
nothing_left() { [[ -z $(ls -A "$TMPDIR") ]]; }
no_qemu_in_scratch() {
	local process
	for process in /proc/[0-9]*; do
		[[ $(readlink "$process/cwd" 2>/dev/null) != "$TMPDIR"/* ]] || return 1
	done
}

vm run --kernel no-such-kernel -- true
check 'a wrong kernel name is wrong use' status_is 2
vm run --kernel-module no-such-module -- true
check 'a kernel module that is not there is wrong use' status_is 2
vm run --kernel
check 'an option without its value is wrong use' status_is 2
vm run --add /no/such/file -- true
check 'a file that is not there is wrong use' status_is 2
vm run --count-instructions --cpus 2 -- true
check 'instructions of two CPUs are wrong use' status_is 2

# Kind "image" has no headers and no modules, which most of these checks are about.
for kernel in $("$VM" kernels | awk 'NR > 1 && $2 != "image" { print $1 }'); do
	vm headers "$kernel"
	check "$kernel: has headers" test -f "$(<"$WORK/out")/Makefile"
	release=$("$VM" kernels | sed -n "s/^$kernel .*(\(.*\)).*/\1/p")

	# One boot for all checks that do not disturb each other.
	mkdir -p "$WORK/kmod"
	printf '#include <linux/module.h>\nMODULE_LICENSE("GPL");\nMODULE_DESCRIPTION("x");\n' >"$WORK/kmod/empty.c"
	printf 'obj-m += empty.o\n' >"$WORK/kmod/Kbuild"
	rm -rf "$WORK/first"
	RCUSCOPE_KMOD=$WORK/kmod vm run --kernel "$kernel" --append tsc_early_khz=500000 --out "$WORK/first" -- '
		uname -r
		cat /sys/devices/system/clocksource/clocksource0/current_clocksource >/out/clock
		insmod /kmod/empty.ko && lsmod >/out/modules
		exit 7'
	check "$kernel: the commands' status is vm's" status_is 7
	check "$kernel: its clock is true though its kernel takes the TSC's frequency for another" clock_is_true
	check "$kernel: boots, and stdout is the commands' alone" output_is "$release"
	check "$kernel: its clock is finer than a tick" grep -qvx jiffies "$WORK/first/clock"
	check "$kernel: its companion modules load" grep -q ^empty "$WORK/first/modules"

	rm -rf "$WORK/panic"
	vm run --kernel "$kernel" --expect-panic --out "$WORK/panic" -- \
		'echo saved >/out/f; sync; echo c >/proc/sysrq-trigger; sleep 60'
	check "$kernel: an expected panic is success" status_is 0
	check "$kernel: what was synced before a panic comes out" grep -q saved "$WORK/panic/f"
	check "$kernel: the panic is on the console" grep -q 'Kernel panic' "$WORK/panic/console.log"
done

printf 'from the host\n' >"$WORK/given"
vm run --add "$WORK/given" --add "$(command -v sha256sum):/opt/" --out "$WORK/result" -- '
	cp given /out/"a name"; mkdir /out/d; echo deep >/out/d/f
	/opt/sha256sum </dev/null >/out/sum; echo to stderr >&2; echo to stdout >/dev/stdout; test ! -t 1'
check 'both streams come out' output_is $'to stderr\nto stdout'
check 'the output is not a terminal' status_is 0
check '/out comes out' cmp "$WORK/given" "$WORK/result/a name"
check '/out comes out with its folders' test "$(cat "$WORK/result/d/f")" = deep
check 'an added program has its libraries' grep -q ^e3b0c44298fc "$WORK/result/sum"
check 'lost+found does not come out' test ! -e "$WORK/result/lost+found"
check 'the console is kept' grep -q 'Linux version' "$WORK/result/console.log"
check 'the console has no CR' no_cr "$WORK/result/console.log"

# The result must not depend on the load of this machine. /proc/uptime counts hundredths of a second.
hundredths=()
for _ in 1 2; do
	# shellcheck disable=SC2016 # the guest's
	vm run --count-instructions -- '
		read before _ </proc/uptime
		i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done
		read after _ </proc/uptime
		echo $((${after%.*}${after#*.} - ${before%.*}${before#*.}))'
	hundredths+=("$(<"$WORK/out")")
done
alike() { (($1 > 10 && $1 - $2 <= 2 && $2 - $1 <= 2)); }
check "where instructions are counted, what takes as many takes as long (${hundredths[*]})" alike "${hundredths[@]}"

vm run -- 'seq 200000'
check 'a megabyte of output is whole, without CR' cmp <(seq 200000) "$WORK/out"

# Checks the properties for which the built kernels exist.
has() { # KERNEL WHAT GUEST-COMMANDS [OPTION]...: they succeed there
	local kernel=$1 what=$2 commands=$3
	shift 3
	vm run --kernel "$kernel" "$@" -- "$commands"
	check "$kernel: $what" status_is 0
}
seen='test -d /sys/kernel/tracing/events/rcu/rcu_callback && test -r /sys/kernel/btf/vmlinux'
# shellcheck disable=SC2016 # the guest's
for kernel in rcu-trace-6.1 rcu-voluntary-6.1; do
	has "$kernel" "has four CPUs, RCU's tracepoints, and takes rcu_nocbs and rcu_expedited" \
		"$seen && "'test $(nproc) = 4 && ps | grep -q "[r]cuo./1" && grep -qx 1 /sys/kernel/rcu_expedited' \
		--cpus 4 --append 'rcu_nocbs=all rcupdate.rcu_expedited=1'
	preempt_rcu='zcat /proc/config.gz | grep -qx CONFIG_PREEMPT_RCU=y'
	[[ $kernel == rcu-trace-* ]] || preempt_rcu="! $preempt_rcu"
	has "$kernel" 'has one CPU, the right RCU, and its own modules with BTF' \
		"$seen && "'test $(nproc) = 1 && modprobe rcutorture && test -r /sys/kernel/btf/rcutorture &&
		lsmod | grep -q "^torture .*rcutorture" && rmmod rcutorture &&
		modprobe rcuscale && rmmod rcuscale && modinfo rcuscale && '"$preempt_rcu" \
		--cpus 1 --kernel-module rcutorture --kernel-module rcuscale
done

vm run -- 'echo c >/proc/sysrq-trigger; sleep 60'
check 'an unexpected panic is 125' status_is 125
check 'an unexpected panic is told' error_has 'the guest panicked'
vm run --expect-panic -- 'echo "Kernel panic?"'
check 'a panic that does not come is 1' status_is 1

vm run --timeout 5 --out "$WORK/late" -- 'while :; do :; done'
check 'a timeout is 124' status_is 124
check 'a timeout is told' error_has 'still running after 5 s'
check 'a timeout keeps the console' test -s "$WORK/late/console.log"

vm run --timeout 5 -- 'mkfifo never; cat never'
check 'what does not end is shown' error_has ': cat never '
check 'and where it waits' error_has 'fifo_open'

"$VM" run -- 'sleep 60' >"$WORK/out" 2>&1 &
sleep 4
kill "$!"
wait "$!" || true
"$VM" run -- 'sleep 60' >"$WORK/out" 2>&1 &
sleep 4
kill -KILL "$!"
wait "$!" || true
sleep 1
check 'no QEMU outlives its vm, not even a killed one' no_qemu_in_scratch
rm -rf "$TMPDIR"/rcuscope-vm.* # of the killed vm, which could not remove it

"$VM" run -- 'echo one' >"$WORK/one" 2>/dev/null &
"$VM" run -- 'echo two' >"$WORK/two" 2>/dev/null
wait "$!"
check 'two at once do not disturb each other' test "$(cat "$WORK/one" "$WORK/two")" = $'one\ntwo'
check 'nothing temporary is left' nothing_left

exit "$failed"
