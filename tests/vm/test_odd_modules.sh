#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_odd_modules.sh KERNEL
# Modules in which a probe at the wrong place kills some kernels (tests/vm/odd) are followed
# through their lives: the machine goes on, what can be seen is seen, and the rest is told.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

odd=$(RCUSCOPE_KMOD=$TESTS_VM/odd "$VM" modules "$KERNEL")
modules=()
for file in "$odd"/*.ko; do
	modules+=("$(basename -- "$file" .ko)")
done
expect_equal "odd modules" 7 "${#modules[@]}"

guest --timeout 120 --add "$odd:/root/odd" <<GUEST
expect_status record 0 rcuscope record $(printf -- '-m /root/odd/%s.ko ' "${modules[@]}") --until-unload \
	-o /out/odd.rcu -o /out/odd.json -- sh -ec 'for module in ${modules[*]}; do
		insmod /root/odd/\$module.ko
		rmmod \$module
	done'
cp /tmp/stderr /out/odd.stderr
expect_nothing_left record
GUEST

preempt_rcu=1
! grep -q 'read-side sections  *not known' "$OUT/odd.stderr" || preempt_rcu=0
unsafe='a probe there can make the kernel read beyond'
unseen=("odd_entry:odd_entry_call: $unsafe" "odd_symbols:odd_symbols_closed: its module lets no kprobe into it")
((preempt_rcu == 0)) || unseen+=("odd_core:odd_core_read: $unsafe" "odd_init:odd_init_read: $unsafe"
	"odd_cold:odd_cold_read: $unsafe" "odd_cold:odd_cold_read.cold: $unsafe" "odd_more:odd_more_read: $unsafe"
	"odd_symbols:odd_symbols_labelled: the kernel knows the places by other symbols"
	"odd_symbols:odd_symbols_closed: its module lets no kprobe into it")
for what in "${unseen[@]}"; do
	expect "it is told that this is not seen: $what" grep -qE "not seen .* of $what" "$OUT/odd.stderr"
done
expect_equal "what is told not to be seen" "${#unseen[@]}" "$(grep -cE 'not seen .* of (odd|even)_' "$OUT/odd.stderr")"

check_timeline whole "$OUT/odd.json" --unseen "$(printf '%s\n' "${unseen[@]%%: *}" | paste -sd,)"
# Each module called its reader ten times.
functions="odd_core:odd_core_read odd_init:odd_init_read odd_cold:odd_cold_read odd_more:odd_more_read even_core:even_core_read"
check_timeline holds "$OUT/odd.json" "host['preempt_rcu'] == ($preempt_rcu == 1)" 'len(modules) == 7' \
	"sorted(s['function'] for s in read_sections) == sorted(('even_core:even_core_read', 'odd_symbols:odd_symbols_empty', 'odd_symbols:odd_symbols_long', 'odd_symbols:odd_symbols_patched') * 10 * $preempt_rcu)" \
	"all(s['end_ns'] is not None for s in read_sections)" \
	"[[c['function'] for c in function_calls].count(name) for name in '$functions'.split()] == [10] * 5" \
	"not [c for c in function_calls if c['function'] == 'odd_entry:odd_entry_call']"
finish
