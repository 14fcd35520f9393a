#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_killed.sh KERNEL
# However a recorder ends, it leaves nothing in the kernel, the module that it follows continues, and the capture can
# be read.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

guest --add "$(command -v bpftool):/usr/sbin/" <<'GUEST'
[ -x /usr/sbin/bpftool ] || failed "there is no bpftool in the guest"

# Starts a recorder in the background, with rcucmap running under it. Returns when the capture has events of rcucmap.
start_recording() { # CAPTURE [WRAPPER]
	dmesg -c >/run/before
	${2:-} rcuscope record -m /kmod/rcucmap.ko --until-unload -o "$1" -- \
		insmod /kmod/rcucmap.ko reader_ms=20 writer_ms=300 >/tmp/stdout 2>/tmp/stderr &
	recorder=$!
	wait_for "rcucmap" sh -c 'dmesg | grep -q "r: continue"'
	[ -n "$(bpf_objects)" ] || failed "bpftool sees nothing of a recorder that runs"
	wait_for "events in the capture" sh -c "rcuscope info --json $1.part | grep -q '\"read_sections\": [1-9]'"
}

# The module must be unaffected.
end_rcucmap() { # WHAT
	wait_for "rcucmap's end, after $1" rcucmap_done
	rmmod rcucmap || failed "$1: rmmod"
	dmesg | grep -q 'updates=40 removes=10 freed=50' || failed "$1: rcucmap's counts"
	dmesg | grep -q 'rcucmap: exit' || failed "$1: rcucmap's exit"
}

wait_status() { # WHAT STATUS
	status=0
	wait $recorder || status=$?
	expect_equal "status after $1" "$2" $status
}

start_recording /out/kill.rcu
kill -KILL $recorder
wait_status SIGKILL 137
wait_for "all to go after SIGKILL" nothing_left || show_left
end_rcucmap SIGKILL
expect_no_file "a capture that is not whole does not have its name" /out/kill.rcu
expect_status "info of a cut capture" 0 rcuscope info --json /out/kill.rcu.part
cp /tmp/stdout /out/kill.info
expect_status "export of a cut capture" 0 rcuscope export /out/kill.rcu.part -o /out/kill.json

for signal in INT TERM HUP; do
	start_recording /out/$signal.rcu
	# A shell's background jobs ignore SIGINT; rcuscope must not.
	kill -$signal $recorder
	wait_status SIG$signal 0
	expect_nothing_left SIG$signal
	end_rcucmap SIG$signal
	expect_no_file "SIG$signal" "/out/$signal.rcu.*"
	expect_status "export after SIG$signal" 0 rcuscope export /out/$signal.rcu -o /out/$signal.json
done

# Sends a signal in each phase, and then a second one. First phase: while probes are placed, nothing is recorded.
start() { # OPTION...
	dmesg -c >/run/before
	rcuscope record "$@" >/tmp/stdout 2>/tmp/stderr &
	recorder=$!
}
# The kernel may deliver two pending signals in either order.
taken() { grep -q '^ShdPnd:[[:space:]]*0*$' /proc/$recorder/status; }
send() { # SIGNAL
	wait_for "an earlier signal to be taken" taken
	kill -$1 $recorder
}
has_probes() { grep -q rcuscope_ $TRACEFS/kprobe_events; }
echo earlier >/out/placing.rcu
start -m /kmod/rcucmap.ko -o /out/placing.rcu -o /out/placing.json -- touch /tmp/ran
wait_for "the first probes" has_probes
kill -TERM $recorder
wait_status "SIGTERM while probes are placed" 143
expect_stderr "SIGTERM while probes are placed" 'before the recording began: nothing is recorded'
expect_nothing_left "SIGTERM while probes are placed"
expect_no_file "SIGTERM while probes are placed" '/tmp/ran /out/placing.json /out/placing.rcu.*'
expect_equal "a recording that was there" earlier "$(cat /out/placing.rcu)"

# Second phase: while probes are removed. When the first signal arrives, the recording is already over.
links() { bpftool link show | grep -c '^[0-9]'; }
some_are_gone() { [ "$(links)" -lt "$all" ]; }
remove_probes() { # NAME: records until probes are being removed
	rm -f /tmp/end
	# The last record is about a wait for a grace period in umount.
	mkdir -p /tmp/mounted
	start -o "/out/$1.rcu" -o "/out/$1.json" -- sh -c 'touch /tmp/begun; until [ -e /tmp/end ]; do usleep 10000; done
		mount -t tmpfs none /tmp/mounted; exec umount /tmp/mounted'
	wait_for "the recording" test -e /tmp/begun
	rm /tmp/begun
	all=$(links)
	touch /tmp/end
	wait_for "probes to be removed" some_are_gone
	send TERM
}
remove_probes removing
wait_status "SIGTERM while probes are removed" 0
expect_stderr "SIGTERM while probes are removed" 'Written: .*removing\.json'
expect_nothing_left "SIGTERM while probes are removed"
echo earlier >/out/twice.json
remove_probes twice
send INT
wait_status "a second signal while probes are removed" 130
expect_no_file "an earlier file of an output's name" /out/twice.json
expect_stderr "a second signal while probes are removed" 'ended at once: not written: /out/twice\.json'
wait_for "all to go after a second signal" nothing_left || show_left
# The hint is a command line.
sh -c "$(sed -n 's/^  hint: //p' /tmp/stderr)" || failed "what a second signal hints at"
[ -s /out/twice.json ] || failed "the command that is hinted at makes nothing"

# Third phase: while outputs are written. A pipe whose reader does not read yet stops the recorder there.
mkfifo /run/pipe.json
probes_are_gone_from() { [ -e "$1" ] && [ "$(links)" = 0 ]; }
for signals in TERM "INT HUP"; do
	rm -f /out/writing.rcu
	rm -f /tmp/read
	(until [ -e /tmp/read ]; do usleep 50000; done; exec cat >/out/writing.json) </run/pipe.json &
	start -o /out/writing.rcu -o /run/pipe.json -- sh -c 'for i in $(seq 300); do true | cat; done'
	wait_for "the recording's end" probes_are_gone_from /out/writing.rcu
	for signal in $signals; do send $signal; done
	if [ "$signals" = TERM ]; then
		touch /tmp/read
		wait_status "SIGTERM while outputs are written" 0
	else
		wait_status "a second signal while outputs are written" 129
		expect_stderr "a second signal while outputs are written" 'hint: rcuscope export /out/writing\.rcu(\.part)? -o /run/pipe\.json'
	fi
	touch /tmp/read
	expect_nothing_left "signals while outputs are written"
done
expect_no_file "signals" '/out/*.tmp* /out/*.part.tmp*'

# Recorder and guard are killed, so only the next recorder can clean up.
start_recording /out/both.rcu
kill -KILL $(rcuscope_processes | cut -d' ' -f1)
wait_status "SIGKILL of both" 137
end_rcucmap "SIGKILL of both"
grep -q rcuscope_ $TRACEFS/kprobe_events || failed "events do not outlive recorder and guard: this test tests nothing"
expect_status "the next recorder" 0 rcuscope record -m /kmod/rcucmap.ko --until-unload -o /out/next.rcu -o /out/next.json -- \
	sh -c 'insmod /kmod/rcucmap.ko reader_ms=20 writer_ms=20; rmmod rcucmap'
expect_nothing_left "the next recorder"

# Two recorders as in two containers: each is the second process of its own PID namespace and does not see the other.
contained() { # COMMAND...
	# for the inner shell, which is process 1
	unshare --pid --fork --mount-proc sh -c '"$@"; exit $?' sh "$@"
}
events() { cut -d ' ' -f 1 $TRACEFS/kprobe_events | sort; }
# shellcheck disable=SC2016
expect_equal "a recorder's process id" 2 "$(contained sh -c 'echo $$')"
start_recording /out/one.rcu contained
events >/tmp/before
[ -s /tmp/before ] || failed "the first recorder has no kprobe events: this test tests nothing"
expect_status "a recorder in another namespace" 0 contained rcuscope record -m /kmod/rcu_list.ko -o /tmp/other.rcu -- \
	sh -c "cut -d ' ' -f 1 $TRACEFS/kprobe_events | sort >/tmp/both"
[ "$(uniq /tmp/both | wc -l)" -gt "$(uniq /tmp/before | wc -l)" ] || failed "the other recorder placed nothing"
events | cmp - /tmp/before || failed "the other recorder took away what is the first one's"
end_rcucmap "a recorder in another namespace"
wait_status "a recorder in another namespace" 0
expect_nothing_left "two recorders"
expect_status "export of the first one" 0 rcuscope export /out/one.rcu -o /out/one.json
dmesg >/out/one.log
GUEST

check_timeline valid "$OUT/kill.json"
check_timeline holds "$OUT/kill.json" 'not capture["complete"]' 'capture["end_reason"]' 'len(of(read_sections)) > 0' \
	'all(probe["hits"] is None for probe in capture["probes"])'
expect "info says that the capture was cut off" grep -q '"complete": false' "$OUT/kill.info"
for signal in INT TERM HUP; do
	check_timeline whole "$OUT/$signal.json"
	check_timeline holds "$OUT/$signal.json" 'capture["end_reason"] == "interrupted"' 'len(of(read_sections)) > 0'
done
for name in removing writing; do
	check_timeline valid "$OUT/$name.json"
	check_timeline holds "$OUT/$name.json" 'capture["complete"]' 'capture["end_reason"].startswith("command ended")'
done
check_timeline valid "$OUT/twice.json"
# The recording has everything that happened before probes were removed.
for name in removing twice; do
	check_timeline holds "$OUT/$name.json" 'any(wait["comm"] == "umount" and wait["end_ns"] for wait in waits)'
done
check_timeline whole "$OUT/next.json"
# It saw every read, before and after the other recorder came and went.
reads=$(sed -n 's/.*rcucmap: reads=\([0-9]*\).*/\1/p' "$OUT/one.log")
check_timeline valid "$OUT/one.json"
check_timeline holds "$OUT/one.json" 'capture["complete"]' 'capture["end_reason"] == "module freed"' \
	"len(read_sections) == ${reads:-0} > 0"
finish
