# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# A kernel that dies because a module is unloaded while its callbacks are queued, and what its recording shows.

# Slow callbacks make the last grace period long, and with it the time in which the tracer can report: an emulated and
# shared machine needs more time than a real one. No other task runs on the CPU that invokes the callbacks, so the
# tracer stays on the other CPU; the module queues its callbacks elsewhere.
CRASH=$(cat <<'GUEST'
# Output in a pipe may be lost in a panic; the kernel's log is not.
echo on >/proc/sys/kernel/printk_devkmsg
taskset 1 rcuscope record -m /kmod/rcu_unload.ko --until-unload -o /out/run.rcu -- \
	live rcu_unload 'rcu_del: ' 1 unload=none backlog=20000 callback_us=300 long_read_ms=200 2>/dev/kmsg
GUEST
)

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

# Crashes a guest and checks its recording. Sets WORDS to what last_words() prints.
crash_guest() { # NAME
	local arguments=()
	# With PREEMPT_RT callbacks run in a thread. A crash there ends the thread, and the kernel goes on without it.
	! kernel_has PREEMPT_RT || arguments=(--append oops=panic)
	OUT=$WORK/crash
	rm -rf "$OUT"
	# Status 0 is a panic; 125 would be a failure of the bench.
	expect_run "$1: the guest panics" 0 "$VM" run --kernel "$KERNEL" --timeout 300 --expect-panic "${arguments[@]}" --out "$OUT" -- "$CRASH"
	expect "$1: the tracer spoke before the kernel died" \
		grep -qaE 'HAZARD: rcu_unload is being freed while [0-9]+ of its callbacks are queued \(CPU ' "$OUT/console.log"
	expect "$1: the crash is in RCU's callbacks" grep -qaE 'rcu_do_batch|rcu_core' "$OUT/console.log"
	expect "$1: a capture that is not whole does not have its name" test ! -e "$OUT/run.rcu"
	expect_run "$1: the capture can be exported" 0 "$RCUSCOPE" export "$OUT/run.rcu.part" -o "$OUT/run.json"
	check_timeline valid "$OUT/run.json"
	check_timeline holds "$OUT/run.json" \
		'not capture["complete"]' 'capture["lost"] == []' \
		'len(modules) == 1 and all(modules[0][step] is not None for step in ("loaded_ns", "init_done_ns"))'
	WORDS=$(last_words "$OUT/run.json")
	if [[ $WORDS == freeing* ]]; then
		# The program counts pending callbacks a moment after free_module() was entered, while callbacks run on
		# another CPU.
		check_timeline holds "$OUT/run.json" \
			'[(h["kind"], h["severity"], h["module"]) for h in hazards if h["severity"] == "fatal"] == [("freed-with-pending-callbacks", "fatal", "rcu_unload")]' \
			'modules[0]["exit_ns"] is not None and modules[0]["exit_done_ns"] is not None' \
			'0 <= len([c for c in of(callbacks, "rcu_unload") if c["invoked_ns"] is None or c["invoked_ns"] > modules[0]["free_begin_ns"]]) - modules[0]["pending_at_free"] <= modules[0]["pending_at_free"] / 100' \
			'len(hazards[-1]["callbacks"]) == len([c for c in of(callbacks, "rcu_unload") if (c["done_ns"] is None and (c["invoked_ns"] is None or c["invoked_ns"] > modules[0]["free_begin_ns"])) or (modules[0]["freed_ns"] and c["done_ns"] and c["done_ns"] > modules[0]["freed_ns"])])' \
			'any(c["done_ns"] and c["done_ns"] > modules[0]["exit_done_ns"] for c in callbacks)'
	fi
	# shellcheck disable=SC2154 # of check.sh
	((failures == 0)) || tail -n 30 "$OUT/console.log"
}
