#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_expedited.sh KERNEL
# On a kernel where the end of a normal or of an expedited grace period releases callbacks, the timeline names the right
# one for each callback, with rcu_expedited=1 and without. ftrace shows what the kernel's lists did at the same time.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

guest <<'GUEST'
cat /sys/kernel/btf/vmlinux >/out/btf
GUEST
offset() { /usr/bin/python3 "$TESTS_VM/lib/btf_offset.py" "$OUT/btf" "$@"; } # STRUCT MEMBER
offset rcu_gp_seq exp >/dev/null 2>&1 || skip 'the end of an expedited grace period releases no callbacks'
# The sequence that decides about the end of a normal grace period is that of the tree's root.
root=$(offset rcu_state node)
seq=$(offset rcu_node gp_seq)
expedited=$(offset rcu_state expedited_sequence)
now="norm=@rcu_state+$((root + seq)):u64 exp=@rcu_state+$expedited:u64"

guest <<GUEST
mkdir -p $FTRACE
echo boot >$FTRACE/trace_clock
echo 16384 >$FTRACE/buffer_size_kb
while read -r event; do
	echo "\$event" >>\$TRACEFS/dynamic_events || failed "ftrace takes no '\$event'"
done <<'EVENTS'
f:rs/enqueued rcu_segcblist_enqueue list=\$arg1:x64 head=\$arg2:x64 func=+8(\$arg2):symbol
f:rs/assigned rcu_segcblist_accelerate%return list=\$arg1:x64 norm=+0(\$arg2):u64 exp=+8(\$arg2):u64 ret=\$retval:u8
f:rs/advance rcu_segcblist_advance list=\$arg1:x64 $now
f:rs/advanced rcu_segcblist_advance%return list=\$arg1:x64 $now
f:rs/dequeue rcu_cblist_dequeue head=+0(\$arg1):x64
EVENTS
echo 1 >$FTRACE/events/rs/enable
cat >load <<'SCRIPT'
insmod /kmod/rcu_load.ko threads=2 rate=500 waiters=1 || exit
until [ "\$(cat /sys/module/rcu_load/parameters/queued)" -ge 3000 ]; do usleep 50000; done
rmmod rcu_load
SCRIPT
for value in 1 0; do
	echo \$value >/sys/kernel/rcu_expedited
	echo >$FTRACE/trace
	expect_status "load \$value" 0 rcuscope record -m /kmod/rcu_load.ko --no-functions --until-unload -o /out/\$value.json -- sh load
	grep -v "^#" $FTRACE/trace >/out/\$value.trace
	grep -hE '(overrun|dropped events): [1-9]' $FTRACE/per_cpu/cpu*/stats && failed "ftrace has lost events"
	true
done
GUEST

for value in 1 0; do
	/usr/bin/python3 "$TESTS_VM/lib/either.py" "$OUT/$value.json" "$OUT/$value.trace" rcu_load:load_invoked >"$WORK/$value.counts" ||
		failed "either.py $value"
	printf '%s: %s: rcu_expedited=%s: %s\n' "$TEST" "$KERNEL" "$value" "$(cat "$WORK/$value.counts")"
done
count() { sed -nE "s/(^|.* )$2=([0-9]+).*/\2/p" "$WORK/$1.counts"; } # VALUE NAME; prints nothing for none
for value in 1 0; do
	expect_equal "rcu_expedited=$value: callbacks with a wrong grace period" "" "$(count "$value" wrong)"
	expect_equal "rcu_expedited=$value: callbacks with an unknown one, although the order of the ends is known" "" "$(count "$value" unknown)"
	expect_equal "rcu_expedited=$value: callbacks that ftrace did not see" "" "$(count "$value" unmatched)$(count "$value" not_released)"
	both=$(count "$value" together)
	expect "rcu_expedited=$value: few callbacks have an unknown grace period" \
		test $((20 * ${both:-0})) -lt "$(count "$value" callbacks)"
done
expect "expedited grace periods release callbacks" test "$(count 1 only_expedited)" -gt 100
finish
