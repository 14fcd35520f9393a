# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# For guests of the benchmarks: runs the load (rcu_load) by itself or under a tracer. A tracer runs from before the
# module is loaded until it is freed. Sourced. Needs: LASTS, seconds of each run.

TRACEFS=/sys/kernel/tracing

# Use RCU's tracepoints if the kernel has them, otherwise kprobe events on the functions that contain them.
if [ -e $TRACEFS/events/rcu/rcu_callback ]; then
	QUEUED=rcu:rcu_callback
	INVOKED=rcu:rcu_invoke_callback
	SCRIPT=/root/peer-tracepoint.bt
else
	QUEUED=bench:queued
	INVOKED=bench:invoked
	SCRIPT=/root/peer-kprobe.bt
	echo 'p:bench/queued call_rcu head=%di func=%si' >>$TRACEFS/kprobe_events || exit
	echo 'p:bench/invoked rcu_cblist_dequeue head=+0(%di) func=+8(+0(%di))' >>$TRACEFS/kprobe_events || exit
fi

# The address range of the load's functions tells its callbacks from others.
cat >/root/load <<'SCRIPT'
{
	head -n 1 /proc/stat | sed 's/^cpu */stat_before=/'
	insmod /kmod/rcu_load.ko "$@" || exit
	echo "text=$(cat /sys/module/rcu_load/sections/.text)"
	sleep "$LASTS"
	rmmod rcu_load
	head -n 1 /proc/stat | sed 's/^cpu */stat_after=/'
} >/tmp/run
SCRIPT
export LASTS

under() { # TOOL FILE PARAMETER...
	tool=$1 file=$2
	shift 2
	case $tool in
	none) sh /root/load "$@" ;;
	rcuscope) rcuscope record --quiet -m /kmod/rcu_load.ko --no-functions --until-unload -o "$file.rcu" -- sh /root/load "$@" &&
		mv "$file.rcu" "$file" ;;
	rcuscope-summary) rcuscope record --quiet --mode summary -m /kmod/rcu_load.ko --until-unload -o "$file.json" -- sh /root/load "$@" &&
		mv "$file.json" "$file" ;;
	bpftrace) bpftrace -o "$file" -c "/bin/sh /root/load $*" $SCRIPT ;;
	bpftrace-fentry) bpftrace -o "$file" -c "/bin/sh /root/load $*" /root/peer-fentry.bt ;;
	trace-cmd) trace-cmd record -q -o "$file" -e $QUEUED -e $INVOKED sh /root/load "$@" ;;
	perf) perf record -q -a -o "$file" -e $QUEUED -e $INVOKED -- sh /root/load "$@" ;;
	esac
}

# Writes to NAME.run: the counts of the load, and the size of the tool's output.
measure() { # TOOL NAME PARAMETER...
	tool=$1 name=$2
	shift 2
	dmesg -c >/dev/null
	rm -f /tmp/run
	under "$tool" "/out/$name.data" "$@" >/tmp/said 2>&1 || {
		echo "$tool failed:"
		cat /tmp/said
		exit 1
	}
	{
		cat /tmp/run
		dmesg | sed -n 's/.*rcu_load: queued=/queued=/p' | tr ' ' '\n'
		echo "bytes=$(stat -c %s "/out/$name.data" 2>/dev/null || echo 0)"
	} >"/out/$name.run"
	cp /tmp/said "/out/$name.said"
	sync
}

# Console output costs more than what is measured.
dmesg -n 1
uname -r >/out/release
cat /sys/devices/system/clocksource/clocksource0/current_clocksource >/out/clocksource
