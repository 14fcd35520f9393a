#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_unload_delay.sh KERNEL
# Between the exit function and the freeing of the memory the kernel removes the probes of a module. That takes less
# than a millisecond, counted in instructions, and what is said of the module is the same with and without them. Calls
# of functions are counted exactly, however they are left.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

places=$(RCUSCOPE_KMOD=$TESTS_VM/places "$VM" modules "$KERNEL")
cases=$(RCUSCOPE_KMOD=$TESTS_VM/cases "$VM" modules "$KERNEL")
modules=(no_barrier_late many_functions)

guest --count-instructions --add "$places:/root/places" --add "$cases/no_barrier_late.ko:/root/places/no_barrier_late.ko" <<GUEST
record() { # NAME MODULE OPTION...
	name=\$1 module=\$2
	shift 2
	dmesg -c >/root/before
	expect_status "\$name" 0 rcuscope record "\$@" -m "/root/places/\$module.ko" --until-unload -o "/out/\$name.json" -- \
		sh -c "insmod /root/places/\$module.ko && usleep 200000 && rmmod \$module"
	dmesg >"/out/\$name.log"
}
for module in ${modules[*]}; do
	record \$module \$module
	record \$module-without \$module --no-functions
done
record tails tails
expect_nothing_left record
GUEST

for module in "${modules[@]}"; do
	expect "$module goes as fast with its functions' probes as without" /usr/bin/python3 - "$OUT/$module.json" "$OUT/$module-without.json" <<'PYTHON'
import json, sys

def going(path):
    with open(path, encoding="utf-8") as file:
        timeline = json.load(file)
    [life] = timeline["modules"]
    # The next thing that the kernel does after it has removed the probes.
    next_wait = min(w["begin_ns"] for w in timeline["waits"]
                    if w["begin_ns"] >= life["exit_done_ns"] and (w["caller"] or "").startswith("ftrace_release_mod"))
    return next_wait - life["exit_done_ns"], life["verdict"], [h["kind"] for h in timeline["hazards"]]

(probed, *said), (unprobed, *said_without) = going(sys.argv[1]), going(sys.argv[2])
print(f"{sys.argv[1]}: {probed} ns with probes, {unprobed} ns without, {said}")
sys.exit(probed - unprobed >= 1_000_000 or said != said_without or said[1] != ["exit-without-barrier"])
PYTHON
done

calls() { # NAME FUNCTION
	printf "[c['end_ns'] is not None for c in function_calls if c['function'] == '%s:%s']" "$1" "$2"
}
counted() { # NAME FIELD
	sed -n "s/.* $1: .*$2=\([0-9]*\).*/\1/p" "$OUT/$1.log"
}
expect_equal "calls that many_functions counts" 160 "$(counted many_functions calls)"
check_timeline holds "$OUT/many_functions.json" \
	"len([c for c in function_calls if c['function'].startswith('many_functions:places_call_') and c['end_ns'] is not None]) == 160" \
	"all(c['begin_ns'] <= c['end_ns'] for c in function_calls)" \
	"$(calls many_functions object_free) == [True] * 7"
expect_equal "calls that tails counts" 100 "$(counted tails calls)"
# A jump is the end of the function that jumps; in a function that calls itself the last to be called is the first to
# return; and one that sleeps is as long as its sleep.
check_timeline holds "$OUT/tails.json" \
	"$(calls tails places_tail) == [True] * 10" "$(calls tails places_inner) == [True] * 20" \
	"$(calls tails places_recursive) == [True] * 50" "$(calls tails places_sleep) == [True] * 10" \
	"$(calls tails places_loop) == [True] * 10" "$(calls tails places_pointer) == [True] * 10" \
	"all(c['end_ns'] - c['begin_ns'] > 4_000_000 for c in function_calls if c['function'] == 'tails:places_sleep')" \
	"len([1 for c in function_calls for d in function_calls if c['function'] == d['function'] == 'tails:places_recursive' and c['begin_ns'] < d['begin_ns'] and d['end_ns'] < c['end_ns']]) == 10 * (4 + 3 + 2 + 1)"
finish
