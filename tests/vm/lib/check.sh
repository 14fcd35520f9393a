# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Functions that the tests in tests/vm share, on the host. A test sources this file, calls begin, checks, and ends
# with finish. Each failed check prints a line with "FAILED".

TESTS_VM=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
# shellcheck disable=SC2034 # for the tests
PROJECT=$(dirname -- "$(dirname -- "$TESTS_VM")")
VM=$TESTS_VM/vm
PATH+=:/usr/sbin:/sbin

failures=0

# Sets KERNEL, TEST, and WORK, a folder that is removed when the test ends. Skips the test on a kernel for which the
# companion modules cannot be built, unless it sets WITHOUT_MODULES.
begin() { # "$@" of the test: KERNEL
	TEST=$(basename -- "$0" .sh)
	(($# == 1)) || { printf 'usage: %s KERNEL (see %s kernels)\n' "$0" "$VM" >&2; exit 2; }
	KERNEL=$1
	[[ ! ${RCUSCOPE_TALLY:-} ]] || rm -f -- "$RCUSCOPE_TALLY"
	WORK=$(mktemp -d "${TMPDIR:-/tmp}/$TEST.XXXXXX")
	trap '[[ ${RCUSCOPE_KEEP:-} ]] || rm -rf -- "$WORK"' EXIT
	[[ ${WITHOUT_MODULES:-} || $(kernel_kind) != image ]] ||
		skip "the bench has no headers of this kernel, so the companion modules cannot be built"
}

# Ends the test on a kernel that lacks what it needs. CTest counts status 77 as skipped.
skip() { # WHY
	printf '%s: %s: skipped: %s\n' "$TEST" "$KERNEL" "$1"
	exit 77
}

# As "vm kernels" shows it.
kernel_kind() { "$VM" kernels | awk -v name="$KERNEL" '$1 == name { print $2 }'; }

kernel_has() { grep -qE "^CONFIG_($1)=[ym]" "$("$VM" config "$KERNEL")"; } # OPTION, or several: 'OPTION|OPTION'

needs() { # OPTION WHY
	kernel_has "$1" || skip "$2"
}

failed() { # WHAT
	printf '%s: %s: FAILED: %s\n' "$TEST" "${KERNEL:-}" "$1"
	failures=$((failures + 1))
}

# Exits with 0 if no check failed, else with 1.
finish() {
	((failures == 0)) || { printf '%s: %s: %d checks failed\n' "$TEST" "${KERNEL:-}" "$failures"; exit 1; }
	printf '%s: %s: ok\n' "$TEST" "${KERNEL:-}"
	exit 0
}

expect_equal() { # WHAT EXPECTED ACTUAL
	[[ $2 == "$3" ]] || failed "$1: expected '$2', got '$3'"
}

expect() { # WHAT COMMAND...
	local what=$1
	shift
	"$@" || failed "$what"
}

# Runs a command. Sets STATUS; the output is in $WORK/stdout and $WORK/stderr.
run() { # COMMAND...
	STATUS=0
	"$@" >"$WORK/stdout" 2>"$WORK/stderr" </dev/null || STATUS=$?
}

expect_run() { # WHAT STATUS COMMAND...
	local what=$1 status=$2
	shift 2
	run "$@"
	[[ $STATUS == "$status" ]] || {
		failed "$what: exit status $STATUS, expected $status: $*"
		cat "$WORK/stderr"
	}
}

expect_stderr() { # WHAT PATTERN
	grep -qE -- "$2" "$WORK/stderr" || { failed "$1: stderr has no '$2'"; cat "$WORK/stderr"; }
}

# Stderr must be one line that says what failed, and at most one hint that says what to do.
expect_clear_error() { # WHAT
	awk 'NR == 1 && !/^rcuscope: .+: .+/ || NR == 2 && !/^  hint: / || NR > 2 { bad = 1 } END { exit bad || !NR }' \
		"$WORK/stderr" || { failed "$1: not one clear line of error"; cat "$WORK/stderr"; }
}

check_timeline() { # CHECK FILE ARGUMENT... (see timeline.py)
	/usr/bin/python3 "$TESTS_VM/lib/timeline.py" "$@" || failed "timeline.py $1 $(basename -- "$2")"
}

# For a result that depends on a race: its rate over all runs must not be below RATE (see rates.py).
expect_rate() { # WHAT HITS RUNS RATE
	/usr/bin/python3 "$TESTS_VM/lib/rates.py" "$TEST: $KERNEL: $1" "$2" "$3" "$4" || failed "$1: $2 of $3"
}

# Boots $KERNEL and runs the script on stdin there, with lib/guest_check.sh. Afterwards $OUT has the files that the
# script left in /out, and $OUT/output has its output. The test fails if the script does not reach its end, if its
# output has a line with "FAILED", or if the kernel logs a complaint that does not match EXPECTED_COMPLAINT.
# shellcheck disable=SC2120 # the tests pass options
guest() { # [OPTION of vm run]...
	local status=0 script complaint
	OUT=$WORK/out-$((++boots))
	mkdir -p "$OUT"
	script=$(cat)
	"$VM" run --kernel "$KERNEL" --timeout 900 --add "$TESTS_VM/lib/guest_check.sh" --out "$OUT" "$@" -- \
		". /root/guest_check.sh"$'\n'"$script"$'\n''echo "end of the guest"' >"$OUT/output" || status=$?
	# The lines after "FAILED" show the stderr of the failed command.
	! grep -a -A 12 'FAILED' "$OUT/output" || failed "in the guest"
	[[ $status == 0 && $(tail -n 1 "$OUT/output") == "end of the guest" ]] || {
		failed "the guest ended with status $status"
		tail -n 40 "$OUT/output"
	}
	complaint=$(grep -aE 'WARNING: |BUG: |Oops|general protection|rcu: INFO' "$OUT/console.log" |
		grep -avE "${EXPECTED_COMPLAINT:-^$}") || return 0
	# The lines after the first complaint show where it happened and why.
	grep -a -A 30 -F -- "${complaint%%$'\n'*}" "$OUT/console.log"
	failed "the kernel complained"
}
boots=0

# Prints script lines for the guest that record a life of MODULE, run by guest/live. They leave NAME.json, NAME.stderr
# and NAME.log.
record_module() { # NAME MODULE LINE COUNT [PARAMETER]...
	local name=$1 module=$2 line=$3 count=$4
	shift 4
	cat <<GUEST
expect_status $name 0 rcuscope record -m /kmod/$module.ko --until-unload -o /out/$name.json -- live $module '$line' $count $*
cp /tmp/stderr /out/$name.stderr
dmesg -c >/out/$name.log
GUEST
}

# Makes the recording that most checks use: a whole life of rcucmap. ftrace records the ends of grace periods and the
# calls of call_rcu() at the same time, as an independent witness.
# shellcheck disable=SC2120
record_rcucmap() { # [OPTION of record]...
	record_rcucmap_in 1 "$@"
	OUT=$OUT/1
}

# Makes so many of these recordings in one guest, in $OUT/1, $OUT/2, ...
record_rcucmap_in() { # COUNT [OPTION of record]...
	# shellcheck disable=SC2119
	guest < <(recordings_of_rcucmap "$@")
}

# Prints the part of a guest's script that makes them.
recordings_of_rcucmap() { # COUNT [OPTION of record]...
	local count=$1
	shift
	cat <<GUEST
start_ftrace rcu_gp_cleanup __note_gp_changes call_rcu
for i in \$(seq $count); do
	export folder=/out/\$i
	mkdir \$folder
	dmesg -c >/run/before
	echo >$FTRACE/trace
	expect_status record 0 rcuscope record -m /kmod/rcucmap.ko --until-unload $* \
		-o \$folder/run.rcu -o \$folder/run.json -o \$folder/run.pftrace -o \$folder/run.chrome.json -- sh -c '
			insmod /kmod/rcucmap.ko reader_ms=20 writer_ms=100
			until dmesg | grep -q "r: done"; do usleep 50000; done
			cat $FTRACE/trace >\$folder/calls.ftrace # while rcucmap has its symbols
			rmmod rcucmap'
	cp /tmp/stderr \$folder/record.stderr
	cat $FTRACE/trace >\$folder/gp.ftrace
	dmesg >\$folder/log
	expect_nothing_left record
done
GUEST
}
FTRACE=/sys/kernel/tracing/instances/witness

# Checks the recording of a life of rcu_hog, whose hogger keeps a CPU busy. RCU's own thread may be the one that waits
# for the busy CPU, and on kernels that preempt readers the hogger may have interrupted a task within a section.
check_hogged() { # NAME CPU
	check_timeline valid "$OUT/$1.json"
	check_timeline holds "$OUT/$1.json" 'len(long_periods(200)) >= 3' \
		"mostly_held(long_periods(200), lambda h: h['kind'] == 'busy-cpu' and h['cpu'] == $2 and h['comm'] == 'rcu_hogger')" \
		"2 * sum(gp['held_by']['kind'] == 'busy-cpu' for gp in long_periods(200)) >= len(long_periods(200))"
}

# Checks that there is one hazard of a kind, and that record said so in its summary.
check_hazard() { # NAME KIND SEVERITY
	check_timeline valid "$OUT/$1.json"
	check_timeline holds "$OUT/$1.json" "[(h['kind'], h['severity']) for h in hazards if h['kind'] == '$2'] == [('$2', '$3')]"
	expect "$1: the summary tells of it" grep -q "$3: $2" "$OUT/$1.stderr"
}

# All callbacks are rcucmap's own. Where put_task_struct() is inline, rcucmap also queues the callback that frees the task
# of each thread that it stops.
# shellcheck disable=SC2034 # for tests
only_rcucmap='all(c["module"] == "rcucmap" or c["function"] == "__put_task_struct_rcu_cb" and
	place_function(c["caller"]) == "rcucmap:rcucmap_exit" for c in callbacks)'

# On a kernel whose read-side sections cannot be seen, the calls of the reader function are compared instead.
check_recorded_rcucmap() { # FOLDER
	local reads
	reads=$(sed -n 's/.*rcucmap: reads=\([0-9]*\).*/\1/p' "$1/log")
	check_timeline rcucmap "$1/run.json" "$1/log"
	check_timeline ftrace "$1/run.json" "$1/gp.ftrace" "$1/calls.ftrace"
	check_timeline holds "$1/run.json" \
		'capture["end_reason"] == "module freed"' 'capture["command_status"] == 0' 'capture["followed"] == ["rcucmap"]' \
		'not capture["all_callbacks"]' "$only_rcucmap" \
		"len([c for c in function_calls if c['function'] == 'rcucmap:cmap_get']) == ${reads:-0} > 0" \
		"len(read_sections) == (${reads:-0} if host['preempt_rcu'] else 0)" \
		'len([c for c in function_calls if c["function"] == "rcucmap:node_free_rcu"]) <= 50' \
		'len([c for c in function_calls if c["function"] == "rcucmap:node_free_rcu"]) + missed("module.functions") >= 50' \
		'all(c["end_ns"] is not None for c in function_calls)'
}
