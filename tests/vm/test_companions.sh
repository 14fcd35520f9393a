#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_companions.sh KERNEL
# The companion modules do and log what they promise, refuse wrong parameters, and unload cleanly, with each way to
# handle pending callbacks and at any time. (rcucmap_log.sh tests rcucmap in more detail.)
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

guest <<'GUEST'
# The lines that modules and their threads logged, without the kernel's remarks about modules.
log() { dmesg | sed 's/^\[[^]]*\] //' | grep -vE 'out-of-tree|verification failed|^Disabling lock'; }

in_log() { # at least NUMBER lines
	[ "$(log | grep -cE -- "$2")" -ge "$1" ]
}

several_values() { [ "$(log | sed -n 's/^READER-[0-9]*:\([0-9]*\)(.*/\1/p' | sort -u | wc -l)" -ge 3 ]; }

refcnt_is() { [ "$(cat "/sys/module/$1/refcnt")" "$2" "$3" ]; }

load() { # with an empty log
	module=$1
	shift
	dmesg -c >/run/before
	expect_status "insmod $module $*" 0 insmod "/kmod/$module.ko" "$@"
}

unloaded() { # writes the log to /out/NAME.log
	log >"/out/$1.log"
	! ps | grep -E '\[(rcucmap|rcu)_(reader[0-9]*|writer|hogger|waiter[0-9]*|preempted|queuer[0-9]*)\]' || failed "$1: a thread is left"
}

unload() { # NAME
	expect_status "rmmod $module of $1" 0 rmmod "$module"
	unloaded "$1"
}

# With unload=modref, rmmod succeeds only while no callback is pending.
unload_when_idle() { # NAME
	wait_for "rmmod $module of $1" rmmod "$module"
	unloaded "$1"
}

load rcu_list
unload list

load rcu_replace
unload replace

load rcu_readers reader_ms=20 writer_ms=50
wait_for "three values" several_values
unload readers

for how in busy preempted; do
	load rcu_hog hog=$how hog_ms=50
	wait_for "grace periods" in_log 3 '^rcu_waiter: waited'
	unload hog-$how
done

parameter() { cat "/sys/module/rcu_load/parameters/$1"; }
parameter_is() { [ "$(parameter "$1")" "$2" "$3" ]; }

# The rate is increased while the module runs.
load rcu_load threads=2 rate=10 readers=1 waiters=1
wait_for "sections" parameter_is reads -ge 10
wait_for "grace periods" parameter_is synchronize_rcu -ge 3
echo 20000 >/sys/module/rcu_load/parameters/rate
wait_for "callbacks" parameter_is queued -ge 2000
wait_for "their calls" parameter_is invoked -ge 2000
unload load-rate

load rcu_load rate=0 pending=1000 cpus=1
wait_for "callbacks" parameter_is invoked -ge 5000
unload load-full

load rcu_load burst=2000 pause_ms=10 threads=3 cpus=0-1
wait_for "bursts" parameter_is queued -ge 20000
unload load-burst

load rcu_load threads=0 readers=2 read_us=50 read_pause_us=0
wait_for "sections" parameter_is reads -ge 100
unload load-readers

for mode in barrier synchronize modref counter; do
	unload=unload
	[ $mode != modref ] || unload=unload_when_idle

	load rcucmap unload=$mode reader_ms=10 writer_ms=20
	wait_for "rcucmap's end" in_log 1 '^r: done'
	$unload cmap-$mode

	load rcucmap unload=$mode
	wait_for "rcucmap's map" in_log 1 '^w: ready'
	$unload cmap-early-$mode
done

# The default is a barrier; many callbacks are pending when it runs.
load rcu_unload long_read_ms=500 reader_ms=10 writer_ms=10
expect_equal "unload, if nothing is said" barrier "$(cat /sys/module/rcu_unload/parameters/unload)"
wait_for "deletions" in_log 60 '^rcu_del'
unload unload-barrier

load rcu_unload unload=counter long_read_ms=500 reader_ms=10 writer_ms=10
wait_for "deletions" in_log 60 '^rcu_del'
unload unload-counter

load rcu_unload unload=synchronize long_read_ms=50 reader_ms=10 writer_ms=10
wait_for "deletions" in_log 5 '^rcu_writer: delete'
unload unload-synchronize

# Sections are short, so that at times no callback is pending although the writer works.
load rcu_unload unload=modref long_read_ms=1 writer_ms=300
wait_for "deletions" in_log 2 '^rcu_del'
unload_when_idle unload-modref

for mode in barrier counter synchronize; do
	load rcu_unload unload=$mode backlog=3000 callback_us=50
	wait_for "an update" in_log 1 '^rcu_writer'
	unload backlog-$mode
done

# These callbacks are queued before the exit.
load rcu_unload unload=barrier backlog=3000 callback_us=50
echo 1 >/sys/module/rcu_unload/parameters/stop
unload backlog-stopped

# Each callback holds a reference: for 4 s of callbacks the module cannot be unloaded.
load rcu_unload unload=modref backlog=4000 callback_us=1000 long_read_ms=100 writer_ms=10
wait_for "an update" in_log 1 '^rcu_writer'
echo 1 >/sys/module/rcu_unload/parameters/stop
wait_for "the backlog" refcnt_is rcu_unload -gt 1000
expect_status "rmmod with callbacks pending" 1 rmmod rcu_unload
expect_stderr "rmmod with callbacks pending" 'temporarily unavailable|in use'
wait_for "all callbacks" refcnt_is rcu_unload -eq 0
unload backlog-modref

i=0
while [ $i -lt 10 ]; do
	i=$((i + 1))
	for module in rcu_list rcu_replace rcu_readers rcu_hog rcu_load rcu_unload; do
		load $module
		unload early-$module-$i
	done
	for mode in synchronize counter; do
		load rcu_unload unload=$mode backlog=100
		unload early-$mode-$i
	done
	load rcu_unload unload=modref backlog=100
	unload_when_idle early-modref-$i
done

refused() { # WHAT-THE-LOG-SAYS MODULE PARAMETER...
	says=$1
	module=$2
	shift 2
	dmesg -c >/run/before
	expect_status "insmod $module $*" 22 insmod "/kmod/$module.ko" "$@" # EINVAL
	log | grep -qE "^$module: $says" || { failed "$module $*: the log has no '$says'"; log; }
	[ ! -e "/sys/module/$module" ] || { failed "$module $*: is loaded"; rmmod "$module"; }
}
refused 'unload=maybe is not known, there are: none barrier synchronize modref counter$' rcu_unload unload=maybe
refused 'unload=maybe is not known' rcucmap unload=maybe
refused 'unload= is not known' rcu_unload unload=
refused 'misuse=maybe is not known, there are: none double block$' rcu_unload misuse=maybe
refused 'reader_ms and writer_ms must be at least 1' rcu_unload reader_ms=0
refused 'reader_ms and writer_ms must be at least 1' rcu_unload writer_ms=0
refused 'long_read_ms must be 1 to 10000' rcu_unload long_read_ms=0
refused 'long_read_ms must be 1 to 10000' rcu_unload long_read_ms=10001
refused 'callback_us must be 0 to 1000' rcu_unload callback_us=1001
refused 'callback_us must be 0 to 1000' rcu_unload callback_us=-2
refused 'hog=maybe is not known, there are: busy preempted$' rcu_hog hog=maybe
refused 'hog_ms must be 1 to 5000' rcu_hog hog_ms=0
refused 'cpu 99 is not online' rcu_hog cpu=99
refused 'threads, readers and waiters must be at most 64 each' rcu_load threads=65
refused 'threads, readers and waiters must be at most 64 each' rcu_load waiters=65
refused 'pending must be 1 to 1048576' rcu_load pending=0
refused 'pending must be 1 to 1048576' rcu_load pending=1048577
refused 'burst must be at most pending, which is 100' rcu_load burst=101 pending=100
refused 'pause_ms must be at least 1' rcu_load burst=1 pause_ms=0
refused 'read_us must be at most 1000000' rcu_load read_us=1000001
refused 'cpus=99 is not a list of CPUs that are online' rcu_load cpus=99
refused 'cpus=some is not a list of CPUs that are online' rcu_load cpus=some
refused 'cpus= is not a list of CPUs that are online' rcu_load cpus=
refused 'queued is a count, and cannot be set' rcu_load queued=1
refused 'reader_ms and writer_ms must be at least 1' rcu_readers reader_ms=0
refused 'reader_ms and writer_ms must be at least 1' rcu_readers writer_ms=0

# RCU loses one node and goes on. This runs last, in case it damages more.
load rcu_unload misuse=double
wait_for "the callback" in_log 1 'misuse: the callback has run'
unload double
load rcu_unload unload=counter backlog=100
wait_for "an update" in_log 1 '^rcu_writer'
unload after-double
GUEST

# Sets the array COUNT from the last line of the log, which has the module's own counts.
declare -A COUNT
counts() { # NAME MODULE
	local pair pairs
	COUNT=()
	IFS=' ' read -ra pairs <<<"$(tail -n 1 "$OUT/$1.log" 2>/dev/null | sed -n "s/^$2: //p")"
	((${#pairs[@]})) || failed "$1: the log does not end with counts"
	for pair in "${pairs[@]}"; do COUNT[${pair%=*}]=${pair#*=}; done
}

expect_count() { # NAME COUNT EXPECTED
	expect_equal "$1: $2" "$3" "${COUNT[$2]:-}"
}

lines() { # NAME PATTERN
	grep -cE -- "$2" "$OUT/$1.log" || true
}

expect_log() { # NAME, the log on stdin
	diff --label expected --label actual -u - "$OUT/$1.log" || failed "$1: the log"
}

expect_log list <<'END'
rcu_list: init: empty
rcu_list: add 0: 0
rcu_list: add 1: 1 0
rcu_list: add 2: 2 1 0
rcu_list: add 3: 3 2 1 0
rcu_list: add 4: 4 3 2 1 0
rcu_list: length 5: 4 3 2 1 0
rcu_list: traverse: 4 3 2 1 0
rcu_list: delete 2: 4 3 1 0
rcu_list: replace 3 by 33: 4 33 1 0
rcu_list: free all: empty
rcu_list: sections=12 call_rcu=4 kfree_rcu=1 synchronize_rcu=1
END

expect_log replace <<'END'
before call rcu:hoge2
after call rcu:hoge3
END

counts readers rcu_readers
expect_equal "readers: the beginning" "--- RCU sample module start ---" "$(head -n 1 "$OUT/readers.log")"
expect_equal "readers: other lines" 2 "$(grep -cvE '^READER-[0-9]+:([1-9][0-9]?|100)\([0-9]+\)$' "$OUT/readers.log")"
expect_equal "readers: how many" 2 "$(sed -n 's/^READER-\([0-9]*\):.*/\1/p' "$OUT/readers.log" | sort -u | wc -l)"
expect_count readers reads "$(lines readers '^READER')"
expect_count readers freed $((COUNT[updates] + 1))
expect "readers: updates" test "${COUNT[updates]}" -ge 2

for mode in barrier synchronize modref counter; do
	counts_of=$(tail -n 2 "$OUT/cmap-$mode.log" | head -n 1)
	[[ $counts_of =~ ^rcucmap:\ reads=[0-9]+\ updates=40\ removes=10\ freed=50$ ]] || failed "rcucmap, $mode: $counts_of"
	counts_of=$(tail -n 2 "$OUT/cmap-early-$mode.log" | head -n 1)
	if [[ $counts_of =~ ^rcucmap:\ reads=[0-9]+\ updates=([0-9]+)\ removes=10\ freed=([0-9]+)$ ]]; then
		expect_equal "rcucmap, early, $mode: freed" $((BASH_REMATCH[1] + 10)) "${BASH_REMATCH[2]}"
	else
		failed "rcucmap, early, $mode: $counts_of"
	fi
done

# The reads, writes and deletions in the log must match the counts. QUEUED is the number of call_rcu() calls: a
# number, "all" (one for each node), or "some".
check_unload() { # NAME BACKLOG QUEUED
	local name=$1 backlog=$2 queued=$3 nodes
	counts "$name" rcu_unload
	nodes=$((COUNT[updates] + 1))
	[[ $queued != all ]] || queued=$((nodes + backlog))
	expect_count "$name" reads "$(lines "$name" '^rcu_reader[12]: read a=[0-9]+$')"
	expect_count "$name" updates "$(lines "$name" '^rcu_writer: write to new [0-9]+$')"
	expect_count "$name" deleted $((nodes + backlog))
	[[ $queued == some ]] || expect_count "$name" queued "$queued"
	expect_equal "$name: written" "$(seq 1 $((nodes - 1)))" "$(sed -n 's/^rcu_writer: write to new //p' "$OUT/$name.log")"
	expect_equal "$name: deleted, each once" "$(seq 0 $((nodes - 1)))" \
		"$(sed -n -E 's/^rcu_(del|writer: delete)[: ]*a=//p' "$OUT/$name.log" | sort -n)"
	sed -n 's/^rcu_reader1: read a=//p' "$OUT/$name.log" | sort -n -c 2>/dev/null || failed "$name: a value was read after a newer one"
}

for name in hog-busy hog-preempted; do
	counts "$name" rcu_hog
	expect_count "$name" waits "$(lines "$name" '^rcu_waiter: waited [0-9]+ ms$')"
	expect "$name: nobody waits for nothing" test "${COUNT[hogs]}" -ge "${COUNT[waits]}"
done

# Every callback has run, and threads without room waited.
check_load() { # NAME LEAST-QUEUED
	counts "$1" rcu_load
	expect "$1: queued" test "${COUNT[queued]}" -ge "$2"
	expect_count "$1" invoked "${COUNT[queued]}"
	expect_count "$1" invoked_per_second $((COUNT[invoked] * 1000000 / COUNT[elapsed_us]))
}
check_load load-rate 2000
expect "load-rate: sections and grace periods" test "${COUNT[reads]}" -ge 10 -a "${COUNT[synchronize_rcu]}" -ge 3
check_load load-full 5000
expect "load-full: it had to wait for room" test "${COUNT[full]}" -ge 1
check_load load-burst 20000
check_load load-readers 0
expect_count load-readers queued 0
expect "load-readers: sections" test "${COUNT[reads]}" -ge 100

for name in unload-barrier unload-counter; do
	check_unload "$name" 0 all
	expect "$name: a burst of deletions" awk '/^rcu_reader1/ { next } /^rcu_del/ { n++; if (n >= 10) burst = 1; next } { n = 0 }
		END { exit !burst }' "$OUT/$name.log"
done
check_unload unload-synchronize 0 0
# The exit function gets no reference, so it deletes at least the last node directly.
check_unload unload-modref 0 some
expect "unload-modref: callbacks" test "${COUNT[queued]}" -ge 2 -a "${COUNT[queued]}" -lt "${COUNT[deleted]}"

for name in backlog-barrier backlog-counter backlog-stopped; do check_unload "$name" 3000 all; done
check_unload backlog-synchronize 3000 0
check_unload backlog-modref 4000 some
expect "backlog-modref: only the last node was deleted directly" test "${COUNT[queued]}" = $((COUNT[deleted] - 1))

for i in {1..10}; do
	expect_equal "early: list" "$(tail -n 1 "$OUT/list.log")" "$(tail -n 1 "$OUT/early-rcu_list-$i.log")"
	expect_log "early-rcu_replace-$i" <"$OUT/replace.log"
	counts "early-rcu_readers-$i" rcu_readers
	expect_count "early-rcu_readers-$i" reads "$(lines "early-rcu_readers-$i" '^READER')"
	expect_count "early-rcu_readers-$i" freed $((COUNT[updates] + 1))
	check_load "early-rcu_load-$i" 0
	check_unload "early-rcu_unload-$i" 0 all
	check_unload "early-synchronize-$i" 100 0
	check_unload "early-counter-$i" 100 all
	check_unload "early-modref-$i" 100 some
done

counts double rcu_unload
expect_equal "double: callbacks that ran" 1 "$(lines double 'misuse: the callback has run')"
expect_count double queued $((COUNT[updates] + 4))
expect_count double deleted $((COUNT[updates] + 1))
check_unload after-double 100 all
finish
