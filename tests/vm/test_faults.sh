#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_faults.sh KERNEL
# When something around a recorder fails, the recorder ends and leaves nothing in the kernel. Each callback of a load
# that counts its own calls is recorded or reported as lost. The faults: a full disk, a disk that stands still, a pipe
# whose reader ends, CPU hotplug, a module that is loaded and unloaded 200 times, a second recorder, a stopped
# recorder, a clock that is set back.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

guest --add "$(command -v bpftool):/usr/sbin/" <<'GUEST'
[ -x /usr/sbin/bpftool ] || failed "there is no bpftool in the guest"

# Loads rcu_load, runs a command while it works, and unloads it.
cat >/root/load <<'SCRIPT'
until_queued=$1 meanwhile=$2
shift 2
insmod /kmod/rcu_load.ko "$@" || exit
until [ "$(cat /sys/module/rcu_load/parameters/queued)" -ge 100 ]; do usleep 20000; done
eval "$meanwhile"
until [ "$(cat /sys/module/rcu_load/parameters/queued)" -ge "$until_queued" ]; do usleep 50000; done
rmmod rcu_load
SCRIPT

RECORD='rcuscope record --quiet -m /kmod/rcu_load.ko --no-functions --until-unload'

# Saves the load's own counts to NAME.log.
counted() { # NAME
	dmesg -c >"/out/$1.log"
	expect_nothing_left "$1"
}

dmesg -c >/run/before

# 64 kB of space, which the load fills.
mkdir /root/small
mount -t tmpfs -o size=64k tmpfs /root/small
echo earlier >/root/small/x.rcu
expect_status full-disk 4 $RECORD -o /root/small/x.rcu -- sh /root/load 200000 true threads=2 rate=0
expect_stderr full-disk 'small/x.rcu: .*No space left'
expect_stderr full-disk 'hint: .*the records up to then are kept: rcuscope info /root/small/x.rcu.part$'
counted full-disk
# The earlier file is unchanged. Next to it is only the part that there was space for.
expect_equal "files of a full disk" 'x.rcu x.rcu.part ' "$(ls -A /root/small | tr '\n' ' ')"
expect_equal "an earlier file" earlier "$(cat /root/small/x.rcu)"
cp /root/small/x.rcu.part /out/full-disk.rcu
umount /root/small

# A frozen file system stands for a very slow disk.
freeze='fsfreeze --freeze /out; sleep 5; fsfreeze --unfreeze /out'
expect_status slow-disk 0 $RECORD --buffer 64 -o /out/slow-disk.rcu -- sh /root/load 100000 "$freeze" threads=2 rate=0
counted slow-disk

{
	$RECORD -o /dev/stdout -- sh /root/load 100000 true threads=2 rate=0 2>/tmp/stderr
	echo $? >/tmp/status
} | head -c 1000 >/dev/null
expect_equal "status of one whose pipe was closed" 4 "$(cat /tmp/status)"
expect_stderr closed-pipe 'Broken pipe'
counted closed-pipe

hotplug='for i in 1 2 3 4 5; do
	echo 0 >/sys/devices/system/cpu/cpu1/online
	usleep 100000
	echo 1 >/sys/devices/system/cpu/cpu1/online
	usleep 100000
done'
expect_status hotplug 0 $RECORD --strict -o /out/hotplug.rcu -- sh /root/load 5000 "$hotplug" threads=2 rate=1000
counted hotplug

expect_status lives 0 rcuscope record --quiet --strict -m /kmod/rcu_load.ko --no-functions -o /out/lives.rcu -- sh -c '
	for i in $(seq 200); do sh /root/load 100 true threads=2 rate=2000; done'
counted lives

expect_status two 0 $RECORD --strict -o /out/outer.rcu -- $RECORD --strict -o /out/inner.rcu -- sh /root/load 5000 true threads=2 rate=1000
counted two
cp /out/two.log /out/outer.log
mv /out/two.log /out/inner.log

mkfifo /tmp/go
$RECORD --buffer 64 -o /out/stopped.rcu -- sh -c 'cat /tmp/go' 2>/tmp/stderr &
recorder=$!
wait_for "the recorder's probes" sh -c '[ -n "$(bpftool link show)" ]'
wait_for "the recorded command" sh -c 'ps | grep -q "[c]at /tmp/go$"'
echo go >/tmp/go
sh /root/load 20000 "kill -STOP $recorder; sleep 5; kill -CONT $recorder" threads=2 rate=5000
status=0
wait $recorder || status=$?
expect_equal "status of one that was stopped" 0 $status
counted stopped

expect_status set-back 0 $RECORD --strict -o /out/set-back.rcu -- sh /root/load 3000 'date -s 2001-02-03 >/dev/null' threads=2 rate=1000
counted set-back
expect_equal "the year by the clock" 2001 "$(date +%Y)"
GUEST

cd -- "$OUT"
# Everything that was recorded until the disk was full is in the capture.
expect_run "full-disk: export" 0 "$RCUSCOPE" export full-disk.rcu -o full-disk.json
check_timeline valid full-disk.json
check_timeline holds full-disk.json 'not capture["complete"]' 'len(callbacks) > 0'
# Each callback that the load counted is in the timeline or is reported as lost.
for name in slow-disk hotplug lives outer inner stopped set-back; do
	queued=$(sed -n 's/.*rcu_load: .*\bqueued=\([0-9]*\).*/\1/p' "$name.log" | awk '{ sum += $1 } END { print sum + 0 }')
	expect_run "$name: export" 0 "$RCUSCOPE" export "$name.rcu" -o "$name.json"
	lost=0
	case $name in
	slow-disk | stopped)
		lost="capture['lost_callbacks']['queued']"
		check_timeline valid "$name.json"
		check_timeline holds "$name.json" "$lost > 0"
		;;
	# The inner recorder is attached and detached meanwhile.
	outer) check_timeline whole "$name.json" --disturbed --unseen rcu_load:rcu_load_init ;;
	*) check_timeline whole "$name.json" --unseen rcu_load:rcu_load_init ;;
	esac
	check_timeline holds "$name.json" 'capture["complete"]' \
		"len([c for c in callbacks if c['function'] == 'rcu_load:load_invoked']) + $lost == $queued > 0"
done
check_timeline holds lives.json 'len(modules) == 200' 'every(modules, lambda life: life["freed_ns"] is not None)'
# The wall clock does not affect the timeline.
check_timeline holds set-back.json '0 < capture["end_ns"] < 600 * 10**9' \
	'every(callbacks, lambda c: 0 <= c["queued_ns"] <= c["invoked_ns"] <= capture["end_ns"])'
finish
