#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_unload_delay.sh KERNEL
# Between the exit function and the freeing of the memory the kernel removes the probes of a module. Counted in
# instructions this takes less than a millisecond, and the verdict on the module is the same with and without probes.
# This holds for 1,024 probes too, as long as the kernel keeps its pages of instruction slots for them; otherwise the
# time is reported. Calls of functions are counted exactly, however the function is left.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"
needs PREEMPT_RCU 'its read-side sections cannot be seen (no CONFIG_PREEMPT_RCU)'

places=$(RCUSCOPE_KMOD=$TESTS_VM/places "$VM" modules "$KERNEL")
cases=$(RCUSCOPE_KMOD=$TESTS_VM/cases "$VM" modules "$KERNEL")
modules=(no_barrier_late many_functions)

options=(--count-instructions --add "$places:/root/places" --add "$cases/no_barrier_late.ko:/root/places/no_barrier_late.ko")
record=$(cat <<'GUEST'
record() { # NAME MODULE LIVES OPTION...
	name=$1 module=$2 lives=$3
	shift 3
	dmesg -c >/root/before
	expect_status "$name" 0 rcuscope record "$@" -m "/root/places/$module.ko" --until-unload -o "/out/$name.json" -- \
		sh -ec "for life in $(seq -s ' ' $lives); do insmod /root/places/$module.ko; usleep 200000; rmmod $module; done"
	dmesg >"/out/$name.log"
}
GUEST
)

guest "${options[@]}" <<GUEST
$record
for module in ${modules[*]}; do
	record \$module \$module 3
	record \$module-without \$module 3 --no-functions
done
record tails tails 1
expect_nothing_left record
GUEST
few=$OUT

guest "${options[@]}" <<GUEST
$record
record many_readers many_readers 2
mount -o bind /dev/null \$TRACEFS/available_filter_functions # no slots can be reserved
record unreserved many_readers 1
umount \$TRACEFS/available_filter_functions
expect_nothing_left record
rcuscope record -m /root/places/many_readers.ko -- true >/tmp/stdout 2>/tmp/stderr &
recorder=\$!
wait_for "slots to be reserved" grep -q _fillers \$TRACEFS/kprobe_events
kill -KILL \$recorder
wait \$recorder
wait_for "all to go after SIGKILL" nothing_left || show_left
GUEST
many=$OUT

expect_as_fast() { # WHAT RECORDING LIVES RECORDING-WITHOUT
	expect "$1" /usr/bin/python3 - "$2" "$3" "$4" <<'PYTHON'
import json, sys

def going(path):
    with open(path, encoding="utf-8") as file:
        timeline = json.load(file)
    lives = timeline["modules"]
    # The kernel's next step after it has removed the probes.
    waits = [w["begin_ns"] for w in timeline["waits"] if (w["caller"] or "").startswith("ftrace_release_mod")]
    # An interrupt may come meanwhile in some of the lives, so the minimum counts.
    delay = min(min(at for at in waits if at >= life["exit_done_ns"]) - life["exit_done_ns"] for life in lives)
    verdicts = {life["verdict"].replace(life["name"], "MODULE") for life in lives}
    return delay, len(lives), verdicts, {h["kind"] for h in timeline["hazards"]}

(probed, lives, *said), (unprobed, _, *said_without) = going(sys.argv[1]), going(sys.argv[3])
print(f"{sys.argv[1]}: {probed} ns with probes, {unprobed} ns without, {lives} lives, {said}")
sys.exit(probed - unprobed >= 1_000_000 or lives != int(sys.argv[2]) or said != said_without or
         said[1] != {"exit-without-barrier"})
PYTHON
}
for module in "${modules[@]}"; do
	expect_as_fast "$module goes as fast with its functions' probes as without" \
		"$few/$module.json" 3 "$few/$module-without.json"
done
# Sites of sections are always probed. Without probes this module's unload does the same as the other's.
expect_as_fast "many_readers goes as fast as a module without probes" \
	"$many/many_readers.json" 2 "$few/no_barrier_late-without.json"

late='m["late_without_probes"] == len([c for c in callbacks if c["module"] == m["name"] and m["exit_done_ns"] <= c["invoked_ns"] <= m["freed_ns"] and c["done_ns"] > m["freed_ns"] - (m["unprobed_ns"] - m["unprobing_ns"])]) for m in modules'
removed='m["exit_done_ns"] <= m["unprobing_ns"] <= m["unprobed_ns"] <= m["free_begin_ns"] for m in modules'
for recording in "${modules[@]/#/$few/}" "$many/many_readers"; do
	check_timeline holds "$recording.json" "all($removed)" \
		'min(m["unprobed_ns"] - m["unprobing_ns"] for m in modules) < 1_000_000' "all($late)"
done
# 1,024 sites without reserved slots: the kernel waits for a grace period for each page of slots except one. The rest of
# the delay is the same as without probes.
check_timeline holds "$many/unreserved.json" "all($removed)" \
	'all(m["unprobed_ns"] - m["unprobing_ns"] > 5_000_000 for m in modules)' \
	'all(min(w["begin_ns"] for w in waits if (w["caller"] or "").startswith("ftrace_release_mod")) - m["exit_done_ns"] - (m["unprobed_ns"] - m["unprobing_ns"]) < 1_000_000 for m in modules)' \
	"all($late)"

calls() { # NAME FUNCTION
	printf "[c['end_ns'] is not None for c in function_calls if c['function'] == '%s:%s']" "$1" "$2"
}
counted() { # NAME FIELD
	sed -n "s/.* $1: .*$2=\([0-9]*\).*/\1/p" "$few/$1.log"
}
expect_equal "calls that many_functions counts in each life" "160 160 160" "$(counted many_functions calls | paste -sd' ')"
check_timeline holds "$few/many_functions.json" \
	"len([c for c in function_calls if c['function'].startswith('many_functions:places_call_') and c['end_ns'] is not None]) == 480" \
	"all(c['begin_ns'] <= c['end_ns'] for c in function_calls)" \
	"$(calls many_functions object_free) == [True] * 21"
expect_equal "calls that tails counts" 100 "$(counted tails calls)"
# A tail call ends the function that makes it. In a recursive function the last call returns first. A function that
# sleeps takes at least as long as its sleep.
check_timeline holds "$few/tails.json" \
	"$(calls tails places_tail) == [True] * 10" "$(calls tails places_inner) == [True] * 20" \
	"$(calls tails places_recursive) == [True] * 50" "$(calls tails places_sleep) == [True] * 10" \
	"$(calls tails places_loop) == [True] * 10" "$(calls tails places_pointer) == [True] * 10" \
	"all(c['end_ns'] - c['begin_ns'] > 4_000_000 for c in function_calls if c['function'] == 'tails:places_sleep')" \
	"len([1 for c in function_calls for d in function_calls if c['function'] == d['function'] == 'tails:places_recursive' and c['begin_ns'] < d['begin_ns'] and d['end_ns'] < c['end_ns']]) == 10 * (4 + 3 + 2 + 1)"
finish
