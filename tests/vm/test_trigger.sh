#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_trigger.sh KERNEL
# When a trigger fires, the last seconds are written, and the analysis shows the cause. Meanwhile memory stays
# bounded.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

# The kernel warns of stalls here; that is intended.
# shellcheck disable=SC2034
EXPECTED_COMPLAINT='rcu: INFO: rcu_'
gcc-12 -O2 -Wall -static "$TESTS_VM/guest/ask_unload.c" -o "$WORK/ask_unload"
guest --add "$WORK/ask_unload:/bin/" <<'GUEST'
dmesg -n 1
refused() { # WHAT PATTERN OPTION...
	what=$1
	pattern=$2
	shift 2
	expect_status "$what" 2 rcuscope record "$@" -o /tmp/r.rcu -- true
	expect_stderr "$what" "$pattern"
	expect_no_file "$what" '/tmp/r*'
}
refused "no duration" "'gp>fast' is not a trigger" --trigger 'gp>fast'
refused "no trigger" 'hint: write gp>DURATION' --stop-on 'nonsense>1s'
refused "no module" 'no module is followed' --trigger 'reader>1s'
refused "nothing to keep" 'keep-last' --keep-last 0s --trigger stall

# The module's life runs in the background, because it goes on while the recorder ends; it takes long while grace
# periods are long.
record_life() { # NAME 'OPTION...' MODULE LINE COUNT [PARAMETER]...
	name=$1 options=$2 module=$3
	shift 2
	(until [ -e /tmp/go ]; do usleep 50000; done; rm /tmp/go; exec live "$@") &
	# shellcheck disable=SC2086
	expect_status $name 0 rcuscope record -m /kmod/$module.ko --until-unload $options -- touch /tmp/go
	cp /tmp/stderr /out/$name.stderr
	wait $!
}

# For each trigger: checks the files and the reported cause.
expect_status gp 0 rcuscope record -m /kmod/rcu_hog.ko --keep-last 5s --trigger 'gp>300ms' -o /out/gp.rcu -o /out/gp.json -- \
	live rcu_hog 'rcu_waiter: waited' 4 hog_ms=400
cp /tmp/stderr /out/gp.stderr
expect_no_file "files of triggers" '/out/gp.rcu /out/gp.json /out/*.part'
expect_status "info of a file of a trigger" 0 rcuscope info /out/gp-1.rcu
cp /tmp/stdout /out/gp.info
expect_nothing_left gp

# Files that exist are not overwritten. The recorder ends after --max-files files.
cp /out/gp-1.rcu /run/before
expect_status max-files 0 rcuscope record -m /kmod/rcu_hog.ko --until-unload --max-files 1 --trigger 'gp>300ms' -o /out/gp.rcu -- insmod /kmod/rcu_hog.ko hog_ms=400
rmmod rcu_hog
expect_stderr "max-files" 'ended: 1 files were written'
cmp /run/before /out/gp-1.rcu || failed "a file that was there has changed"

# --stop-on ends the recording.
record_life reader '--stop-on reader>500ms -o /out/reader.rcu -o /out/reader.json' rcu_unload rcu_reader2 2 long_read_ms=1500
expect_nothing_left reader
record_life callback '--all-callbacks --stop-on callback>300ms -o /out/callback.json' rcu_hog 'rcu_waiter: waited' 3 hog_ms=400
# An idle kernel may have no callbacks for minutes.
insmod /kmod/rcu_load.ko rate=1000
expect_status pending 0 rcuscope record --stop-on 'pending>0' -o /out/pending.json
rmmod rcu_load
expect_no_file "no temporary is left" '/out/*.tmp*'

echo 3 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout
record_life stall '--stop-on stall -o /out/stall.json' rcu_hog 'rcu: INFO: rcu_' 1 hog_ms=5000
expect_nothing_left stall

# A trigger that does not fire leaves no files.
expect_status never 0 rcuscope record --trigger 'gp>1000s' -o /out/never.rcu -- true
expect_stderr never 'ended: command ended'
expect_no_file never '/out/never*'

# Memory is bounded. The recorder is the parent of its command. It may keep the records of about 6000 callbacks.
cat >load <<'SCRIPT'
queued() { cat /sys/module/rcu_load/parameters/queued; }
insmod /kmod/rcu_load.ko threads=2 rate=10000 || exit
until [ "$(queued)" -ge 40000 ]; do usleep 50000; done
awk '/RssAnon/ { print $2 }' /proc/$PPID/status >/out/early
until [ "$(queued)" -ge 160000 ]; do usleep 50000; done
awk '/RssAnon/ { print $2 }' /proc/$PPID/status >/out/late
rmmod rcu_load
SCRIPT
expect_status bounded 0 rcuscope record -m /kmod/rcu_load.ko --no-functions --keep-last 1000s --keep-memory 1 -o /out/bounded.json -- \
	sh load
expect_nothing_left bounded

# Every user may ask for a module to be unloaded, by any name. A refusal must not wake the recorder, and no record of
# it is kept. The actions of the module's owner are recorded as usual.
cat >ask <<'SCRIPT'
of_recorder() { awk -v what="$2:" '$1 == what { print $2 }' "/proc/$PPID/$1"; }
insmod /kmod/rcucmap.ko reader_ms=10 writer_ms=20
insmod /kmod/rcu_load.ko rate=100
ask_unload 2000 || exit
kept=$(of_recorder status RssAnon) woken=$(of_recorder status voluntary_ctxt_switches) written=$(of_recorder io syscw)
began=$(date +%s) grew= rounds=0
while [ $rounds -lt 15 ]; do
	ask_unload 10000 || exit
	now=$(of_recorder status RssAnon)
	grew="$grew $((now - kept))" kept=$now rounds=$((rounds + 1))
done
echo "grew='$grew' woken=$(($(of_recorder status voluntary_ctxt_switches) - woken))" \
	"written=$(($(of_recorder io syscw) - written)) seconds=$(($(date +%s) - began + 1))"
rmmod no_such_module
rmmod rcu_load
until dmesg | grep -q 'r: done'; do usleep 50000; done
rmmod rcucmap
SCRIPT
for how in kept:'--keep-last 1000s --keep-memory 1' filed:; do
	name=${how%%:*}
	dmesg -c >/run/before
	# shellcheck disable=SC2086
	expect_status "$name" 0 rcuscope record -m /kmod/rcucmap.ko --no-functions ${how#*:} -o "/out/$name.json" -- sh ask
	cp /tmp/stdout "/out/$name.asked"
	expect_nothing_left "$name"
done
GUEST

# Checks that the shares of the first trigger add up; each is rounded to a tenth.
expect_whole() { # STDERR
	awk '/^Written:/ { exit } match($0, /[0-9.]+ %  /) { sum += substr($0, RSTART) } END { exit !(sum > 99.7 && sum < 100.3) }' \
		"$1" || { failed "the shares of $(basename -- "$1") do not add up"; cat "$1"; }
}
long='[g for g in grace_periods if not g["expedited"] and g["start_ns"] is not None and g["end_ns"] and g["end_ns"] - g["start_ns"] > 300000000]'
check_timeline holds "$OUT/gp-1.json" 'capture["complete"]' 'capture["end_reason"].startswith("gp>300ms: grace period ")' \
	"len($long) >= 1" "every($long, lambda g: g['held_by']['kind'] != 'unknown')"
expect "the trigger says what it fired on" grep -qE '^Trigger gp>300ms: grace period -?[0-9]+ took ' "$OUT/gp.stderr"
# The trigger fires once or twice. That is too few to require that the hogger is named in most cases (test_holders.sh
# does): RCU's own thread may have waited, too, or the emulator may not have run a CPU.
expect "it names the holder" grep -qE '^  GP -?[0-9]+ took .*: (CPU 1, rcu_hogger \([0-9]+\), (in|took no timer tick) |every CPU had reported )' \
	"$OUT/gp.stderr"
expect "it names the CPU in its parts" grep -qE '%  until CPU 1 reported$' "$OUT/gp.stderr"
expect "it names the files" grep -qE '^Written: /out/gp-1.rcu /out/gp-1.json$' "$OUT/gp.stderr"
expect "info says it again" grep -qE '^Trigger gp>300ms: grace period ' "$OUT/gp.info"
expect_whole "$OUT/gp.stderr"

check_timeline holds "$OUT/reader.json" 'capture["end_reason"].startswith("reader>500ms: a read-side section of task ")' \
	'any(s["end_ns"] and s["end_ns"] - s["begin_ns"] > 1000000000 for s in read_sections)'
expect "the section is named" grep -qE '^  CPU [01], rcu_reader2 \([0-9]+\), in rcu_unload:read_long for ' "$OUT/reader.stderr"
expect_whole "$OUT/reader.stderr"
check_timeline holds "$OUT/callback.json" 'capture["end_reason"].startswith("callback>300ms: a callback ")' \
	'any(c["invoked_ns"] and c["invoked_ns"] - c["queued_ns"] > 300000000 for c in callbacks)'
expect_whole "$OUT/callback.stderr"
check_timeline holds "$OUT/pending.json" 'capture["end_reason"].startswith("pending>0: ")'
check_timeline holds "$OUT/stall.json" 'capture["end_reason"].startswith("stall: rcu: INFO: rcu_")'
# Before the report, which also names holders.
sed '/^Kernel /q' "$OUT/stall.stderr" >"$OUT/stall.firing"
expect "the stall's cause is named" grep -qE '^  .*CPU 1, rcu_hogger \([0-9]+\)' "$OUT/stall.firing"
expect_whole "$OUT/stall.stderr"

check_timeline holds "$OUT/bounded.json" 'any("--keep-memory" in m["why"] for m in capture["missing"])' 'len(callbacks) > 1000'
early=$(<"$OUT/early") late=$(<"$OUT/late")
# Meanwhile 120000 callbacks were queued and invoked. Each needs more than 40 bytes in the densest encoding.
expect "memory is bounded: $early kB early, $late kB late" test $((late - early)) -lt 4800

# Fifteen rounds of 20000 refusals. A kept refusal would need 160 bytes, so memory would grow by 3200 kB in each
# round. The names of functions, which the recorder reads when a module is loaded, need memory once. An urgent record
# would wake the recorder, which otherwise polls 20 times a second, and cause a write to the file, which otherwise
# happens twice a second.
for name in kept filed; do
	grew='' woken='' written='' seconds=''
	# shellcheck disable=SC1090
	[[ ! $(<"$OUT/$name.asked") =~ grew= ]] || eval "$(grep grew= "$OUT/$name.asked")"
	read -ra rounds <<<"$grew"
	many=0
	for kilobytes in "${rounds[@]}"; do
		((kilobytes < 1000)) || many=$((many + 1))
	done
	# With a file, memory also has its write buffer.
	[[ $name == filed ]] || expect "$name: memory is bounded, it grew by$grew kB" test "${#rounds[@]}" -eq 15 -a $many -lt 6
	expect "$name: woken $woken times in $seconds s" test "${woken:-9999}" -lt $((200 * ${seconds:-0}))
	expect "$name: written $written times in $seconds s" test "${written:-9999}" -lt $((20 * ${seconds:-0}))
	check_timeline holds "$OUT/$name.json" 'sorted(life["name"] for life in modules) == ["rcu_load", "rcucmap"]' \
		'every(modules, lambda life: life["loaded_ns"] < life["exit_ns"] < life["exit_done_ns"] <= life["free_begin_ns"] < life["freed_ns"])' \
		'every(modules, lambda life: life["refusals"] == [])'
done
finish
