#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_unload_delay.sh KERNEL
# Between the exit function and the freeing of the memory the kernel removes the probes of a module. Counted in
# instructions this takes less than a millisecond, and the verdict on the module is the same with and without probes.
# If there are too many probes, the time is reported. Calls of functions are counted exactly, however the function is
# left.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

places=$(RCUSCOPE_KMOD=$TESTS_VM/places "$VM" modules "$KERNEL")
cases=$(RCUSCOPE_KMOD=$TESTS_VM/cases "$VM" modules "$KERNEL")
modules=(no_barrier_late many_functions)

guest --count-instructions --add "$places:/root/places" --add "$cases/no_barrier_late.ko:/root/places/no_barrier_late.ko" <<GUEST
record() { # NAME MODULE LIVES OPTION...
	name=\$1 module=\$2 lives=\$3
	shift 3
	dmesg -c >/root/before
	expect_status "\$name" 0 rcuscope record "\$@" -m "/root/places/\$module.ko" --until-unload -o "/out/\$name.json" -- \
		sh -ec "for life in \$(seq -s ' ' \$lives); do insmod /root/places/\$module.ko; usleep 200000; rmmod \$module; done"
	dmesg >"/out/\$name.log"
}
for module in ${modules[*]}; do
	record \$module \$module 3
	record \$module-without \$module 3 --no-functions
done
record many_readers many_readers 1
record tails tails 1
expect_nothing_left record
GUEST

for module in "${modules[@]}"; do
	expect "$module goes as fast with its functions' probes as without" /usr/bin/python3 - "$OUT/$module.json" "$OUT/$module-without.json" <<'PYTHON'
import json, sys

def going(path):
    with open(path, encoding="utf-8") as file:
        timeline = json.load(file)
    lives = timeline["modules"]
    # The kernel's next step after it has removed the probes.
    waits = [w["begin_ns"] for w in timeline["waits"] if (w["caller"] or "").startswith("ftrace_release_mod")]
    # An interrupt may come meanwhile in some of the lives, so the minimum counts.
    delay = min(min(at for at in waits if at >= life["exit_done_ns"]) - life["exit_done_ns"] for life in lives)
    return delay, len(lives), {life["verdict"] for life in lives}, {h["kind"] for h in timeline["hazards"]}

(probed, *said), (unprobed, *said_without) = going(sys.argv[1]), going(sys.argv[2])
print(f"{sys.argv[1]}: {probed} ns with probes, {unprobed} ns without, {said}")
sys.exit(probed - unprobed >= 1_000_000 or said != said_without or said[0] != 3 or said[2] != {"exit-without-barrier"})
PYTHON
done

late='m["late_without_probes"] == len([c for c in callbacks if c["module"] == m["name"] and m["exit_done_ns"] <= c["invoked_ns"] <= m["freed_ns"] and c["done_ns"] > m["freed_ns"] - (m["unprobed_ns"] - m["unprobing_ns"])]) for m in modules'
removed='m["exit_done_ns"] <= m["unprobing_ns"] <= m["unprobed_ns"] <= m["free_begin_ns"] for m in modules'
for module in "${modules[@]}"; do
	check_timeline holds "$OUT/$module.json" "all($removed)" \
		'min(m["unprobed_ns"] - m["unprobing_ns"] for m in modules) < 1_000_000' "all($late)"
done
# 1,024 sites: the kernel waits for a grace period for each page of instruction copies except one. The rest of the
# delay is the same as without probes.
check_timeline holds "$OUT/many_readers.json" "all($removed)" \
	'all(m["unprobed_ns"] - m["unprobing_ns"] > 5_000_000 for m in modules)' \
	'all(min(w["begin_ns"] for w in waits if (w["caller"] or "").startswith("ftrace_release_mod")) - m["exit_done_ns"] - (m["unprobed_ns"] - m["unprobing_ns"]) < 1_000_000 for m in modules)' \
	"all($late)"

calls() { # NAME FUNCTION
	printf "[c['end_ns'] is not None for c in function_calls if c['function'] == '%s:%s']" "$1" "$2"
}
counted() { # NAME FIELD
	sed -n "s/.* $1: .*$2=\([0-9]*\).*/\1/p" "$OUT/$1.log"
}
expect_equal "calls that many_functions counts in each life" "160 160 160" "$(counted many_functions calls | paste -sd' ')"
check_timeline holds "$OUT/many_functions.json" \
	"len([c for c in function_calls if c['function'].startswith('many_functions:places_call_') and c['end_ns'] is not None]) == 480" \
	"all(c['begin_ns'] <= c['end_ns'] for c in function_calls)" \
	"$(calls many_functions object_free) == [True] * 21"
expect_equal "calls that tails counts" 100 "$(counted tails calls)"
# A tail call ends the function that makes it. In a recursive function the last call returns first. A function that
# sleeps takes at least as long as its sleep.
check_timeline holds "$OUT/tails.json" \
	"$(calls tails places_tail) == [True] * 10" "$(calls tails places_inner) == [True] * 20" \
	"$(calls tails places_recursive) == [True] * 50" "$(calls tails places_sleep) == [True] * 10" \
	"$(calls tails places_loop) == [True] * 10" "$(calls tails places_pointer) == [True] * 10" \
	"all(c['end_ns'] - c['begin_ns'] > 4_000_000 for c in function_calls if c['function'] == 'tails:places_sleep')" \
	"len([1 for c in function_calls for d in function_calls if c['function'] == d['function'] == 'tails:places_recursive' and c['begin_ns'] < d['begin_ns'] and d['end_ns'] < c['end_ns']]) == 10 * (4 + 3 + 2 + 1)"
finish
