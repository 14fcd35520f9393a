#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_sleeping_locks.sh KERNEL
# With PREEMPT_RT a reader may wait for a spinlock or an rwlock, and leaves the CPU for that. It may not sleep or wait for
# a mutex. The recording tells them apart, as often as the kernel's own count of context switches says.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"
needs PREEMPT_RCU 'its read-side sections cannot be seen (no CONFIG_PREEMPT_RCU)'

locks=$(RCUSCOPE_KMOD=$TESTS_VM/locks "$VM" modules "$KERNEL")
# The kernel warns of a reader that blocks.
# shellcheck disable=SC2034 # for guest
EXPECTED_COMPLAINT='rcu_note_context_switch'
guest --add "$locks:/root/locks" <<'GUEST'
for sleep in 0 1; do
	dmesg -c >/run/before
	expect_status "record $sleep" 0 rcuscope record -m /root/locks/lock_readers.ko --no-functions --until-unload \
		-o /out/$sleep.json -- sh -c "insmod /root/locks/lock_readers.ko sleep=$sleep
			until dmesg | grep -q 'lock_readers: done'; do usleep 50000; done
			rmmod lock_readers"
	cp /tmp/stderr /out/$sleep.stderr
	dmesg -c >/out/$sleep.log
done
GUEST

# shellcheck disable=SC2016 # Python
times='(lambda function, what: sum(bool(off[what]) for s in read_sections if s["function"] == "lock_readers:" + function for off in s["off_cpu"]))'
# Elsewhere a task that is woken before it could leave the CPU, and leaves it then, has yielded, which the kernel counts
# as involuntary.
same='>='
[[ $KERNEL != *-rt ]] || same='=='
for sleep in 0 1; do
	count() { sed -n "s/.*lock_readers: sections=.*\b$1=\([0-9]*\).*/\1/p;s/.*lock_readers: $1=\([0-9]*\).*/\1/p" "$OUT/$sleep.log" | head -n 1; }
	check_timeline valid "$OUT/$sleep.json"
	check_timeline holds "$OUT/$sleep.json" "len(read_sections) == $(count sections)" 'lost_records() == []' \
		"$times('read_sleeping', 'voluntary') $same $(count slept)" "$times('read_mutex', 'voluntary') $same $(count mutex)" \
		"{s['function'] for s in read_sections if any(off['voluntary'] for off in s['off_cpu'])} <= {'lock_readers:read_sleeping', 'lock_readers:read_mutex'}" \
		"$times('read_spin', 'lock') == $(count spin)" "$times('read_write', 'lock') == $(count write)" \
		"$times('read_read', 'lock') == $(count read)" "$times('read_bh', 'lock') == $(count bh)" \
		'not any(off["lock"] and off["voluntary"] for s in read_sections for off in s["off_cpu"])' \
		"sorted(h['kind'] for h in hazards) == ['blocked-in-reader'] * (2 if $sleep and $(count mutex) else $sleep)"
	case $KERNEL in
	*-rt) expect "sections waited for locks" test $(($(count spin) + $(count write) + $(count read) + $(count bh))) -ge 5 ;;
	*) expect_equal "sections that waited for locks without leaving the CPU" 0 $(($(count spin) + $(count write) + $(count read) + $(count bh))) ;;
	esac
	printf '%s: %s: %s\n' "$TEST" "$KERNEL" "$(grep -o 'sections=.*' "$OUT/$sleep.log")"
done
finish
