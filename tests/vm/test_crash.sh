#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_crash.sh KERNEL
# Unloading a module while its callbacks are queued crashes the kernel, in every run. In every run the tracer reports
# this before the crash, and the capture that is on the disk afterwards shows why, unless the disk was too slow.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

# Slow callbacks make the last grace period long, and with it the time in which the tracer can report: an emulated and
# shared machine needs more time than a real one. No other task runs on the CPU that invokes the callbacks, so the
# tracer stays on the other CPU; the module queues its callbacks elsewhere.
commands=$(cat <<'GUEST'
# Output in a pipe may be lost in a panic; the kernel's log is not.
echo on >/proc/sys/kernel/printk_devkmsg
taskset 1 rcuscope record -m /kmod/rcu_unload.ko --until-unload -o /out/run.rcu -- \
	live rcu_unload 'rcu_del: ' 1 unload=none backlog=20000 callback_us=300 long_read_ms=200 2>/dev/kmsg
GUEST
)

# With PREEMPT_RT callbacks run in a thread. A crash there ends the thread, and the kernel goes on without it.
arguments=()
[[ $KERNEL != *-rt ]] || arguments=(--append oops=panic)

# Prints what the capture still has of the module's end: "freeing", and "ran" if callbacks ran after that.
last_words() { # FILE.json
	/usr/bin/python3 -c '
import json, sys
timeline = json.load(open(sys.argv[1], encoding="utf-8"))
begin = timeline["modules"][0]["free_begin_ns"]
if begin is not None:
    print("freeing")
    if any((callback["done_ns"] or 0) > begin for callback in timeline["callbacks"]):
        print("ran")' "$1"
}

runs=${RCUSCOPE_CRASHES:-10}
freeing=0 ran=0 # numbers of captures with these words
for ((i = 1; i <= runs; i++)); do
	out=$WORK/crash
	rm -rf "$out"
	# Status 0 is a panic; 125 would be a failure of the bench.
	expect_run "run $i: the guest panics" 0 "$VM" run --kernel "$KERNEL" --timeout 300 --expect-panic "${arguments[@]}" --out "$out" -- "$commands"
	expect "run $i: the tracer spoke before the kernel died" \
		grep -qaE 'HAZARD: rcu_unload is being freed while [0-9]+ of its callbacks are queued \(CPU ' "$out/console.log"
	expect "run $i: the crash is in RCU's callbacks" grep -qaE 'rcu_do_batch|rcu_core' "$out/console.log"
	expect "run $i: a capture that is not whole does not have its name" test ! -e "$out/run.rcu"
	expect_run "run $i: the capture can be exported" 0 "$RCUSCOPE" export "$out/run.rcu.part" -o "$out/run.json"
	check_timeline valid "$out/run.json"
	check_timeline holds "$out/run.json" \
		'not capture["complete"]' 'capture["lost"] == []' \
		'len(modules) == 1 and all(modules[0][step] is not None for step in ("loaded_ns", "init_done_ns"))'
	words=$(last_words "$out/run.json")
	if [[ $words == freeing* ]]; then
		# The program counts pending callbacks a moment after free_module() was entered, while callbacks run on
		# another CPU.
		check_timeline holds "$out/run.json" \
			'[(h["kind"], h["severity"], h["module"]) for h in hazards if h["severity"] == "fatal"] == [("freed-with-pending-callbacks", "fatal", "rcu_unload")]' \
			'modules[0]["exit_ns"] is not None and modules[0]["exit_done_ns"] is not None' \
			'0 <= len([c for c in of(callbacks, "rcu_unload") if c["invoked_ns"] is None or c["invoked_ns"] > modules[0]["free_begin_ns"]]) - modules[0]["pending_at_free"] <= modules[0]["pending_at_free"] / 100' \
			'len(hazards[-1]["callbacks"]) == len([c for c in of(callbacks, "rcu_unload") if (c["done_ns"] is None and (c["invoked_ns"] is None or c["invoked_ns"] > modules[0]["free_begin_ns"])) or (modules[0]["freed_ns"] and c["done_ns"] and c["done_ns"] > modules[0]["freed_ns"])])' \
			'any(c["done_ns"] and c["done_ns"] > modules[0]["exit_done_ns"] for c in callbacks)'
	fi
	[[ $words != *ran ]] || ran=$((ran + 1))
	[[ $words != freeing* ]] || freeing=$((freeing + 1))
	((failures == 0)) || { tail -n 30 "$out/console.log"; break; }
done
# The kernel may crash before the last milliseconds are on the disk, so not every run has them.
((failures > 0)) || {
	expect_rate "captures that have the entry of free_module()" "$freeing" "$runs" 0.95
	expect_rate "captures that have callbacks after that" "$ran" "$runs" 0.9
}
finish
