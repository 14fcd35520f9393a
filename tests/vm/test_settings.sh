#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_settings.sh KERNEL
# What changes how RCU goes about its work, and how many CPUs it has, changes
# nothing in how true a recording is, nor in who is named as the holder; and the
# recording says what it was.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

# Each grace period within a followed module's life that was longer than 300 ms.
long='[gp for gp in grace_periods if gp["start_ns"] is not None and gp["end_ns"] and gp["end_ns"] - gp["start_ns"] > 300000000 and any(m["init_done_ns"] < gp["start_ns"] and gp["end_ns"] < (m["exit_done_ns"] or 0) for m in modules)]'

# A reader whose section cannot be seen is known by its CPU.
reader="(gp['held_by']['kind'] == 'read-section' and gp['held_by']['function'] == 'rcu_unload:read_long' if host['preempt_rcu']
	else gp['held_by']['kind'] == 'gp-kthread' or gp['held_by']['kind'] == 'busy-cpu' and gp['held_by']['comm'] == 'rcu_reader2')"

record() { # NAME MODULE LINE COUNT 'PARAMETER...'
	cat <<GUEST
expect_status $1 0 rcuscope record -m /kmod/$2.ko --until-unload -o /out/$1.json -- sh -c '
	insmod /kmod/$2.ko $5
	until [ "\$(dmesg | grep -c "$3")" -ge $4 ]; do usleep 50000; done
	rmmod $2'
dmesg -c >/out/$1.log
GUEST
}

try() { # NAME [OPTION of vm run]...
	local name=$1
	shift
	guest "$@" <<GUEST
cat /proc/cmdline
$(record reader rcu_unload rcu_reader2 3 'long_read_ms=600')
$(record busy rcu_hog 'rcu_waiter: waited' 4 'hog_ms=400')
GUEST
	local file
	for file in reader busy; do
		check_timeline whole "$OUT/$file.json"
	done
	check_timeline counts "$OUT/reader.json" "$OUT/reader.log" rcu_unload
	check_timeline holds "$OUT/reader.json" 'of(callbacks, "rcu_unload")' \
		'all(c["state"] == "done" for c in of(callbacks, "rcu_unload"))' \
		'all(sum(c["shares"].values()) == c["done_ns"] - c["queued_ns"] for c in callbacks if c["shares"])' \
		"all($reader for gp in $long)"
	# RCU's own thread may be the one that waits for the CPU which is taken.
	check_timeline holds "$OUT/busy.json" \
		"all(gp['held_by']['kind'] == 'gp-kthread' or gp['held_by']['kind'] == 'busy-cpu' and gp['held_by']['comm'] == 'rcu_hogger' for gp in $long)"
	# Whoever takes the only CPU keeps everybody from asking for a grace period, too.
	[[ $name == 'one CPU' ]] || {
		check_timeline holds "$OUT/reader.json" "$long"
		check_timeline holds "$OUT/busy.json" "len($long) >= 3" \
			"2 * sum(gp['held_by']['kind'] == 'busy-cpu' for gp in $long) >= len($long)"
	}
	((failures == 0)) || printf 'that was: %s\n' "$name"
}

setting() { # NAME VALUE
	check_timeline holds "$OUT/reader.json" "host['settings']['$1'] == '$2'"
}

try 'one CPU' --cpus 1
setting cpus_online 1
setting rcu_nocbs none
setting rcu_expedited 0
setting virtualization TCG
case $KERNEL in
rcu-trace-6.1) setting preemption full ;;
debian-*) setting preemption voluntary ;;
esac
try 'four CPUs, callbacks offloaded' --cpus 4 --append 'rcu_nocbs=all'
check_timeline holds "$OUT/reader.json" 'all(c["context"] == "rcuo" for c in of(callbacks, "rcu_unload"))'
setting cpus_online 4
setting rcu_nocbs 0-3
try 'expedited' --append 'rcupdate.rcu_expedited=1'
setting rcu_expedited 1
check_timeline holds "$OUT/busy.json" 'any(gp["expedited"] for gp in grace_periods)' \
	"any(gp['expedited'] for gp in $long)" \
	'all(w["expedited"] for w in waits if w["kind"] == "synchronize_rcu" and (w["caller"] or "").startswith("rcu_hog:"))'
finish
