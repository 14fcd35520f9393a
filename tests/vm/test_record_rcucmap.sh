#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: test_record_rcucmap.sh KERNEL
# A recording of a whole life of rcucmap shows exactly what the module's own log and ftrace show, in every format.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/check.sh"
begin "$@"

record_rcucmap --stats
check_recorded_rcucmap "$OUT"

expect "the summary names the 50 callbacks" grep -qE 'callbacks of rcucmap:node_free_rcu +50 queued, 50 run' "$OUT/record.stderr"
! grep -q 'read-side sections  *not known' "$OUT/record.stderr" || readers_unknown=1
check_timeline holds "$OUT/run.json" "host['preempt_rcu'] == (not ${readers_unknown:-0})"
# A call_rcu() in an interrupt is missed if the program for another call runs at that moment; this is reported.
expect "the summary says that no record was lost" \
	grep -qE 'lost +(nothing$|nothing; [0-9]+ calls? of any module|[0-9]+ events? that the kernel skipped)' "$OUT/record.stderr"

# Checks the cost of each program. Load and end of the module lie well within the recording, so for these programs
# runs equal hits.
runs='{p["program"]: p["runs"] for p in capture["programs"]}'
check_timeline holds "$OUT/run.json" 'capture["recorder_cpu_ns"] > 0' \
	'all(bool(p["runs"]) == bool(p["ns"]) for p in capture["programs"])' \
	"all(${runs}[name] > 0 for name in ('site_kprobe', 'sync_fentry'))" \
	"any(name in ('accelerate_fexit', 'accelerate_either_fexit') and runs > 0 for name, runs in ${runs}.items())" \
	"${runs}['module_init_fentry'] == ${runs}['module_free_fentry'] == 1"
expect "the summary has a row for each program" grep -qE '^  module_free_fentry +fentry/free_module +1 ' "$OUT/record.stderr"

# protoc and a JSON parser must be able to read the two trace formats.
golden=$PROJECT/tests/golden
if protoc --proto_path "$golden" --decode rcuscope.golden.Trace "$golden/perfetto.proto" \
	<"$OUT/run.pftrace" >"$OUT/run.pftrace.txt"; then
	expect "the Perfetto trace has no field unknown to the format" test -z "$(grep -E '^ *[0-9]+[: ]' "$OUT/run.pftrace.txt")"
	expect "the Perfetto trace has events" grep -q 'track_event {' "$OUT/run.pftrace.txt"
	expect "the Perfetto trace has the callbacks' function" grep -q 'rcucmap:node_free_rcu' "$OUT/run.pftrace.txt"
	begins=$(grep -c 'type: TYPE_SLICE_BEGIN' "$OUT/run.pftrace.txt")
	ends=$(grep -c 'type: TYPE_SLICE_END' "$OUT/run.pftrace.txt")
	expect_equal "slices of the Perfetto trace that end" "$begins" "$ends"
else
	failed "protoc cannot read the Perfetto trace"
fi
expect "Chrome's trace has events" /usr/bin/python3 -c '
import json, sys
trace = json.load(open(sys.argv[1], encoding="utf-8"))
events = trace["traceEvents"]
sys.exit(not any("rcucmap:node_free_rcu" in json.dumps(event) for event in events))' "$OUT/run.chrome.json"
for file in run.pftrace.txt run.chrome.json; do
	expect "no kernel address in $file" test -z "$(grep -aoiE '0x(0000)?ffff[0-9a-f]*|184467[0-9]{14}' "$OUT/$file" | head -n 3)"
done
finish
