# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# Functions that the tests in tests/vm share, in the guest (busybox sh).

TRACEFS=/sys/kernel/tracing
FTRACE=$TRACEFS/instances/witness

failed() { # WHAT
	echo "FAILED: $1"
}

# Waits until a condition holds. The limit is for a machine that hangs.
wait_for() { # WHAT COMMAND...
	what=$1
	shift
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 1200 ] || { failed "waited in vain for $what"; return 1; }
		usleep 100000
	done
}

# Runs a command. Its output is in /tmp/stdout and /tmp/stderr.
expect_status() { # WHAT STATUS COMMAND...
	what=$1
	wanted=$2
	shift 2
	status=0
	"$@" >/tmp/stdout 2>/tmp/stderr </dev/null || status=$?
	[ "$status" = "$wanted" ] || { failed "$what: exit status $status, expected $wanted"; cat /tmp/stderr; }
}

expect_stderr() { # WHAT PATTERN
	grep -qE -- "$2" /tmp/stderr || { failed "$1: stderr has no '$2'"; cat /tmp/stderr; }
}

expect_equal() { # WHAT EXPECTED ACTUAL
	[ "$2" = "$3" ] || failed "$1: expected '$2', got '$3'"
}

expect_no_file() { # WHAT PATTERN-OF-NAMES: unquoted names may be more than one
	for file in $2; do
		[ ! -e "$file" ] || failed "$1: $file is left"
	done
}

rcuscope_processes() {
	for process in /proc/[0-9]*; do
		name=$(cat "$process/comm" 2>/dev/null)
		case $name in rcuscope*) echo "${process#/proc/} $name" ;; esac
	done
}

bpf_objects() {
	[ ! -x /usr/sbin/bpftool ] || { bpftool prog show; bpftool link show; }
}

nothing_left() {
	! grep -q . $TRACEFS/kprobe_events && [ -z "$(rcuscope_processes)" ] && [ -z "$(bpf_objects)" ]
}

show_left() {
	cat $TRACEFS/kprobe_events
	rcuscope_processes
	bpf_objects
}

# When a recorder has ended, it has cleaned up. Only BPF programs and links remain for a while: the kernel frees them
# after a grace period.
expect_nothing_left() { # WHAT
	! grep . $TRACEFS/kprobe_events || failed "$1: kprobe events are left"
	left=$(rcuscope_processes)
	[ -z "$left" ] || failed "$1: processes are left: $left"
	wait_for "BPF programs and links to go, after $1" nothing_left || show_left
}

# Starts a function trace next to the recording, with the recording's clock.
start_ftrace() { # FUNCTION...
	mkdir $FTRACE
	echo 8192 >$FTRACE/buffer_size_kb
	echo boot >$FTRACE/trace_clock
	echo "$@" >$FTRACE/set_ftrace_filter
	echo function >$FTRACE/current_tracer
}

start_rcucmap() { # [PARAMETER=VALUE]...
	insmod /kmod/rcucmap.ko "$@"
}

rcucmap_done() {
	dmesg | grep -q 'r: done'
}
