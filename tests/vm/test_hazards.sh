#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_hazards.sh KERNEL
# Every companion module is recorded and counted exactly. Each hazard that their parameters can cause is found and
# reported with its origin.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

# shellcheck disable=SC2034 # for guest
EXPECTED_COMPLAINT='rcu_note_context_switch'
guest <<'GUEST'
record() { # NAME STATUS 'OPTION of record...' MODULE COMMAND...
	name=$1 status=$2 options=$3 module=$4
	shift 4
	dmesg -c >/root/before
	# shellcheck disable=SC2086
	expect_status $name $status rcuscope record $options -m /kmod/$module.ko --until-unload \
		-o /out/$name.rcu -o /out/$name.json -- "$@"
	cp /tmp/stderr /out/$name.stderr
	dmesg >/out/$name.log
}
record_life() { # NAME STATUS 'OPTION of record...' MODULE LINE COUNT [PARAMETER]...
	name=$1 status=$2 options=$3
	shift 3
	record $name $status "$options" "$1" live "$@"
}

record_life readers 0 '--fail-on hazard' rcu_readers READER- 8 reader_ms=20 writer_ms=20
record_life list 0 '--fail-on hazard --stacks' rcu_list '' 0
record_life replace 0 '--fail-on hazard' rcu_replace 'after call rcu:hoge3' 1
record_life unload 0 '--fail-on hazard' rcu_unload rcu_del 5 long_read_ms=100 writer_ms=20

record_life double 1 '--fail-on hazard' rcu_unload rcu_del 3 misuse=double long_read_ms=50
record_life block 1 '--fail-on hazard' rcu_unload rcu_del 3 misuse=block long_read_ms=50
record_life long 1 '--fail-on warning --long-reader 200ms' rcu_unload rcu_del 3 long_read_ms=400
record_life flood 1 '--fail-on hazard --callback-flood 200' rcu_unload rcu_del 3 long_read_ms=50 backlog=500 callback_us=1
record_life mild 0 '--fail-on latent --long-reader 200ms' rcu_unload rcu_del 3 long_read_ms=400
# The init function fails, so there is no module to unload.
record init 1 '--fail-on hazard --linger 1' rcu_replace sh -c 'insmod /kmod/rcu_replace.ko fail_init=1 || true'
GUEST

for name in readers list unload; do
	check_timeline counts "$OUT/$name.json" "$OUT/$name.log" "rcu_$name"
done
for name in readers list replace unload; do
	check_timeline whole "$OUT/$name.json" --unseen rcu_replace:show_name
	check_timeline holds "$OUT/$name.json" 'hazards == []' "all(c['state'] == 'done' for c in of(callbacks, 'rcu_$name'))"
done
# The compiler decides which function is the last in a module's code: see tests/vm/test_odd_modules.sh.
told=$(grep -cE 'not seen .*rcu_replace:show_name: a probe there can make' "$OUT/replace.stderr") || true
check_timeline holds "$OUT/replace.json" 'len(of(callbacks, "rcu_replace")) == 1' \
	"len(of(read_sections, 'rcu_replace')) == (0 if $told else 2)" \
	'of(callbacks, "rcu_replace")[0]["function"] == "rcu_replace:swap_rcu"'
# Checks the stacks of calls that queue, free or wait. A stack starts at a return address, which a tail call does not
# have: list_free_all() ends in a tail call to rcu_barrier().
check_timeline holds "$OUT/list.json" \
	'len(of(callbacks, "rcu_list")) == 4' \
	'all(stack_of(c)[0] == "rcu_list:list_free_all" and {"__x64_sys_delete_module", "__do_sys_delete_module"} & {*stack_of(c)} for c in of(callbacks, "rcu_list"))' \
	'len(kvfree_calls) == 1 and not kvfree_calls[0]["headless"]' \
	'stack_of(kvfree_calls[0])[0] == "rcu_list:list_replace_value" and "do_one_initcall" in stack_of(kvfree_calls[0])' \
	'["do_one_initcall" in stack_of(w) for w in waits if place_function(w["caller"]) == "rcu_list:list_delete_value"] == [True]' \
	'[w["kind"] for w in waits if w["caller"] and w["stack"] is None] == ["rcu_barrier"]' \
	'all(w["caller"] is None or w["stack"] is None or stack_of(w)[0] == place_function(w["caller"]) for w in waits)'
check_timeline holds "$OUT/unload.json" 'stacks == []' 'all(c["stack"] is None for c in callbacks)'
expect "the verdict on a module that does it right" \
	grep -qE 'rcu_unload: [0-9]+ callbacks, all done [0-9.]+ m?s before its code was freed; rcu_barrier\(\) waited' "$OUT/unload.stderr"

hazard() { # NAME KIND SEVERITY
	check_hazard "$@"
	expect "$1: and why record ends with 1" grep -q -- '--fail-on' "$OUT/$1.stderr"
}
only='len(hazards) == 1'
hazard double double-call-rcu fatal
check_timeline holds "$OUT/double.json" \
	'[len(h["callbacks"]) for h in hazards if h["kind"] == "double-call-rcu"] == [2]' \
	'all("rcu_unload:queue_twice" in h["text"] for h in hazards if h["kind"] == "double-call-rcu")'
hazard block blocked-in-reader warning
check_timeline holds "$OUT/block.json" "$only" '"rcu_unload:read_blocking" in hazards[0]["text"]' \
	'[s["function"] for s in read_sections if any(off["voluntary"] for off in s["off_cpu"])] == ["rcu_unload:read_blocking"]' \
	'all(off["until_ns"] > off["at_ns"] for s in read_sections for off in s["off_cpu"])'
hazard long long-reader warning
check_timeline holds "$OUT/long.json" "$only" '"rcu_unload:read_long" in hazards[0]["text"]' \
	'all(read_sections[i]["end_ns"] - read_sections[i]["begin_ns"] >= 200_000_000 for i in hazards[0]["read_sections"])'
check_timeline holds "$OUT/mild.json" '[h["kind"] for h in hazards] == ["long-reader"]'
hazard flood callback-flood warning
check_timeline holds "$OUT/flood.json" "$only" '"rcu_unload:backlog_del" in hazards[0]["text"]'
# Timing decides whether the callback runs before the memory is freed. insmod of busybox tries twice.
check_timeline valid "$OUT/init.json"
check_timeline holds "$OUT/init.json" 'modules != []' \
	'[h["kind"] for h in hazards] == ["init-failed-with-pending-callbacks" for m in modules if m["pending_at_exit"]]' \
	'all(m["init_error"] == -19 and m["pending_at_exit"] == 1 for m in modules)' \
	'[h["severity"] for h in hazards] == ["fatal" if m["pending_at_freed"] else "latent" for m in modules]'
finish
