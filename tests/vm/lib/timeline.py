#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks a timeline (JSON).

    timeline.py valid FILE              every timeline, also a truncated one: schema, order, references,
                                        and holders that follow from the facts
    timeline.py sequences FILE          its grace periods are the ones that the kernel's gp_seq
                                        counts; part of valid if nothing was lost
    timeline.py whole FILE [--disturbed] [--unseen MODULE:FUNCTION,...]
                                        a recording that ended normally and lost nothing;
                                        --disturbed: another tracer came or went meanwhile;
                                        --unseen: functions that may be missing, because the
                                        compiler's layout decides where a probe is safe
    timeline.py rcucmap FILE [LOG] [--lives N] [--disturbed]
                                        a recording of the module rcucmap from its load to its
                                        unload; LOG is the kernel's log
    timeline.py explained FILE LOG      such a recording by kprobes: what is not known was lost
    timeline.py counts FILE LOG MODULE  against the companion module's own counts
    timeline.py ftrace FILE TRACE [CALLS]
                                        against what ftrace saw in the same time
    timeline.py same FILE OTHER MODULE  FILE saw RCU by tracepoints, OTHER by function entries and
                                        returns at the same time: equal content, in the order of
                                        the kernel's code, during MODULE's life
    timeline.py holds FILE EXPRESSION...
                                        Python expressions on the timeline, whose members are
                                        names. `of`: the callbacks, sections ... of a module;
                                        `long_periods`: grace periods longer than so many
                                        milliseconds in the life of a followed module, or of the
                                        named one; `held_by`, `all_held`, `mostly_held`: their
                                        holders match (holders.py); `every`: all entries match; `stack_of`:
                                        functions of an entry's stack. `all` and `every` do not
                                        hold for no entries
    timeline.py print FILE EXPRESSION... prints the values of such expressions

Each check includes the ones above it, up to rcucmap. Prints a line for each failure; exit
status 0 if there is none.
"""
import collections
import json
import os
import pathlib
import re
import sys

import jsonschema

from facts import check_facts
from ftrace import check_ftrace
from holders import all_held, check_holders, held_by, mostly_held
from losses import check_explained
from same_timelines import check_same

SCHEMA = pathlib.Path(__file__).resolve().parents[3] / "docs" / "timeline.schema.json"
KERNEL_HALF = 0xFFFF_8000_0000_0000
# Numbers of nodes that rcucmap replaces and removes in one life.
UPDATES = 40
REMOVES = 10
# Hooks that every life of rcucmap hits.
MUST_HIT = [
    "gp.start", "gp.end", "callback.queued", "callback.assigned", "callback.invoked", "wait.rcu_barrier",
    "module.init", "module.free", "module.readers",
]


class Failures:
    def __init__(self):
        self.lines = []

    def true(self, what, holds):
        if not holds:
            self.lines.append(what)

    def equal(self, what, expected, actual):
        self.true(f"{what}: expected {expected!r}, got {actual!r}", expected == actual)

    def ordered(self, what, *times):
        """Checks that the times are in ascending order; unknown times are skipped."""
        known = [time for time in times if time is not None]
        self.true(f"{what}: not in order: {times}", known == sorted(known))

    def known(self, what, entry, *members):
        for member in members:
            self.true(f"{what}: {member} is not known: {entry}", entry[member] is not None)


def of(entries, module="rcucmap"):
    return [entry for entry in entries if entry["module"] == module]


def all_of_some(conditions):
    """all() for the tests' expressions: not of an empty list, in which nothing was looked at"""
    conditions = list(conditions)
    return conditions != [] and all(conditions)


def every(entries, fits):
    """The same, and prints the first entry that does not match"""
    if not entries:
        print("there is no entry")
        return False
    wrong = next((entry for entry in entries if not fits(entry)), None)
    if wrong is not None:
        print(f"does not fit: {wrong}")
    return wrong is None


def of_name(modules, name):
    return [life for life in modules if life["name"] == name]


def long_periods(timeline):
    """Grace periods longer than so many milliseconds, within a life of a followed module"""
    def within_a_life(period, module):
        return any(life["init_done_ns"] is not None and
                   life["init_done_ns"] < period["start_ns"] and period["end_ns"] < (life["exit_done_ns"] or 0)
                   for life in timeline["modules"] if life["followed"] and module in (None, life["name"]))

    return lambda ms, module=None: [
        period for period in timeline["grace_periods"]
        if period["start_ns"] is not None and (period["end_ns"] or 0) - period["start_ns"] > ms * 10**6 and
        within_a_life(period, module)]


def long_sections(timeline):
    """Read-side sections of a module that are longer than so many milliseconds"""
    return lambda module, ms: [section for section in of(timeline["read_sections"], module)
                               if section["end_ns"] is not None and section["end_ns"] - section["begin_ns"] > ms * 10**6]


def stack_of(timeline):
    """Functions of an entry's stack, the caller first"""
    return lambda entry: [place_function(place) for place in timeline["stacks"][entry["stack"]]]


def seen_by_kprobe(timeline, hook=None):
    """Whether a hook, or any of them, saw RCU by kprobes. A module's own sites are always probed with kprobes."""
    return any(probe["via"] == "kprobe" and hook in (None, probe["hook"]) for probe in timeline["capture"]["probes"])


def place_function(place):
    """'rcucmap:cmap_set' for 'rcucmap:cmap_set+0x9f'"""
    return (place or "").partition("+")[0]


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from numbers(each)
    elif isinstance(value, int):
        yield value


def check_valid(timeline, text, fails):
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    fails.lines += [f"schema: {error.json_path}: {error.message}" for error in list(validator.iter_errors(timeline))[:5]]
    if fails.lines:
        return
    fails.true("a kernel address as text", not re.search(r"0x(0000)?ffff|\bffff[0-9a-f]{12}\b", text, re.I))
    fails.true("a kernel address as number", all(abs(number) < KERNEL_HALF for number in numbers(timeline)))
    for kind in ("grace_periods", "callbacks"):
        ids = [entry["id"] for entry in timeline[kind]]
        fails.equal(f"ids of {kind}", sorted(set(ids)), ids)

    grace_periods = {period["id"]: period for period in timeline["grace_periods"]}
    for expedited in (False, True):
        seqs = [period["gp_seq"] for period in grace_periods.values() if period["expedited"] == expedited]
        fails.equal(f"gp_seq twice (expedited: {expedited})", len(set(seqs)), len(seqs))
    for period in grace_periods.values():
        fails.ordered(f"grace period {period['id']}", period["start_ns"], period["end_ns"], period["cleaned_ns"])
    for callback in timeline["callbacks"]:
        name = f"callback {callback['id']}"
        period = grace_periods.get(callback["grace_period"])
        fails.ordered(name, callback["queued_ns"], period and period["start_ns"], period and period["end_ns"],
                      callback["invoked_ns"], callback["done_ns"])
        if callback["grace_period"] is not None:
            fails.true(f"{name}: its grace period is not there", period is not None)
        if callback["state"] == "done":
            fails.known(name, callback, "invoked_ns", "done_ns", "invoked_cpu")
        if callback["state"] == "pending":
            fails.equal(f"{name}: pending, but invoked", None, callback["invoked_ns"])
    for kind in ("read_sections", "waits", "function_calls", "batches"):
        for entry in timeline[kind]:
            fails.ordered(kind, entry["begin_ns"], entry["end_ns"])
    for life in timeline["modules"]:
        fails.ordered(f"module {life['name']}", life["loaded_ns"], life["init_done_ns"], life["exit_ns"],
                      life["exit_done_ns"], life["free_begin_ns"], life["freed_ns"])
    check_holders(timeline, fails)
    check_facts(timeline, fails)


def in_progress(sequence):
    return sequence & 3 != 0 # kernel/rcu/rcu.h: RCU_SEQ_STATE_MASK


def check_sequences(timeline, fails):
    """Checks that the grace periods are exactly the ones that the kernel's own sequences count."""
    start, end = timeline["capture"]["sequences_at_start"], timeline["capture"]["sequences_at_end"]
    if not start or not end:
        return
    for expedited, name in ((False, "gp_seq"), (True, "expedited_seq")):
        periods = [period for period in timeline["grace_periods"] if period["expedited"] == expedited]
        # Grace periods that ended during the recording, and the one that was in progress at its end.
        expected = set(range(start[name] >> 2, (end[name] >> 2) + in_progress(end[name])))
        seen = {period["gp_seq"] >> 2 for period in periods}
        fails.equal(f"grace periods by {name} (missing, too many)", ([], []),
                    (sorted(expected - seen), sorted(seen - expected)))
        for period in periods:
            fails.equal(f"grace period {period['id']} began before", period["began_before"],
                        in_progress(start[name]) and period["gp_seq"] >> 2 == start[name] >> 2)
            if period["began_before"]:
                fails.equal(f"grace period {period['id']} began before", None, period["start_ns"])
        # The hook for the end of an expedited grace period runs a moment after the end.
        if not expedited:
            fails.equal(f"grace periods that ended, by {name}", (end[name] >> 2) - (start[name] >> 2),
                        sum(period["end_ns"] is not None for period in periods))


def check_whole(timeline, fails, disturbed=False, unseen=()):
    capture = timeline["capture"]
    fails.equal("capture.complete", True, capture["complete"])
    fails.equal("lost records", [], lost_records(timeline))
    # Allowed are only calls of notrace functions, which no kernel shows, and the gap that kprobes have.
    allowed = {"module.functions"} | ({"kprobe"} if seen_by_kprobe(timeline) else set())
    if not timeline["host"]["preempt_rcu"] and capture["followed"]: # and the reason is in capture.missing
        readers = {"module.readers", "reader.switched"}
        allowed |= readers
        fails.equal("what is told to be missing of readers", readers,
                    {missing["hook"] for missing in capture["missing"] if "CONFIG_PREEMPT_RCU" in missing["why"]})
    for missing in capture["missing"]:
        left_out = re.match(r"(?:read-side sections|calls) of (\S+): (?:a probe there|the kernel |its module|another probed instruction)",
                            missing["why"])
        if left_out and left_out[1] in unseen:
            continue
        # put_task_struct() is an inline function with PREEMPT_RT and on Linux 7. Where the compiler puts it out of line,
        # it is notrace.
        if re.match(r"the jump of \w+:put_task_struct\+0x[0-9a-f]+ to call_rcu\(\), .*: it is notrace$", missing["why"]):
            continue
        fails.true(f"missing: {missing}", missing["hook"] in allowed)
        fails.true(f"missing: {missing}", missing["hook"] != "module.functions" or "notrace" in missing["why"])
    # SRCU dequeues with the same function. RCU's softirq may interrupt its program; the kernel then skips the program
    # for RCU and counts that.
    unknown = [callback for callback in timeline["callbacks"] if callback["state"] == "unknown"]
    running = [callback for callback in unknown if callback["invoked_ns"] is not None]
    fails.true(f"more callbacks run at the end than there are CPUs: {running}", len(running) <= timeline["host"]["cpus"])
    fails.true(f"callbacks of unknown fate, and fewer were missed: {unknown}",
               len(unknown) - len(running) <= missed_of(timeline)("callback.invoked"))
    # No grace period is missing: each has the kernel's next number, and begins after the previous one.
    normal = [period for period in timeline["grace_periods"] if not period["expedited"]]
    for before, after in zip(normal, normal[1:]):
        name = f"grace period {after['id']} after {before['id']}"
        fails.equal(f"{name}: gp_seq", before["gp_seq"] + 4, after["gp_seq"])
        # The kernel skips the fexit programs of calls that are in progress when another tracer is attached or
        # detached.
        if not disturbed:
            fails.known(f"{name}: the one before", before, "end_ns", "cleaned_ns")
            fails.known(name, after, "start_ns")
        if after["start_ns"] is not None:
            fails.ordered(name, before["end_ns"], before["cleaned_ns"], after["start_ns"] - after["start_uncertainty_ns"])
    end = capture["end_ns"]
    for kind, first, last in (("waits", "begin_ns", "end_ns"), ("grace_periods", "start_ns", "cleaned_ns"),
                              ("callbacks", "queued_ns", "done_ns")):
        for entry in timeline[kind]:
            fails.true(f"{kind}: after the end of the recording: {entry}",
                       all(entry[time] is None or entry[time] <= end for time in (first, last)))
    # A wait without an end is still in progress, so its thread cannot begin another one.
    for wait in timeline["waits"]:
        later = [other for other in timeline["waits"]
                 if other["tid"] == wait["tid"] != 0 and other["begin_ns"] > wait["begin_ns"] and
                 other["kind"] == wait["kind"]]
        fails.true(f"a wait never ended: {wait}", wait["end_ns"] is not None or not later or disturbed)


def check_rcucmap(timeline, fails, log=None, lives=1):
    callbacks = of(timeline["callbacks"])
    fails.equal("callbacks of rcucmap", lives * (UPDATES + REMOVES), len(callbacks))
    for callback in callbacks:
        name = f"callback {callback['id']}"
        fails.equal(f"{name}: state", "done", callback["state"])
        fails.equal(f"{name}: function", "rcucmap:node_free_rcu", callback["function"])
        # A kprobe may miss which grace period a callback was assigned to. The timeline does not guess it. Where tasks are
        # preempted, one may be between the probe and the list, and queue the callback on another CPU.
        preempts = timeline["host"]["settings"].get("preemption") in ("full", "lazy", "rt")
        migrated = preempts and callback["queued_cpu"] != callback["invoked_cpu"]
        unsure = migrated or seen_by_kprobe(timeline, "callback.assigned")
        fails.known(name, callback, *(["context"] if unsure else ["context", "grace_period"]))
        period = next((each for each in timeline["grace_periods"] if each["id"] == callback["grace_period"]), None)
        if period:
            fails.known(f"{name}: its grace period", period, "start_ns", "end_ns")
            fails.true(f"{name}: queued at {callback['queued_ns']}, after its grace period began: {period}",
                       period["start_ns"] is not None and callback["queued_ns"] < period["start_ns"])
    callers = [place_function(callback["caller"]) for callback in callbacks]
    removes = [caller for caller in callers if caller in ("rcucmap:cmap_remove", "rcucmap:bucket_remove")]
    fails.equal("callbacks queued by cmap_set", lives * UPDATES, callers.count("rcucmap:cmap_set"))
    fails.equal("callbacks queued by cmap_remove", lives * REMOVES, len(removes))

    sections = of(timeline["read_sections"])
    seen = timeline["host"]["preempt_rcu"]
    if not seen:
        fails.equal("read-side sections where they cannot be seen", [], sections)
    if log is not None:
        reads = [int(number) for number in re.findall(r"rcucmap: reads=(\d+)", log)]
        fails.equal("lives in the module's log", lives, len(reads))
        fails.equal("read-side sections, as the module's own log counts them", sum(reads) if seen else 0, len(sections))
    for section in sections:
        fails.known("read-side section", section, "end_ns")
        fails.equal("thread of a read-side section", "rcucmap_reader", section["comm"])
        fails.equal("place of a read-side section", "rcucmap:cmap_get", place_function(section["place"]))
        fails.equal("nesting of a read-side section", 0, section["nesting"])

    times = ("loaded_ns", "init_done_ns", "exit_ns", "exit_done_ns", "free_begin_ns", "freed_ns")
    modules = [life for life in timeline["modules"] if life["name"] == "rcucmap"]
    fails.equal("lives of rcucmap", lives, len(modules))
    for life in modules:
        fails.known("rcucmap", life, *times)
        fails.equal("rcucmap is followed", True, life["followed"])
        fails.equal("rcucmap's init", None, life["init_error"])
    barriers = [wait for wait in timeline["waits"]
                if wait["kind"] == "rcu_barrier" and place_function(wait["caller"]) == "rcucmap:rcucmap_exit"]
    fails.equal("waits in rcu_barrier() in rcucmap's exit", lives, len(barriers))
    for wait in barriers:
        fails.known("rcu_barrier()", wait, "end_ns")
    fails.equal("hazards", [], timeline["hazards"])

    hits = {probe["hook"]: probe["hits"] for probe in timeline["capture"]["probes"]}
    for hook in MUST_HIT if seen else set(MUST_HIT) - {"module.readers"}:
        fails.true(f"{hook}: not hit: {hits.get(hook)}", hits.get(hook))
    # The probe at a function's entry runs the same program. If a call and a section begin or end at the same site,
    # the program runs once for both.
    at_sections = {(section["tid"], section[end]) for section in sections for end in ("begin_ns", "end_ns")}
    entries = [call for call in of(timeline["function_calls"]) if (call["tid"], call["begin_ns"]) not in at_sections]
    fails.true(f"hits of module.readers: {hits.get('module.readers')} for {len(sections)} sections and {len(entries)} entries",
               not seen or hits.get("module.readers") in (2 * len(sections), 2 * len(sections) + len(entries)))


def check_counts(timeline, fails, log, module):
    lines = re.findall(rf"\b{module}: ((?:\w+=\d+ ?)+)$", log, re.M)
    fails.true(f"the log has no counts of {module}", lines)
    if not lines:
        return
    counts = collections.Counter() # of all lives of the module
    for line in lines:
        counts.update({name: int(value) for name, value in (pair.split("=") for pair in line.split())})
    callbacks = of(timeline["callbacks"], module)
    sections = of(timeline["read_sections"], module)
    waits = [wait for wait in timeline["waits"]
             if wait["kind"] == "synchronize_rcu" and (wait["caller"] or "").startswith(module + ":")]
    seen = {
        # If the kernel shows no sections, there is nothing to compare.
        **({"reads": len(sections), "sections": len(sections)} if timeline["host"]["preempt_rcu"] or sections else {}),
        "queued": len(callbacks), "call_rcu": len(callbacks),
        "invoked": sum(callback["invoked_ns"] is not None for callback in callbacks),
        "kfree_rcu": sum((call["caller"] or "").startswith(module + ":") for call in timeline["kvfree_calls"]),
        "synchronize_rcu": len(waits),
    }
    compared = [name for name in counts if name in seen]
    fails.true(f"nothing to compare in {counts}", compared)
    # The kernel hides a call from a program that already runs, or was preempted, and counts that.
    hooks = {"queued": "callback.queued", "call_rcu": "callback.queued", "synchronize_rcu": "wait.synchronize_rcu"}
    for name in compared:
        hidden = missed_of(timeline)(hooks[name]) if name in hooks else 0
        if counts[name] - hidden <= seen[name] < counts[name]:
            continue
        fails.equal(f"{module}'s own count of {name}", counts[name], seen[name])
    fails.equal(f"sections of {module} that did not end", 0, sum(section["end_ns"] is None for section in sections))


def lost_records(timeline):
    return [loss for loss in timeline["capture"]["lost"] if loss["hook"] is None]


def missed_of(timeline):
    return lambda hook: sum(probe["missed"] for probe in timeline["capture"]["probes"] if probe["hook"] == hook)


def heads_apart(callbacks):
    """Whether the heads of each task are the elements of an array of its own: at multiples of one distance, with no head
    of another task between them. A field of another record would break this."""
    ranges = []
    for tid in {callback["queued_tid"] for callback in callbacks}:
        heads = sorted({int(callback["head"], 16) for callback in callbacks if callback["queued_tid"] == tid})
        distances = [after - before for before, after in zip(heads, heads[1:])]
        if any(distance % min(distances) for distance in distances):
            return False
        ranges.append((heads[0], heads[-1]))
    ranges.sort()
    return all(before[1] < after[0] for before, after in zip(ranges, ranges[1:]))


HELPERS = {"all": all_of_some, "every": every, "heads_apart": heads_apart, "of": of, "of_name": of_name,
           "place_function": place_function}
HELPERS_OF = {"missed": missed_of, "lost_records": lambda timeline: lambda: lost_records(timeline),
              "long_periods": long_periods, "stack_of": stack_of, "held_by": held_by, "all_held": all_held,
              "mostly_held": mostly_held, "long_sections": long_sections}


def value_of(expression, timeline):
    # The expressions are the tests' own text; nothing in them comes from a kernel.
    helpers = HELPERS | {name: helper(timeline) for name, helper in HELPERS_OF.items()}
    return eval(expression, helpers | timeline)


def tally_holders(timeline, file):
    """For tests/vm/holders_known.py: counts the long grace periods with a holder, and the texts of unknown holders"""
    if "RCUSCOPE_TALLY" not in os.environ or timeline.get("schema") != "rcuscope.timeline/1":
        return
    tally = pathlib.Path(os.environ["RCUSCOPE_TALLY"])
    files = json.loads(tally.read_text(encoding="utf-8")) if tally.exists() else {}
    held = [period["held_by"] for period in timeline["grace_periods"]
            if period["held_by"] and period["end_ns"] - period["start_ns"] > 50_000_000]
    files[str(pathlib.Path(file).resolve())] = {
        "long": len(held), "unknown": [holder["text"] for holder in held if holder["kind"] == "unknown"]}
    tally.write_text(json.dumps(files, indent=1), encoding="utf-8")


def main(check, file, *rest):
    text = pathlib.Path(file).read_text(encoding="utf-8")
    timeline = json.loads(text)
    tally_holders(timeline, file)
    fails = Failures()
    rest = list(rest)
    if check in ("valid", "whole", "rcucmap"):
        check_valid(timeline, text, fails)
        hooks = ("gp.start", "gp.end", "gp.expedited.start", "gp.expedited.end")
        if not lost_records(timeline) and not any(map(missed_of(timeline), hooks)) and "--disturbed" not in rest:
            check_sequences(timeline, fails)
    if check == "sequences":
        fails.known("capture", timeline["capture"], "sequences_at_start", "sequences_at_end", "own_share")
        check_sequences(timeline, fails)
    disturbed = "--disturbed" in rest
    if disturbed:
        rest.remove("--disturbed")
    unseen = ()
    if "--unseen" in rest:
        at = rest.index("--unseen")
        unseen = rest[at + 1].split(",")
        del rest[at:at + 2]
    if check in ("whole", "rcucmap"):
        check_whole(timeline, fails, disturbed, unseen)
    if check == "rcucmap":
        lives = 1
        if "--lives" in rest:
            at = rest.index("--lives")
            lives = int(rest[at + 1])
            del rest[at:at + 2]
        log = pathlib.Path(rest[0]).read_text(encoding="utf-8", errors="replace") if rest else None
        check_rcucmap(timeline, fails, log, lives)
    elif check == "explained":
        log = pathlib.Path(rest[0]).read_text(encoding="utf-8", errors="replace")
        check_explained(timeline, fails, log, UPDATES + REMOVES, of(timeline["read_sections"]))
    elif check == "counts":
        log, module = rest
        check_counts(timeline, fails, pathlib.Path(log).read_text(encoding="utf-8", errors="replace"), module)
    elif check == "same":
        other, module = rest
        check_same(timeline, json.loads(pathlib.Path(other).read_text(encoding="utf-8")), module, fails)
    elif check == "ftrace":
        check_ftrace(timeline, rest[0], fails, {"cmap_set": UPDATES, "cmap_remove": REMOVES}, rest[1] if len(rest) > 1 else None)
    elif check == "holds":
        for expression in rest:
            try:
                fails.true(f"does not hold: {expression}", value_of(expression, timeline))
            except (TypeError, LookupError) as error:  # a value is None or missing
                fails.true(f"cannot hold ({error}): {expression}", False)
    elif check == "print":
        for expression in rest:
            print(value_of(expression, timeline))
    elif check not in ("valid", "whole", "sequences"):
        sys.exit(__doc__)
    shown = 20
    for line in fails.lines[:shown]:
        print(f"{pathlib.Path(file).name}: FAILED: {line}")
    if len(fails.lines) > shown:
        print(f"{pathlib.Path(file).name}: FAILED: and {len(fails.lines) - shown} more")
    return 1 if fails.lines else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
