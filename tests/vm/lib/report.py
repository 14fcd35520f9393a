#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks a report or a summary against the timeline of the same recording, from which it computes all numbers again.

    report.py REPORT TIMELINE     REPORT: output of `rcuscope report --json` or `rcuscope summarize`

Counts must be equal; percentiles must be within the documented error of the sorted values. Prints a line for each
difference; exit status 0 if there is none.
"""
import collections
import json
import math
import pathlib
import sys

import jsonschema

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs"
ERROR = 1 / 128
problems = []


def expect(what, found, wanted):
    if found != wanted:
        problems.append(f"{what}: {found} where {wanted} is counted")


def validate(document, name):
    path = DOCS / f"{name}.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    resolver = jsonschema.RefResolver(path.as_uri(), schema)
    for error in jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(document):
        problems.append(f"{error.json_path}: {error.message}")


def between(rows, begin, end):
    return [row[end] - row[begin] for row in rows if row[begin] is not None and row[end] is not None]


def check_durations(what, found, values):
    values = sorted(values)
    expect(f"{what}: count", found["count"], len(values))
    if not values or found["count"] != len(values):
        return
    expect(f"{what}: min", found["min_ns"], values[0])
    expect(f"{what}: max", found["max_ns"], values[-1])
    if abs(found["sum_ns"] - sum(values)) > 1e-9 * sum(values) + 1:
        problems.append(f"{what}: the sum is {found['sum_ns']}, counted {sum(values)}")
    for name, percent in ("p50_ns", 50), ("p90_ns", 90), ("p99_ns", 99), ("p99_9_ns", 99.9):
        exact = values[max(math.ceil(round(percent * len(values) / 100, 9)), 1) - 1]
        if name in found and not exact <= found[name] <= exact * (1 + ERROR):
            problems.append(f"{what}: {name} is {found[name]}, by a sort {exact}")
    if "buckets" in found:
        expect(f"{what}: in buckets", sum(count for _, count in found["buckets"]), len(values))
        for lowest, count in found["buckets"]:
            inside = sum(lowest <= value <= lowest * (1 + ERROR) for value in values)
            if not 1 <= count <= inside:
                problems.append(f"{what}: {count} in the bucket from {lowest}, counted {inside}")


def share(callbacks, name):
    return [callback["shares"][name] for callback in callbacks if callback["shares"]]


def deepest(callbacks):
    """The largest number of callbacks that were queued and not yet invoked; at equal times the invocation is first."""
    steps = [(c["queued_ns"], 1) for c in callbacks]
    steps += [(c["invoked_ns"], -1) for c in callbacks if c["invoked_ns"] is not None]
    depth = most = 0
    for _, change in sorted(steps):
        depth += change
        most = max(most, depth)
    return most


def check_callbacks(what, row, callbacks):
    expect(f"{what}: queued", row["queued"], len(callbacks))
    for state in "done", "pending", "unknown":
        expect(f"{what}: {state}", row[state], sum(c["state"] == state for c in callbacks))
    check_durations(f"{what}: latency", row["latency"], between(callbacks, "queued_ns", "invoked_ns"))
    check_durations(f"{what}: running", row["running"], between(callbacks, "invoked_ns", "done_ns"))
    for name in "waiting_for_start", "waiting_for_end", "waiting_for_invocation":
        check_durations(f"{what}: {name}", row[name], share(callbacks, f"{name}_ns"))
    if not row["unknown"]:
        expect(f"{what}: backlog", row["backlog"]["deepest"], deepest(callbacks))


def check_rows(what, rows, things, key_of_row, key_of_thing, check):
    groups = collections.defaultdict(list)
    for thing in things:
        groups[key_of_thing(thing)].append(thing)
    expect(f"{what}: rows", sorted(map(str, map(key_of_row, rows))), sorted(map(str, groups)))
    for row in rows:
        check(f"{what} {key_of_row(row)}", row, groups[key_of_row(row)])


def grace_periods(timeline, expedited):
    return [gp for gp in timeline["grace_periods"] if gp["expedited"] == expedited and not gp["began_before"]]


def function_of(place):
    return "unknown" if place is None else place.partition("+")[0]


def check_report(report, timeline):
    validate(report, "report")
    expect("host", report["host"], timeline["host"])
    expect("recorded", report["recording"]["recorded_ns"], timeline["capture"]["end_ns"])
    expect("hazards", sorted(h["text"] for h in report["hazards"]), sorted(h["text"] for h in timeline["hazards"]))
    expect("lost", report["losses"]["gaps"], timeline["capture"]["lost"])
    expect("lost records", report["losses"]["records"],
           sum(loss["count"] for loss in timeline["capture"]["lost"] if loss["hook"] is None))
    expect("lost events", report["losses"]["missed"],
           sum(loss["count"] for loss in timeline["capture"]["lost"] if loss["hook"] is not None))
    expect("missed", report["losses"]["missed"], sum(probe["missed"] for probe in timeline["capture"]["probes"]))
    for kind in "normal", "expedited":
        found = report["grace_periods"][kind]
        wanted = grace_periods(timeline, kind == "expedited")
        expect(f"{kind}: count", found["count"], len(wanted))
        check_durations(kind, {**found["duration"], "buckets": found["buckets"]}, between(wanted, "start_ns", "end_ns"))
        expect(f"{kind}: the longest", [row["duration_ns"] for row in found["longest"]],
               sorted(between(wanted, "start_ns", "end_ns"), reverse=True)[:5])
        texts = {gp["id"]: gp["held_by"] and gp["held_by"]["text"] for gp in wanted}
        expect(f"{kind}: holders", [row["text"] for row in found["longest"]],
               [texts[row["id"]] for row in found["longest"]])
    callbacks = timeline["callbacks"]
    check_callbacks("all callbacks", report["callbacks"]["all"], callbacks)
    check_rows("callbacks of", report["callbacks"]["functions"], callbacks, lambda row: row["function"],
               lambda callback: callback["function"], check_callbacks)
    check_rows("callbacks of module", report["callbacks"]["modules"], callbacks,
               lambda row: (row["known"], row["module"]),
               lambda callback: (callback["function"] != "unknown", callback["module"]), check_callbacks)
    check_rows("sections in", report["readers"], timeline["read_sections"], lambda row: (row["function"], row["by"]),
               lambda section: (section["function"], section["by"]),
               lambda what, row, rows: check_durations(what, row["duration"], between(rows, "begin_ns", "end_ns")))
    check_rows("waits", report["waits"], timeline["waits"], lambda row: (row["kind"], row["caller"]),
               lambda wait: (wait["kind"], function_of(wait["caller"])),
               lambda what, row, rows: check_durations(what, row["duration"], between(rows, "begin_ns", "end_ns")))


def check_summary(summary, timeline):
    validate(summary, "summary")
    expect("host", summary["host"], timeline["host"])
    callbacks, waits = timeline["callbacks"], timeline["waits"]
    wanted = {
        "gp": between(grace_periods(timeline, False), "start_ns", "end_ns"),
        "gp.expedited": between(grace_periods(timeline, True), "start_ns", "end_ns"),
        "callback.latency": between(callbacks, "queued_ns", "invoked_ns"),
        "callback.start": share(callbacks, "waiting_for_start_ns"),
        "callback.end": share(callbacks, "waiting_for_end_ns"),
        "callback.invocation": share(callbacks, "waiting_for_invocation_ns"),
        "callback.run": between(callbacks, "invoked_ns", "done_ns"),
        "reader": between(timeline["read_sections"], "begin_ns", "end_ns"),
    }
    for kind in "synchronize_rcu", "synchronize_rcu_expedited", "rcu_barrier":
        wanted[f"wait.{kind}"] = between([wait for wait in waits if wait["kind"] == kind], "begin_ns", "end_ns")
    expect("durations", sorted(summary["durations"]), sorted(wanted))
    for name, values in wanted.items():
        check_durations(name, summary["durations"][name], values)
    expect("queued", summary["counts"]["callbacks.queued"], len(callbacks))
    expect("pending", summary["counts"]["callbacks.pending"], sum(c["state"] == "pending" for c in callbacks))
    expect("hazards", summary["counts"]["hazards"], len(timeline["hazards"]))


def main(document_file, timeline_file):
    document, timeline = (json.loads(pathlib.Path(name).read_text(encoding="utf-8"))
                          for name in (document_file, timeline_file))
    (check_report if document["schema"].startswith("rcuscope.report/") else check_summary)(document, timeline)
    print("\n".join(problems[:20]), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
