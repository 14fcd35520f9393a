#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: rcucmap_log.sh [KERNEL...]
# Runs the module rcucmap to its end on the given kernels (default: all of the bench) and checks its log. Then unloads
# it early at several moments, which must end as cleanly.
set -euo pipefail

vm=$(dirname -- "$0")/vm

# Script for the guest: prints the log of one run after another, each after a line "run NAME". Each run starts with an
# empty log.
guest=$(cat <<'EOF'
log() { dmesg | sed 's/^\[[^]]*\] //'; }

# The wait does not depend on the speed of the machine. The limit exists only to show the log of a machine that hangs.
wait_for() { # LINE
	tries=0
	until log | grep -qxF "$1"; do
		tries=$((tries + 1))
		[ "$tries" -lt 1000 ] || { log; echo "error: no line '$1' in the log"; exit 1; }
		usleep 20000
	done
}

run() { # unloads when the log has LINE (empty: at once)
	echo "run $1"
	line=$2
	shift 2
	dmesg -c >/run/before
	insmod /kmod/rcucmap.ko "$@" || { echo "error: insmod ended with $?"; exit 1; }
	[ -z "$line" ] || wait_for "$line"
	rmmod rcucmap || { echo "error: rmmod ended with $?"; exit 1; }
	log
	! ps | grep -q '[r]cucmap_' || echo "error: a thread is still there"
}

run full 'r: done: sum == 0' reader_ms=10 writer_ms=50
run early-at-once ''
run early-ready 'w: ready'
run early-run 'r: run'
run early-default 'r: continue: sum: 45'
run early-updating 'r: continue: sum: 90' reader_ms=10 writer_ms=50
run early-removing 'w: removing from cmap' reader_ms=1 writer_ms=20
run early-writer-done 'w: done' reader_ms=1000 writer_ms=20
i=0
while [ $i -lt 10 ]; do
	run early-fast-$i '' reader_ms=1 writer_ms=1
	i=$((i + 1))
done

echo "run refused"
dmesg -c >/run/before
! insmod /kmod/rcucmap.ko reader_ms=0 2>/dev/null || echo "error: reader_ms=0 was taken"
! insmod /kmod/rcucmap.ko writer_ms=0 2>/dev/null || echo "error: writer_ms=0 was taken"
log
echo "run end"
EOF
)

buckets=(0 5 2 9 5 2 8 3 1 7)

bucket_lines() { # WHAT
	printf "w: $1 cmap: %s\n" "${buckets[@]}"
}

writer_lines() {
	local round
	printf 'w: init\n'
	for round in fill 1 2 3 4; do
		printf 'w: updating cmap\n'
		bucket_lines update
		[[ $round != fill ]] || printf 'w: ready\n'
	done
	printf 'w: removing from cmap\n'
	bucket_lines remove
	printf 'w: done\n'
}

failures=0
failed() { # WHAT
	printf '%s: FAILED: %s\n' "$kernel" "$1"
	failures=$((failures + 1))
}

same() { # WHAT EXPECTED ACTUAL
	diff --label expected --label actual -u <(printf '%s\n' "$2") <(printf '%s\n' "$3") || failed "$1"
}

# Prints the lines of run NAME that the module wrote. The kernel uses the module's name as prefix of its own remarks,
# too.
lines_of() { # NAME
	awk -v name="$1" '$1 == "run" { on = $2 == name; next }
		on && /^(r|w|rcucmap): / && !/out-of-tree|verification failed/' "$work/output"
}

# A sum that is taken during a round may mix old and new values. The first sum that is logged after a round may have
# been taken during it. All other sums are 45 times the number of the round.
check_sums() { # stdin: the log
	awk '
	function bad(why) { print "line " NR ": " $0 ": " why; status = 1 }
	/^w: updating cmap/ { low = target; target = 45 * (round < 1 ? 1 : round); round++; n = 0; moving = 1 }
	/^w: update cmap/ && ++n == 10 { moving = 0; since = round == 1 }
	/^w: removing/ { removing = 1; if (last == "") bad("no sum before the end") }
	/^r: continue: sum: / {
		s = $4
		sums++
		if (removing) {
			if (s > 180) bad("more than there was")
		} else {
			if (last != "" && s < last) bad("less than before")
			if (s < low || s > target) bad("not between " low " and " target)
			if (!moving && since++) {
				if (s != target) bad("not " target)
				seen[target] = 1
			}
		}
		last = s
	}
	END {
		for (t = 45; t <= 180; t += 45) if (t in seen) settled++; else print "note: no settled sum " t " (a slow machine)"
		if (!settled) bad("no settled sum at all")
		exit status
	}'
}

check_full() {
	local log reads sums
	log=$(lines_of full)
	same "the beginning" $'r: init\nr: wait...\nw: init\nw: updating cmap' "$(head -n 4 <<<"$log")"
	same "the writer's lines" "$(writer_lines)" "$(grep '^w: ' <<<"$log")"
	same "the reader's lines" $'r: init\nr: wait...\nr: run\nr: continue\nr: done: sum == 0' \
		"$(grep '^r: ' <<<"$log" | sed 's/^r: continue: sum: [0-9]*$/r: continue/' | uniq)"
	sums=$(grep -c '^r: continue' <<<"$log")
	reads=$(((sums + 1) * 10)) # the sum 0 is logged as "done"
	same "the end" $'rcucmap: deleting cmap\nrcucmap: reads='$reads$' updates=40 removes=10 freed=50\nrcucmap: exit' \
		"$(grep '^rcucmap: ' <<<"$log")"
	same "nothing after the end" 'rcucmap: exit' "$(tail -n 1 <<<"$log")"
	awk '/^w: ready/ { ready = 1 } /^w: removing/ { removing = 1 }
		/^r: run/ && !ready || /^r: done/ && !removing { exit 1 }' <<<"$log" ||
		failed "the reader was before the writer"
	check_sums <<<"$log" || failed "the sums"
}

check_early() { # NAME
	local log counts reads updates removes freed rounds
	log=$(lines_of "$1")
	counts=$(grep '^rcucmap: reads=' <<<"$log") || counts=
	[[ $counts =~ ^rcucmap:\ reads=([0-9]+)\ updates=([0-9]+)\ removes=([0-9]+)\ freed=([0-9]+)$ ]] || {
		failed "$1: no counts"
		return
	}
	reads=${BASH_REMATCH[1]} updates=${BASH_REMATCH[2]} removes=${BASH_REMATCH[3]} freed=${BASH_REMATCH[4]}
	same "$1: the end" "$counts"$'\nrcucmap: exit' "$(tail -n 2 <<<"$log")"
	rounds=$(grep -c '^w: updating cmap$' <<<"$log") || true
	if ((rounds)); then
		grep -qx 'rcucmap: deleting cmap' <<<"$log" || failed "$1: the map was not deleted"
		((updates == (rounds - 1) * 10 && removes == 10)) || failed "$1: after $rounds rounds: $counts"
	else
		((updates == 0 && removes == 0 && reads == 0)) || failed "$1: nothing was done: $counts"
	fi
	((freed == updates + removes)) || failed "$1: not all was freed: $counts"
	((reads == $(grep -cE '^r: (continue|done)' <<<"$log" || true) * 10)) || failed "$1: reads and sums differ: $counts"
}

check_kernel() {
	local name names
	"$vm" run --kernel "$kernel" -- "$guest" >"$work/output" || {
		failed "the guest ended with status $?"
		cat "$work/output"
		return
	}
	! grep -E '^error: ' "$work/output" || failed "in the guest"
	! grep -E 'WARNING|BUG|Oops|rcu: INFO|general protection' "$work/output" || failed "the kernel complained"
	[[ $(tail -n 1 "$work/output") == "run end" ]] || failed "the guest's output has no end"
	check_full
	mapfile -t names < <(sed -n 's/^run \(early-.*\)/\1/p' "$work/output")
	((${#names[@]})) || failed "there were no early runs"
	for name in "${names[@]}"; do check_early "$name"; done
	# insmod may try more than one system call, so the line may be repeated.
	same "intervals of 0" 'rcucmap: reader_ms and writer_ms must be at least 1' "$(lines_of refused | uniq)"
}

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

kernels=("$@")
(($#)) || mapfile -t kernels < <("$vm" kernels | awk 'NR > 1 && $2 != "image" { print $1 }')
for kernel in "${kernels[@]}"; do
	before=$failures
	check_kernel
	((failures > before)) || printf '%s: ok: %s\n' "$kernel" "$(lines_of full | grep reads=)"
done
((failures == 0))
