#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_load.sh KERNEL
# A load that counts its own calls is recorded completely, to the last callback, section and wait, at a constant rate
# and in bursts. If the buffers are too small, the missing records are reported as lost, and nothing else is.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

guest <<'GUEST'
cat >load <<'SCRIPT'
until_queued=$1
shift
insmod /kmod/rcu_load.ko "$@" || exit
until [ "$(cat /sys/module/rcu_load/parameters/queued)" -ge "$until_queued" ]; do usleep 50000; done
rmmod rcu_load
SCRIPT

record_load() { # NAME 'OPTIONS OF record' LEAST-QUEUED [PARAMETER]...
	name=$1 options=$2
	shift 2
	dmesg -c >/run/before
	# shellcheck disable=SC2086 # words
	expect_status "$name" 0 rcuscope record -m /kmod/rcu_load.ko --no-functions --until-unload $options -o "/out/$name.json" -- \
		sh load "$@"
	dmesg -c >"/out/$name.log"
	expect_nothing_left "$name"
}
record_load rate --strict 2000 threads=2 rate=500 readers=1 waiters=1
record_load burst --strict 10000 burst=2500 pause_ms=200 cpus=1
# One page of buffer has room for a hundred callbacks.
record_load lost '--buffer 4' 10000 burst=2500 pause_ms=200 cpus=1
# Callbacks that are followed because of their caller: the map has room for 65536 pending ones.
expect_status many 0 rcuscope record -m /kmod/rcu_load.ko --no-functions --until-unload --buffer 16384 -o /out/many.rcu -- \
	sh load 1 others=70000 rate=10
expect_nothing_left many
GUEST

for name in rate burst; do
	check_timeline whole "$OUT/$name.json" --unseen rcu_load:rcu_load_init
	check_timeline counts "$OUT/$name.json" "$OUT/$name.log" rcu_load
	# Without losses the grace period of every callback is known, under a load as well.
	check_timeline holds "$OUT/$name.json" 'every(callbacks, lambda c: c["state"] == "done" and c["function"] == "rcu_load:load_invoked")' \
		'every(callbacks, lambda c: c["grace_period"] is not None)' '{place_function(c["caller"]) for c in callbacks} == {"rcu_load:load_queue"}'
done

count() { sed -n "s/.*rcu_load: .*\b$1=\([0-9]*\).*/\1/p" "$OUT/lost.log"; } # NAME
queued=$(count queued)
expect_equal "lost: callbacks that ran" "$queued" "$(count invoked)"
# The loss counters also count what the lost records were about, so recorded and lost callbacks add up. If a callback
# was queued before the losses and its end is unknown, the record of its end is among the lost ones.
check_timeline valid "$OUT/lost.json"
check_timeline holds "$OUT/lost.json" 'capture["complete"]' \
	'every(callbacks, lambda c: c["function"] == "rcu_load:load_invoked" and c["state"] in ("done", "unknown"))' \
	"0 < len(callbacks) < $queued" \
	"len(callbacks) + capture['lost_callbacks']['queued'] == $queued" \
	'sum(c["invoked_ns"] is None for c in callbacks) <= capture["lost_callbacks"]["invoked"]' \
	'sum(loss["count"] for loss in capture["lost"] if loss["hook"] is None) >= capture["lost_callbacks"]["queued"] + max(capture["lost_callbacks"]["invoked"], capture["lost_callbacks"]["done"])' \
	"next(probe['hits'] for probe in capture['probes'] if probe['hook'] == 'callback.queued') >= $queued"

# The ends of the callbacks beyond 65536 are lost, and these callbacks are not shown as pending.
expect_run "many: export" 0 "$RCUSCOPE" export "$OUT/many.rcu" -o "$OUT/many.json"
check_timeline valid "$OUT/many.json"
check_timeline holds "$OUT/many.json" 'len([c for c in callbacks if c["function"] == "wakeme_after_rcu"]) == 70000' \
	'every(callbacks, lambda c: c["state"] in ("done", "unknown"))' \
	'len([c for c in callbacks if c["state"] == "unknown"]) == 70000 - 65536' \
	'capture["lost_callbacks"] == {"queued": 0, "invoked": 70000 - 65536, "done": 70000 - 65536}' \
	'sum(loss["count"] for loss in capture["lost"] if loss["hook"] is None) == 2 * (70000 - 65536)' \
	'capture["end_reason"] == "module freed"'
finish
