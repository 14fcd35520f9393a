#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_check.sh KERNEL
# rcuscope check distinguishes a slowed kernel from one that is not, and exits with the right status. The effect is
# many times larger than necessary; tests/bench/check_rates.sh measures how often smaller effects are found. The
# metric is not gp.p50: between two grace periods that a reader held there often is one without a holder.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

guest --add "$PROJECT/tests/bench/load.sh" <<'GUEST'
. /root/load.sh
record() { # NAME COMMAND
	expect_status "$1" 0 rcuscope record --quiet -o "/out/$1.rcu" -- sh -c "$2"
}
# The load runs within the recording only, because attaching and detaching wait for many grace periods.
slowed='insmod /kmod/rcu_unload.ko reader_ms=1 writer_ms=1000 long_read_ms=300 && sleep 3 && rmmod rcu_unload'
for run in 1 2 3 4; do
	record "base-$run" 'sleep 2'
	record "slow-$run" "$slowed"
done
GUEST

slow=("$OUT"/slow-*.rcu)
base=()
for run in 1 2 3 4; do
	base+=("$WORK/base-$run.json")
	expect_run "summarize" 0 "$RCUSCOPE" summarize "$OUT/base-$run.rcu" -o "$WORK/base-$run.json"
done
expect_run "slowed" 1 "$RCUSCOPE" check "${slow[@]}" --metric gp.p80 -o "$WORK/slow.json" "${base[@]/#/--baseline=}"
expect "the verdict is worse" grep -qE '^  gp\.p80 .* worse$' "$WORK/stdout"
expect "the reader is named" grep -qF rcu_unload:read_long "$WORK/stdout"
expect "and in the JSON" grep -q '"verdict": "worse"' "$WORK/slow.json"
expect_run "the other way round" 0 "$RCUSCOPE" check "${base[@]}" --metric gp.p80 --strict --baseline "$OUT/slow-*.rcu"
expect "the verdict is better" grep -qE '^  gp\.p80 .* better$' "$WORK/stdout"

expect_run "a budget that is kept" 0 "$RCUSCOPE" check "${base[@]}" --budget 'gp.p50<100s' --budget 'hazards==0' --strict
expect_run "a budget that is not" 1 "$RCUSCOPE" check "${base[@]}" --budget 'gp.count==0'
expect_run "a budget for what was not seen" 0 "$RCUSCOPE" check "${base[@]}" --budget 'reader.max<1s'
expect_run "the same, strict" 1 "$RCUSCOPE" check "${base[@]}" --budget 'reader.max<1s' --strict

refused() { # WHAT PATTERN ARGUMENT...
	expect_run "$1" 2 "$RCUSCOPE" check "${@:3}"
	expect_clear_error "$1"
	expect_stderr "$1" "$2"
}
head -c 20000 "$OUT/slow-1.rcu" >"$WORK/cut.rcu"
sed 's/"cpus": 2/"cpus": 4/' "$WORK/base-1.json" >"$WORK/cpus.json"
refused "one CPU more" 'cpus is 4 in .*, 2 in ' "${slow[@]}" --baseline "$WORK/cpus.json"
refused "a recording given twice" 'same recording' "${base[@]}" --baseline "$OUT/base-1.rcu"
expect_run "a cut recording" 2 "$RCUSCOPE" check "$WORK/cut.rcu" --budget 'gp.p50<100s'
expect_stderr "a cut recording" 'cannot check .*cut\.rcu: the recording was cut off'
finish
