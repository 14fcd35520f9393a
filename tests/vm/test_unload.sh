#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_unload.sh KERNEL
# Each right way to unload runs ten times, or RCUSCOPE_ROUNDS times, while others queue callbacks too: there must be
# no finding. Unloading without waiting must always be found, whether the kernel survived or not.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"
ROUNDS=${RCUSCOPE_ROUNDS:-10}
RIGHT_WAYS=(barrier synchronize modref counter)

# Script for the guest: lives of the module, each of which ends after some writes. With unload=modref, rmmod must
# first be refused while a callback is pending.
lives=$(cat <<'GUEST'
cat >/root/lives.sh <<'SCRIPT'
load() {
	dmesg -c >>/root/log
	insmod /kmod/rcu_unload.ko unload=$1 long_read_ms=60 writer_ms=10 reader_ms=5 || exit
	until [ "$(dmesg | grep -c 'rcu_writer: write to new')" -gt 10 ]; do usleep 20000; done
}
refuse() {
	tries=0
	while rmmod rcu_unload 2>/root/refused; do
		tries=$((tries + 1))
		[ $tries -lt 20 ] || { echo "FAILED: rmmod was never refused"; exit 1; }
		load modref
	done
	grep -qiE 'in use|busy|temporarily' /root/refused || { cat /root/refused; exit 1; }
	echo 1 >/sys/module/rcu_unload/parameters/stop
	until [ "$(cat /sys/module/rcu_unload/refcnt)" = 0 ]; do usleep 20000; done
}
for i in $(seq $2); do
	load $1
	[ $1 != modref ] || refuse
	rmmod rcu_unload || exit
	echo "life $i is over" >/dev/kmsg
done
SCRIPT

record_lives() { # WAY COUNT [OPTION OF record]...
	name=$1 count=$2
	shift 2
	dmesg -c >/root/before
	: >/root/log
	expect_status "$name" 0 rcuscope record "$@" -m /kmod/rcu_unload.ko --no-functions -o "/out/$name.rcu" -- \
		sh /root/lives.sh "$name" "$count"
	grep FAILED /tmp/stdout
	dmesg | cat /root/log - >"/out/$name.log"
}
GUEST
)

guest <<GUEST
$lives
# Callbacks of others: from the kernel's files, from the lives of another module, and many from a third module, which
# queues them cheaply.
files() {
	while [ ! -e /tmp/enough ]; do
		mkdir -p /tmp/load/a/b
		rm -r /tmp/load
		usleep 50000
	done
}
module() {
	while [ ! -e /tmp/enough ]; do
		insmod /kmod/rcu_readers.ko reader_ms=5 writer_ms=10
		usleep 700000
		rmmod rcu_readers
	done
}
insmod /kmod/rcu_load.ko threads=2 rate=1000
files &
module &
for way in ${RIGHT_WAYS[*]}; do record_lives \$way $ROUNDS --fail-on hazard; done
touch /tmp/enough
wait
expect_status "many callbacks of others" 0 test "\$(cat /sys/module/rcu_load/parameters/invoked)" -gt 10000
rmmod rcu_load
GUEST

export_life() { # FOLDER NAME
	expect_run "$2: export" 0 "$RCUSCOPE" export "$1/$2.rcu" -o "$1/$2.json"
	check_timeline valid "$1/$2.json"
}

for way in "${RIGHT_WAYS[@]}"; do
	export_life "$OUT" "$way"
	[[ $way == modref ]] || check_timeline counts "$OUT/$way.json" "$OUT/$way.log" rcu_unload
	check_timeline holds "$OUT/$way.json" 'hazards == []' 'lost_records() == []' \
		"len(of_name(modules, 'rcu_unload')) >= $ROUNDS" \
		'all(m["pending_at_exit"] == m["pending_at_free"] == m["pending_at_freed"] == 0 for m in of_name(modules, "rcu_unload"))' \
		"all(c['state'] == 'done' for c in of(callbacks, 'rcu_unload')) if '$way' != 'synchronize' else of(callbacks, 'rcu_unload') == []" \
		'all("had not run" not in m["verdict"] for m in of_name(modules, "rcu_unload"))'
done
# A life whose first rmmod was not refused had no pending callback then, and another life followed. That is rare.
expect_rate "lives with unload=modref whose rmmod was refused" "$ROUNDS" \
	"$(/usr/bin/python3 "$TESTS_VM/lib/timeline.py" print "$OUT/modref.json" 'len(of_name(modules, "rcu_unload"))')" 0.7
# At its end a callback puts its module reference in a tail call, from which module_put() returns to RCU. If it runs
# in an interrupt within another module_put(), it is missed; this is reported.
check_timeline holds "$OUT/modref.json" \
	"len([m for m in of_name(modules, 'rcu_unload') if m['refusals']]) == $ROUNDS" \
	'len([r for m in modules for r in m["references"] if r["taken"] and (r["caller"] or "").startswith("rcu_unload:")]) == len(of(callbacks, "rcu_unload"))' \
	'len(of(callbacks, "rcu_unload")) - missed("module.references") <= len([r for m in modules for r in m["references"] if not r["taken"] and (r["caller"] or "").startswith(("rcu_unload:", "rcu_do_batch"))]) <= len(of(callbacks, "rcu_unload"))'

# Numbers of callbacks that were pending when an exit function had returned, and when the module's memory was about to
# be freed, or at the end of the recording. The BPF program counts them a moment after the first time; meanwhile they
# may run on another CPU, which is rare.
pending_at() { # TIME
	printf 'len([c for c in of(callbacks, "rcu_unload") if m["loaded_ns"] < c["queued_ns"] < m["exit_done_ns"] and (c["invoked_ns"] is None or c["invoked_ns"] > %s)])' "$1"
}
at_exit=$(pending_at 'm["exit_done_ns"]')
at_free=$(pending_at '(m["free_begin_ns"] or capture["end_ns"])')
exits='[m for m in modules if m["exit_done_ns"]]'
counted=0 lives_counted=0
# Without waiting the kernel may crash; then another guest runs the remaining rounds. Status 125 is also a failure of
# the bench itself, which says no word of a panic.
for ((left = ROUNDS, boots = 0; left > 0 && boots < ROUNDS; boots++)); do
	none=$WORK/none-$boots
	run "$VM" run --kernel "$KERNEL" --timeout 300 --add "$TESTS_VM/lib/guest_check.sh" --out "$none" -- \
		". /root/guest_check.sh"$'\n'"$lives"$'\n'"record_lives none $left"
	! grep -a FAILED "$WORK/stdout" || failed "in the guest"
	[[ $STATUS != 125 ]] || grep -q '^vm: the guest panicked: ' "$WORK/stderr" || STATUS='125, without a panic'
	case $STATUS in
	0)
		export_life "$none" none
		check_timeline counts "$none/none.json" "$none/none.log" rcu_unload
		check_timeline holds "$none/none.json" "len(modules) == len($exits) == $left"
		left=0 ;;
	125)
		# A callback whose code is gone crashes the kernel.
		expect "the crash is in RCU's callbacks" grep -qaE 'rcu_do_batch|rcu_core' "$none/console.log"
		[[ -e $none/none.rcu ]] || mv "$none/none.rcu.part" "$none/none.rcu"
		export_life "$none" none
		left=$((left - $(grep -ac 'life [0-9]* is over' "$none/console.log") - 1))
		check_timeline holds "$none/none.json" 'hazards[-1]["severity"] == "fatal"' ;;
	*) failed "the guest ended with status $STATUS"; cat "$WORK/stderr"; break ;;
	esac
	check_timeline holds "$none/none.json" "all($at_free <= m['pending_at_exit'] <= $at_exit for m in $exits)"
	read -r hits all < <(/usr/bin/python3 "$TESTS_VM/lib/timeline.py" print "$none/none.json" \
		"sum(m['pending_at_exit'] == $at_exit for m in $exits)" "len($exits)" | paste -sd' ')
	counted=$((counted + hits)) lives_counted=$((lives_counted + all))
	# There must be a hazard for each life in which callbacks were pending at the end of the exit function, and for no
	# other.
	check_timeline holds "$none/none.json" \
		'[m["exit_done_ns"] for m in modules if m["pending_at_exit"]] == [h["at_ns"] if h["severity"] == "latent" else max(m["exit_done_ns"] for m in modules if m["exit_done_ns"] and m["exit_done_ns"] <= h["at_ns"]) for h in hazards]' \
		'any(m["pending_at_exit"] for m in modules)'
done
expect_rate "lives whose callbacks were counted before any of them ran" "$counted" "$lives_counted" 0.9
finish
