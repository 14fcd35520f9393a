#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_export.sh KERNEL
# A capture that was copied to another machine gives the same exports there, also for an unprivileged user. A damaged
# capture gives as much as is left of it.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

# The same program as in the guest, copied to where an unprivileged user may run it.
for place in "${RCUSCOPE:-}" "$PROJECT"/build/release/tracer/rcuscope; do
	[[ ! -x $place ]] || break
done
[[ -x $place ]] || { failed "there is no rcuscope: build it, or set RCUSCOPE"; finish; }
export RCUSCOPE=$place

guest <<'GUEST'
expect_status record 0 rcuscope record -m /kmod/rcucmap.ko --until-unload -o /out/run.rcu -o /out/run.json -o /out/run.html -- \
	live rcucmap 'r: done' 1 reader_ms=20 writer_ms=100
GUEST

# Runs rcuscope without privileges, if this script has any.
unprivileged=()
((EUID != 0)) || unprivileged=(setpriv --reuid 65534 --regid 65534 --clear-groups)
cd "$WORK"
mkdir -m 777 "$WORK/any"
cp "$RCUSCOPE" "$OUT/run.rcu" "$WORK/any"
chmod 755 "$WORK" "$WORK/any/rcuscope"
chmod 644 "$WORK/any/run.rcu"
cd "$WORK/any"
rcuscope() { "${unprivileged[@]}" "$WORK/any/rcuscope" "$@"; }
nothing_but() { # WHAT NAME...: files in the folder
	local what=$1
	shift
	expect_equal "$what: files" "$(printf '%s\n' rcuscope run.rcu "$@" | sort)" "$(find . -mindepth 1 -printf '%P\n' | sort)"
}

expect_run "export" 0 rcuscope export run.rcu -o run.json
expect "JSON is the same here as in the guest" cmp "$OUT/run.json" run.json
expect_run "export a page" 0 rcuscope export run.rcu -o "$WORK/any/run.html"
expect "the page is the same here as in the guest" cmp "$OUT/run.html" run.html
rm run.html
export LC_ALL=C.UTF-8 TZ=Pacific/Auckland
expect_run "export elsewhere" 0 rcuscope export "$PWD/run.rcu" -o elsewhere.json
expect "JSON is the same under any locale and time zone" cmp run.json elsewhere.json
unset LC_ALL TZ
expect_run "info" 0 rcuscope info run.rcu
expect "info names the 50 callbacks" grep -q 'node_free_rcu *50 queued, 50 run' "$WORK/stdout"
expect_run "info --json" 0 rcuscope info run.rcu --json
check_timeline holds "$WORK/stdout" 'complete' 'lost == 0' 'callbacks["done"] == 50' 'file["cut"] is None' \
	'file["bytes"] == file["valid_bytes"]'

# report.py counts again from the JSON timeline.
expect_run "report in JSON" 0 rcuscope report run.rcu -o report.json
expect_run "summarize" 0 rcuscope summarize run.rcu -o base.json
for what in report base; do
	expect "$what.json is what the timeline says" /usr/bin/python3 -B "$TESTS_VM/lib/report.py" "$what.json" run.json
done
expect_run "summarize to standard output" 0 rcuscope summarize run.rcu
expect "a summary is the same bytes each time" cmp "$WORK/stdout" base.json
for form in '' --markdown; do
	# shellcheck disable=SC2086 # none, or one
	expect_run "report $form" 0 rcuscope report run.rcu $form
	expect "report $form names the callbacks" grep -q 'rcucmap:node_free_rcu' "$WORK/stdout"
	expect_equal "report $form: lines with colours" 0 "$(grep -c $'\e' "$WORK/stdout")"
done
# The settings of RCU on the recording's machine.
check_timeline holds run.json 'host["settings"]["virtualization"] == "TCG"' \
	'host["settings"]["cpus_online"] == str(host["cpus"])' 'host["settings"]["rcu_nocbs"] == "none"' \
	'host["settings"]["rcu_expedited"] == host["settings"]["rcu_normal"] == "0"' \
	'host["settings"]["rcu_normal_wake_from_gp"] in ("0", "1")'
expect_run "a report of a summary" 0 rcuscope report base.json
expect_run "a report in JSON of a summary" 2 rcuscope report --json base.json
expect_stderr "a report in JSON of a summary" 'is a summary'
expect_clear_error "a report in JSON of a summary"
rm run.json elsewhere.json report.json base.json

expect_run "export into /dev/null" 0 rcuscope export run.rcu -o /dev/null
expect "export into a pipe is whole" cmp "$OUT/run.json" <(rcuscope export run.rcu -o /dev/stdout)
expect_run "a full device" 4 rcuscope export run.rcu -o /dev/full
expect_stderr "a full device" '/dev/full.*No space left'
expect_clear_error "a full device"
expect_run "an unknown format" 2 rcuscope export run.rcu -o x.unknown
expect_clear_error "an unknown format"
expect_run "a folder that is not there" 2 rcuscope export run.rcu -o nowhere/x.json
expect_clear_error "a folder that is not there"
nothing_but "after refusals"

# Files that are no capture.
: >empty.rcu
head -c 100000 /dev/urandom >random.rcu
{ head -c 8 run.rcu; printf '\377\0\0\0'; tail -c +13 run.rcu; } >newer.rcu
mkdir folder.rcu
for what in empty random newer folder missing; do
	for command in info report summarize export; do
		arguments=()
		[[ $command == info || $command == report ]] || arguments=(-o x.json)
		expect_run "$command of $what.rcu" 2 rcuscope "$command" "$what.rcu" "${arguments[@]}"
		expect_stderr "$command of $what.rcu" "$what\.rcu"
		expect_clear_error "$command of $what.rcu"
	done
done
rm -r empty.rcu random.rcu newer.rcu folder.rcu
nothing_but "after what is no capture"

# Truncates the capture anywhere: the rest must be shown, and that the capture was truncated. Set SEED to repeat the
# cuts of an earlier run.
expect "cut captures" /usr/bin/python3 -B "$TESTS_VM/lib/cut_captures.py" "$WORK/any/rcuscope" run.rcu "${SEED:-$RANDOM}"
finish
