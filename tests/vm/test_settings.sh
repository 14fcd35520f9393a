#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_settings.sh KERNEL
# Settings of RCU and the number of CPUs change neither the accuracy of a recording nor the holders that it names. The
# recording contains the settings.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

# If sections cannot be seen, the holder is the CPU of the reader.
reader="h['kind'] == 'read-section' and h['function'] == 'rcu_unload:read_long'"
blind_reader="h['kind'] == 'busy-cpu' and h['comm'] == 'rcu_reader2'"
read_by="(lambda h: $reader) if host['preempt_rcu'] else (lambda h: $blind_reader)"
hogged_by="lambda h: h['kind'] == 'busy-cpu' and h['comm'] == 'rcu_hogger'"

try() { # NAME [OPTION of vm run]...
	local name=$1
	shift
	guest "$@" <<GUEST
cat /proc/cmdline
cat /sys/module/rcutree/parameters/enable_rcu_lazy >/out/lazy 2>/dev/null
cat >lives <<'SCRIPT'
live rcu_unload rcu_reader2 3 long_read_ms=600
dmesg -c >/out/reader.log
live rcu_hog 'rcu_waiter: waited' 4 hog_ms=400
SCRIPT
expect_status record 0 rcuscope record -m /kmod/rcu_unload.ko -m /kmod/rcu_hog.ko -o /out/run.json -- sh lives
GUEST
	check_timeline whole "$OUT/run.json"
	check_timeline counts "$OUT/run.json" "$OUT/reader.log" rcu_unload
	check_timeline holds "$OUT/run.json" 'of(callbacks, "rcu_unload")' \
		'every(of(callbacks, "rcu_unload"), lambda c: c["state"] == "done")' \
		'all(sum(c["shares"].values()) == c["done_ns"] - c["queued_ns"] for c in callbacks if c["shares"])' \
		'any(c["shares"] for c in callbacks)' \
		'len([w for w in waits if (w["caller"] or "").startswith("rcu_hog:") and w["end_ns"]]) >= 4'
	if [[ $name == 'one CPU'* ]]; then
		one_cpu
	else
		more_cpus
	fi
	[[ $name != *offloaded* ]] || offloaded
	[[ $name != *expedited* ]] || expedited
	((failures == 0)) || printf 'that was: %s\n' "$name"
}

# A task that uses the only CPU also keeps all others from requesting a grace period, and RCU's own thread from running.
# So there may be no long grace period, and if there is one, RCU's thread may have waited for that task.
one_cpu() {
	check_timeline holds "$OUT/run.json" "len(long_sections('rcu_unload', 500)) >= 3 or not host['preempt_rcu']" \
		"not any(s['begin_ns'] < gp['start_ns'] < s['end_ns'] for s in long_sections('rcu_unload', 500) for gp in grace_periods if gp['start_ns']) or host['settings']['preemption'] in ('full', 'rt')" \
		"[gp for gp in long_periods(300, 'rcu_unload') if not held_by($read_by, 'gp-kthread')(gp)] == []" \
		"[gp for gp in long_periods(200, 'rcu_hog') if not held_by($hogged_by, 'gp-kthread', 'preempted-reader')(gp)] == []"
}

more_cpus() {
	# With lazy RCU only other users request grace periods, and they may not.
	[[ $(<"$OUT/lazy") == Y && $name == *offloaded* ]] || check_timeline holds "$OUT/run.json" 'long_periods(300, "rcu_unload")'
	check_timeline holds "$OUT/run.json" "[gp for gp in long_periods(300, 'rcu_unload') if not held_by($read_by)(gp)] == []" \
		"len(long_periods(200, 'rcu_hog')) >= 3" "mostly_held(long_periods(200, 'rcu_hog'), $hogged_by)" \
		"2 * sum(gp['held_by']['kind'] == 'busy-cpu' for gp in long_periods(200, 'rcu_hog')) >= len(long_periods(200, 'rcu_hog'))"
}

offloaded() {
	local lazy=False
	[[ $(<"$OUT/lazy") != Y ]] || lazy=True
	check_timeline holds "$OUT/run.json" 'all(c["context"] == "rcuo" for c in of(callbacks, "rcu_unload"))' \
		"all(c['lazy'] is $lazy for c in of(callbacks, 'rcu_unload'))"
}

expedited() {
	check_timeline holds "$OUT/run.json" 'any(gp["expedited"] for gp in grace_periods)' \
		'all(w["expedited"] for w in waits if w["kind"] == "synchronize_rcu" and (w["caller"] or "").startswith("rcu_hog:"))'
	[[ $name == 'one CPU'* ]] || check_timeline holds "$OUT/run.json" 'any(gp["expedited"] for gp in long_periods(200, "rcu_hog"))'
}

setting() { # NAME VALUE
	check_timeline holds "$OUT/run.json" "host['settings']['$1'] == '$2'"
}

try 'one CPU' --cpus 1
check_timeline holds "$OUT/run.json" 'not any(c["lazy"] for c in callbacks)'
setting cpus_online 1
setting rcu_nocbs none
setting rcu_expedited 0
setting virtualization TCG
case $KERNEL in
rcu-trace-6.1) setting preemption full ;;
*-rt) setting preemption rt ;;
debian-*) setting preemption voluntary ;;
esac
try 'one CPU, callbacks offloaded, expedited' --cpus 1 --append 'rcu_nocbs=all rcupdate.rcu_expedited=1'
try 'two CPUs, expedited' --append 'rcupdate.rcu_expedited=1'
setting rcu_expedited 1
try 'four CPUs, callbacks offloaded' --cpus 4 --append 'rcu_nocbs=all'
setting cpus_online 4
setting rcu_nocbs 0-3
try 'four CPUs, callbacks offloaded, expedited' --cpus 4 --append 'rcu_nocbs=all rcupdate.rcu_expedited=1'
finish
