#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_reader_function.sh KERNEL
# Calls of a function that --reader-function names are read-side sections: as many as the module itself counts, and
# named as holders of grace periods, on kernels where rcu_read_lock() can be seen and on others.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

guest <<'GUEST'
refused() { # WHAT PATTERN ARGUMENT...
	what=$1
	pattern=$2
	shift 2
	expect_status "$what" 2 rcuscope record -m /kmod/rcu_unload.ko "$@" -o /tmp/none.rcu -- true
	expect_stderr "$what" "$pattern"
	expect_no_file "$what" /tmp/none.rcu
}
refused "a function that is not there" 'hint: mark it noinline, or name a caller; similar names: read_long' --reader-function read_lon
refused "a module that is not followed" 'rcucmap is not followed' --reader-function rcucmap:cmap_get
refused "an __exit function" 'notrace' --reader-function rcu_unload_exit
expect_nothing_left refusals

dmesg -c >/run/before
expect_status long 0 rcuscope record -m /kmod/rcu_unload.ko --until-unload --no-functions \
	--reader-function 'rcu_unload:read_*' -o /out/long.rcu -o /out/long.json -- live rcu_unload rcu_reader2 3 long_read_ms=1500
cp /tmp/stderr /out/long.stderr
dmesg -c >/out/long.log
expect_nothing_left long
expect_status doctor 0 rcuscope doctor
cp /tmp/stdout /out/doctor
GUEST

reads=$(sed -n 's/.*rcu_unload: reads=\([0-9]*\) .*/\1/p' "$OUT/long.log")
# The holders of grace periods that were longer than a second and within the module's life.
long='[gp["held_by"] for gp in grace_periods if not gp["expedited"] and gp["start_ns"] is not None and gp["end_ns"] and gp["end_ns"] - gp["start_ns"] > 10**9 and any(m["init_done_ns"] < gp["start_ns"] and gp["end_ns"] < (m["exit_done_ns"] or 0) for m in modules)]'
check_timeline valid "$OUT/long.json"
check_timeline holds "$OUT/long.json" "${reads:-0} > 10" "function_calls == []" \
	"len([s for s in read_sections if s['by'] == 'function']) == ${reads:-0}" \
	"{s['function'] for s in read_sections} == {'rcu_unload:read_short', 'rcu_unload:read_long'}" \
	"all(s['end_ns'] is not None for s in read_sections)" \
	"len($long) >= 2" \
	"all(h['kind'] == 'read-section' and h['function'] == 'rcu_unload:read_long' and h['comm'] == 'rcu_reader2' for h in $long)" \
	'[h["kind"] for h in hazards if h["kind"].endswith("reader")] == ["long-reader"]'
# Sections by rcu_read_lock() lie within the calls. Where they are seen, they are what is counted, and what hazards
# and holders name.
check_timeline holds "$OUT/long.json" \
	"len([s for s in read_sections if s['by'] == 'rcu_read_lock']) == (${reads:-0} if host['preempt_rcu'] else 0)" \
	"all(s['nesting'] == (1 if s['by'] == 'rcu_read_lock' else 0) for s in read_sections)" \
	"{read_sections[i]['by'] for h in hazards for i in h['read_sections']} == {'rcu_read_lock' if host['preempt_rcu'] else 'function'}" \
	"all((', in a call of ' in h['text']) != host['preempt_rcu'] for h in $long)"
expect "the summary tells calls from sections" \
	grep -qE "calls, as readers, of rcu_unload:read_long +[0-9]+: p50 1\.[0-9]+ s" "$OUT/long.stderr"
grep -q 'module.readers  *MISSING' "$OUT/doctor" && {
	expect "doctor says how readers can be known" grep -q 'functions that --reader-function names' "$OUT/doctor"
}
finish
