#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_modes.sh KERNEL
# The modes of recording: duration, scope, number of recorders, and buffers that are too small.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

guest <<'GUEST'
dmesg -c >/run/before
life="live rcucmap 'r: done' 1 reader_ms=10 writer_ms=20"
record() { # NAME [OPTION]...: a life of rcucmap
	name=$1
	shift
	expect_status "$name" 0 rcuscope record -m /kmod/rcucmap.ko "$@" -o "/out/$name.json" -- sh -c "$life"
	dmesg -c >"/out/$name.log"
	expect_nothing_left "$name"
}

# A duration; the whole system; quiet; with the default output.
churn() { i=0; while :; do i=$((i + 1)); echo x >"/tmp/churn.$((i % 50))"; rm "/tmp/churn.$((i % 50))"; done; }
churn &
churning=$!
cd /tmp
expect_status duration 0 rcuscope record --duration 2 -q
expect_equal "-q on stderr" "" "$(cat /tmp/stderr)"
[ -s /tmp/rcuscope.rcu ] || failed "there is no /tmp/rcuscope.rcu"
expect_status "export of duration" 0 rcuscope export /tmp/rcuscope.rcu -o /out/duration.json
cd /root
kill $churning
expect_nothing_left duration

record linger --until-unload --linger 0
cp /tmp/stderr /out/linger.stderr
record no-functions --until-unload --no-functions
record function --until-unload --function 'cmap_*'
life="$life; $life"
record twice

# Two recorders follow the same module, so each site is probed twice.
mkfifo /tmp/go
rcuscope record -m /kmod/rcucmap.ko --until-unload -o /out/first.json -- sh -c 'touch /tmp/begun; cat /tmp/go' 2>/tmp/first.err &
first=$!
wait_for "the first one's begin" [ -e /tmp/begun ]
rm /tmp/begun
expect_status second 0 rcuscope record -m /kmod/rcucmap.ko --until-unload -o /out/second.json -- sh -c '
	insmod /kmod/rcucmap.ko reader_ms=10 writer_ms=20
	until dmesg | grep -q "r: done"; do usleep 50000; done
	grep -o "rcuscope_[0-9a-f]*/" /sys/kernel/tracing/kprobe_events | sort -u >/out/groups
	echo go >/tmp/go
	rmmod rcucmap'
status=0
wait $first || status=$?
expect_equal "status of the first of two recorders" 0 $status
dmesg -c >/out/two.log
expect_equal "groups of probes of two recorders" 2 "$(wc -l </out/groups)"
expect_nothing_left "two recorders"

# Buffers of one page, and a recorder that is stopped while they fill.
rcuscope record -m /kmod/rcucmap.ko --all-callbacks --until-unload --buffer 4 --strict -o /out/lost.json -- sh -c 'touch /tmp/begun; cat /tmp/go' 2>/tmp/stderr &
recorder=$!
wait_for "its begin" [ -e /tmp/begun ]
echo go >/tmp/go
insmod /kmod/rcucmap.ko reader_ms=1 writer_ms=1
kill -STOP $recorder
wait_for "rcucmap's end" rcucmap_done
kill -CONT $recorder
rmmod rcucmap
status=0
wait $recorder || status=$?
expect_equal "status with --strict and losses" 1 $status
expect_stderr "--strict" "records were lost"
dmesg -c >/out/lost.log
expect_nothing_left losses
GUEST

check_timeline valid "$OUT/duration.json"
check_timeline whole "$OUT/duration.json"
check_timeline holds "$OUT/duration.json" \
	'capture["end_reason"] == "duration over"' 'capture["all_callbacks"]' 'capture["followed"] == []' \
	'capture["end_ns"] >= 2 * 10**9' 'len([c for c in callbacks if c["state"] == "done"]) > 50' \
	'any(c["module"] is None for c in callbacks)' 'read_sections == function_calls == []'

for name in linger no-functions function; do
	check_timeline rcucmap "$OUT/$name.json" "$OUT/$name.log"
done
check_timeline holds "$OUT/no-functions.json" 'function_calls == []'
check_timeline holds "$OUT/function.json" \
	'{c["function"] for c in function_calls} == {"rcucmap:cmap_get", "rcucmap:cmap_set", "rcucmap:cmap_remove"}'
expect "no escape characters on a stderr that is no terminal" test -z "$(tr -d '\n[:print:]' <"$OUT/linger.stderr")"

check_timeline rcucmap "$OUT/twice.json" "$OUT/twice.log" --lives 2
check_timeline rcucmap "$OUT/first.json" "$OUT/two.log" --disturbed
check_timeline rcucmap "$OUT/second.json" "$OUT/two.log" --disturbed

# The analysis draws no conclusions across a gap: a callback whose end was not seen is unknown.
check_timeline valid "$OUT/lost.json"
check_timeline holds "$OUT/lost.json" \
	'capture["lost"]' 'all(loss["count"] > 0 for loss in capture["lost"])' 'capture["complete"]' \
	'len(of(callbacks)) <= 50' 'all(c["state"] in ("done", "unknown") for c in of(callbacks))' \
	'[c for c in callbacks if c["state"] == "pending" and any(c["queued_ns"] <= loss["to_ns"] for loss in capture["lost"])] == []'
finish
