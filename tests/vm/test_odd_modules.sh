#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_odd_modules.sh KERNEL
# Modules in which a probe at the wrong site crashes some kernels (tests/vm/odd) are followed through their lives. The
# machine survives, everything that can be seen safely is seen, and the rest is reported. Twins are modules that are
# loaded at the address where another twin was: a stale probe of the one could crash the other.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

odd=$(RCUSCOPE_KMOD=$TESTS_VM/odd "$VM" modules "$KERNEL")
modules=()
for file in "$odd"/*.ko; do
	modules+=("$(basename -- "$file" .ko)")
done
expect_equal "odd modules" 11 "${#modules[@]}"
# The others are recorded in a separate run, because the sites of the twins would conflict with theirs.
mapfile -t odd_ones < <(printf '%s\n' "${modules[@]}" | grep '^odd_')
twins=(twin_call twin_jump twin_entry twin_last)

# Each twin is loaded where the previous one was, so that data that the kernel still has about the old site refers to
# the new one's code.
guest --timeout 240 --add "$odd:/root/odd" <<GUEST
expect_status twins 0 rcuscope record $(printf -- '-m /root/odd/%s.ko ' "${twins[@]}") \
	-o /out/twins.rcu -o /out/twins.json -- sh -ec '
	page() { cat /sys/module/\$1/sections/.text.page; }
	for twin in twin_jump twin_entry twin_last; do
		for i in 1 2 3 4 5 6 7 8; do
			for other in twin_call \$twin twin_call; do
				insmod /root/odd/\$other.ko
				page \$other >/tmp/\$other
				rmmod \$other
			done
			! cmp -s /tmp/twin_call /tmp/\$twin || { echo \$twin >>/out/met; break; }
		done
	done'
cp /tmp/stderr /out/twins.stderr
expect_status record 0 rcuscope record $(printf -- '-m /root/odd/%s.ko ' "${odd_ones[@]}") --until-unload \
	-o /out/odd.rcu -o /out/odd.json -- sh -ec 'for module in ${odd_ones[*]}; do
		insmod /root/odd/\$module.ko
		rmmod \$module
	done'
cp /tmp/stderr /out/odd.stderr
expect_status even 0 rcuscope record -m /root/odd/even_core.ko --until-unload -o /out/even.rcu -o /out/even.json -- \
	sh -ec 'insmod /root/odd/even_core.ko; rmmod even_core'
expect_nothing_left record
GUEST

preempt_rcu=1
! grep -q 'read-side sections  *not known' "$OUT/odd.stderr" || preempt_rcu=0
unsafe='a probe there can make the kernel read beyond'
unseen=("odd_entry:odd_entry_call: $unsafe" "odd_symbols:odd_symbols_closed: its module forbids kprobes in it")
((preempt_rcu == 0)) || unseen+=("odd_core:odd_core_read: $unsafe" "odd_init:odd_init_read: $unsafe"
	"odd_cold:odd_cold_read: $unsafe" "odd_cold:odd_cold_read.cold: $unsafe" "odd_more:odd_more_read: $unsafe"
	"odd_symbols:odd_symbols_labelled: the kernel finds its instructions by another symbol"
	"odd_symbols:odd_symbols_closed: its module forbids kprobes in it")
for what in "${unseen[@]}"; do
	expect "it is told that this is not seen: $what" grep -qE "not seen .* of $what" "$OUT/odd.stderr"
done
expect_equal "what is told not to be seen" "${#unseen[@]}" "$(grep -cE 'not seen .* of odd_' "$OUT/odd.stderr")"

check_timeline whole "$OUT/odd.json" --unseen "$(printf '%s\n' "${unseen[@]%%: *}" | paste -sd,)"
# Each module called its reader ten times.
functions="odd_core:odd_core_read odd_init:odd_init_read odd_cold:odd_cold_read odd_more:odd_more_read"
check_timeline holds "$OUT/odd.json" "host['preempt_rcu'] == ($preempt_rcu == 1)" 'len(modules) == 6' \
	"sorted(s['function'] for s in read_sections) == sorted(('odd_symbols:odd_symbols_empty', 'odd_symbols:odd_symbols_long', 'odd_symbols:odd_symbols_patched') * 10 * $preempt_rcu)" \
	"[s for s in read_sections if s['end_ns'] is None] == []" \
	"[[c['function'] for c in function_calls].count(name) for name in '$functions'.split()] == [10] * 4" \
	"not [c for c in function_calls if c['function'] == 'odd_entry:odd_entry_call']"
check_timeline whole "$OUT/even.json"
check_timeline holds "$OUT/even.json" \
	"[s['function'] for s in read_sections] == ['even_core:even_core_read'] * 10 * $preempt_rcu" \
	"[c['function'] for c in function_calls].count('even_core:even_core_read') == 10"

expect_equal "twins that lay where twin_call was" "twin_jump twin_entry twin_last" "$(paste -sd' ' "$OUT/met" || true)"
# Sites that could be confused are not probed, and the kernel had no probe to refuse.
if ((preempt_rcu == 1)); then
	same='another probed instruction has the same offset in its page'
	for what in "read-side sections of twin_jump:twin_jump_read: $same" "calls of twin_entry:twin_entry_call: $same" \
		"read-side sections of twin_last:twin_last_read: the kernel decodes the code from here to the end"; do
		expect "it is told that this is not seen: $what" grep -qE "not seen +$what" "$OUT/twins.stderr"
	done
fi
expect_equal "places that the kernel refused" 0 "$(grep -c 'refused the probe' "$OUT/twins.stderr" || true)"
expect_equal "warnings of the kernel" 0 "$(grep -c 'WARNING: ' "$OUT/console.log" || true)"
called='[c["function"] for c in function_calls].count'
check_timeline holds "$OUT/twins.json" \
	"{s['function'] for s in read_sections} == {'twin_call:twin_call_read'} if $preempt_rcu else not read_sections" \
	"[s for s in read_sections if s['end_ns'] is None] == []" \
	"len(read_sections) == $preempt_rcu * $called('twin_call:twin_call_read')" \
	"$called('twin_jump:twin_jump_read') >= 10 and $called('twin_last:twin_last_read') >= 10" \
	"($called('twin_entry:twin_entry_call') == 0) == ($preempt_rcu == 1)"
finish
