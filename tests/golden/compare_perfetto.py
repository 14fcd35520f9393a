#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares a Perfetto trace with the JSON timeline of the same recording, span by span.

    compare_perfetto.py PROTOC PROTO TRACE.pftrace TIMELINE.json
    compare_perfetto.py PROTOC PROTO RCUSCOPE RECORDING.rcu

protoc, the protobuf compiler, decodes the trace. Its slices are joined as a viewer does it: on each track an end closes
the last begin. The expected spans are computed from the JSON alone. With a recording both are exported first.
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

ID_SPACE = 0x72637573 << 32
OPEN = "open"
TOKEN = re.compile(r'\s*(?:(\w+) \{|(\w+): ("(?:[^"\\]|\\.)*"|\S+)|(\}))')
ESCAPE = re.compile(r'\\([0-7]{3}|.)')


def unescaped(text):
    def one(match):
        code = match.group(1)
        return chr(int(code, 8)) if len(code) == 3 else {"n": "\n", "t": "\t", "r": "\r"}.get(code, code)
    return ESCAPE.sub(one, text[1:-1]).encode("latin-1").decode("utf-8")


def value_of(text):
    if text.startswith('"'):
        return unescaped(text)
    return int(text) if re.fullmatch(r"-?\d+", text) else text


def packets(text):
    """Messages of protoc's text format as dictionaries of lists."""
    top = collections.defaultdict(list)
    stack = [top]
    for opened, key, value, closed in TOKEN.findall(text):
        if opened:
            inner = collections.defaultdict(list)
            stack[-1][opened].append(inner)
            stack.append(inner)
        elif closed:
            stack.pop()
        else:
            stack[-1][key].append(value_of(value))
    return top["packet"]


class Trace:
    """The packets as a viewer shows them."""

    def __init__(self, text):
        self.problems = []
        self.spans = collections.Counter()  # (track, name, begin, end)
        self.counters = collections.defaultdict(list)
        self.arrows = collections.defaultdict(list)  # by id: (role, track, name, time)
        self.tracks = {}
        names = {kind: {} for kind in ("event_categories", "event_names", "debug_annotation_names")}
        stacks = collections.defaultdict(list)
        last = 0
        self.start = None
        for packet in packets(text):
            if self.start is None:
                self.start = packet["timestamp"][0]
            for data in packet["interned_data"]:
                for kind, known in names.items():
                    for entry in data[kind]:
                        known[entry["iid"][0]] = entry["name"][0]
            for track in packet["track_descriptor"]:
                name = track["name"][0] if track["name"] else ""
                if track["parent_uuid"] and track["parent_uuid"][0] not in self.tracks:
                    self.problems.append(f"track {name} comes before its group")
                self.tracks[track["uuid"][0]] = name
            for event in packet["track_event"]:
                at = packet["timestamp"][0] - self.start
                if at < last:
                    self.problems.append(f"events are not in the order of time at {at}")
                last = at
                self.take(event, at, names, stacks)
        for track, stack in stacks.items():
            if stack:
                self.problems.append(f"{len(stack)} slices on {self.tracks[track]} never end")

    def take(self, event, at, names, stacks):
        uuid = event["track_uuid"][0]
        kind = event["type"][0]
        if uuid not in self.tracks:
            self.problems.append(f"an event is on track {uuid}, which is not described")
            return
        track = re.sub(r" \(\d+\)$", "", self.tracks[uuid])
        if kind == "TYPE_COUNTER":
            self.counters[track].append((at, event["counter_value"][0]))
            return
        if kind == "TYPE_SLICE_END":
            if not stacks[uuid]:
                self.problems.append(f"an end without a begin on {track} at {at}")
                return
            name, begin, unfinished = stacks[uuid].pop()
            # A span ends within the span that contains it, so the outer one is still open.
            self.spans[(track, name, begin, OPEN if unfinished else at)] += 1
            return
        name = event["name"][0] if event["name"] else names["event_names"][event["name_iid"][0]]
        notes = {names["debug_annotation_names"][note["name_iid"][0]]: note for note in event["debug_annotations"]}
        if kind == "TYPE_INSTANT":
            self.spans[(track, name, at, at)] += 1
        else:
            stacks[uuid].append((name, at, "unfinished" in notes))
        role = {"call_rcu": "begin", "released": "pass"}.get(name.split(" ")[0])
        for flow in event["flow_ids"]:
            self.arrows[flow - ID_SPACE].append((role, track, name, at))
        for flow in event["terminating_flow_ids"]:
            self.arrows[flow - ID_SPACE].append(("end", track, name, at))


class Wanted:
    """The spans and arrows that the JSON requires."""

    def __init__(self, timeline):
        self.timeline = timeline
        self.spans = collections.Counter()
        self.names = {task["tid"]: task["comm"] for task in timeline["tasks"] if task["tid"] and task["comm"]}
        for add in (self.grace_periods, self.modules, self.cpus, self.threads, self.rest):
            add()

    def span(self, track, name, begin, end):
        begin = max(begin, 0)
        self.spans[(track, name, begin, OPEN if end is None else max(end, begin))] += 1

    def thread(self, tid, comm, what):
        if tid not in self.names and tid:
            self.names[tid] = comm
        return f"{self.names.get(tid, comm)} {tid}: {what}"

    def released(self):
        ends = {gp["id"]: gp["end_ns"] for gp in self.timeline["grace_periods"]}
        by_gp = collections.defaultdict(list)
        for callback in self.timeline["callbacks"]:
            end = ends.get(callback["grace_period"])
            invoked = callback["invoked_ns"]
            if end is not None and invoked is not None and callback["queued_ns"] <= end <= invoked:
                by_gp[callback["grace_period"]].append(callback["id"])
        return by_gp

    def grace_periods(self):
        released = self.released()
        for gp in self.timeline["grace_periods"]:
            track = "Expedited grace periods" if gp["expedited"] else "Grace periods"
            self.span(track, f"GP {gp['gp_seq']}", gp["start_ns"] or 0, gp["end_ns"])
            if gp["end_ns"] is not None and gp["cleaned_ns"] is not None:
                self.span(track, "cleanup", gp["end_ns"], gp["cleaned_ns"])
            if count := len(released[gp["id"]]):
                self.span(track, f"released {count} callback{'s' if count > 1 else ''}", gp["end_ns"], gp["end_ns"])

    def modules(self):
        for module in self.timeline["modules"]:
            track = f"Module {module['name']}"
            begun = "init failed" if module["init_error"] is not None else "live"
            marks = [("loaded_ns", "init", "init"), ("init_done_ns", "init", begun), ("exit_ns", "live", "exit"),
                     ("exit_done_ns", "exit", "exited"), ("free_begin_ns", "live", "free"), ("freed_ns", "free", None)]
            since = phase = None
            for key, before, after in marks:
                if (at := module[key]) is None:
                    continue
                if since is not None:
                    self.span(track, phase, since, at)
                elif key != "loaded_ns":
                    self.span(track, before, 0, at)
                since, phase = at, after
            if since is not None and module["freed_ns"] is None:
                self.span(track, phase, since, None)

    def cpus(self):
        for batch in self.timeline["batches"]:
            name = f"batch ({batch['context']})" if batch["context"] else "batch"
            self.span(f"CPU {batch['cpu']} callbacks", name, batch["begin_ns"], batch["end_ns"])
        for callback in self.timeline["callbacks"]:
            if callback["invoked_ns"] is not None:
                cpu = callback["queued_cpu"] if callback["invoked_cpu"] is None else callback["invoked_cpu"]
                self.span(f"CPU {cpu} callbacks", callback["function"], callback["invoked_ns"], callback["done_ns"])

    def threads(self):
        for call in self.timeline["function_calls"]:
            self.span(self.thread(call["tid"], call["comm"], "calls"), call["function"], call["begin_ns"], call["end_ns"])
        for callback in self.timeline["callbacks"]:
            at = callback["queued_ns"]
            track = self.thread(callback["queued_tid"], callback["queued_comm"], "calls")
            self.span(track, f"call_rcu {callback['function']}", at, max(at, 0))
        for call in self.timeline["kvfree_calls"]:
            self.span(self.thread(call["tid"], call["comm"], "calls"), "kvfree_rcu", call["at_ns"], max(call["at_ns"], 0))
        for section in self.timeline["read_sections"]:
            track = self.thread(section["tid"], section["comm"], "read-side sections")
            left = section["left_ns"] if section["left"] != "user-mode" else None
            self.span(track, section["function"], section["begin_ns"], left if section["end_ns"] is None else section["end_ns"])
            for off in section["off_cpu"] if section["nesting"] == 0 else []:
                self.span(track, "blocked" if off["voluntary"] else "waited for a sleeping lock" if off["lock"] else "preempted",
                          off["at_ns"], off["until_ns"])
        for wait in self.timeline["waits"]:
            self.span(self.thread(wait["tid"], wait["comm"], "waits"), wait["kind"], wait["begin_ns"], wait["end_ns"])

    def rest(self):
        for hazard in self.timeline["hazards"]:
            self.span("Hazards", hazard["kind"], hazard["at_ns"], max(hazard["at_ns"], 0))
        for loss in (each for each in self.timeline["capture"]["lost"] if each["hook"] is None):
            self.span("Lost records", f"CPU {loss['cpu']}: {loss['count']} records lost", loss["from_ns"], loss["to_ns"])


def compare_arrows(trace, wanted):
    released = {callback: gp for gp, ids in wanted.released().items() for callback in ids}
    ends = {gp["id"]: gp["end_ns"] for gp in wanted.timeline["grace_periods"]}
    for callback in wanted.timeline["callbacks"]:
        number, name = callback["id"], callback["function"]
        points = trace.arrows.pop(number, [])
        if callback["invoked_ns"] is None or callback["queued_ns"] > callback["invoked_ns"]:
            if points:
                yield f"callback {number} has an arrow and was not invoked"
            continue
        roles = [("begin", f"call_rcu {name}", max(callback["queued_ns"], 0))]
        if number in released:
            roles.append(("pass", None, ends[released[number]]))
        roles.append(("end", name, max(callback["invoked_ns"], 0)))
        found = [(role, None if role == "pass" else text, at) for role, _, text, at in points]
        if found != roles:
            yield f"the arrow of callback {number} is {found}, not {roles}"
    for number in trace.arrows:
        yield f"an arrow belongs to callback {number}, which there is none of"


def compare(trace, wanted):
    yield from trace.problems
    for span in sorted((wanted.spans - trace.spans).elements(), key=str):
        yield f"only the JSON has {span}"
    for span in sorted((trace.spans - wanted.spans).elements(), key=str):
        yield f"only the trace has {span}"
    yield from compare_arrows(trace, wanted)
    callbacks = wanted.timeline["callbacks"]
    if all(callback["invoked_ns"] is not None or callback["state"] == "pending" for callback in callbacks):
        for at, value in trace.counters["Pending callbacks"]:
            pending = sum(max(c["queued_ns"], 0) <= at for c in callbacks) - \
                sum(c["invoked_ns"] is not None and c["invoked_ns"] <= at for c in callbacks)
            if pending != value:
                yield f"at {at} {value} callbacks are pending in the trace, {pending} in the JSON"


def main(protoc, proto, first, second):
    with tempfile.TemporaryDirectory() as folder:
        if second.endswith(".rcu"):
            files = [os.path.join(folder, name) for name in ("x.pftrace", "x.json")]
            subprocess.run([first, "export", second, "-o", files[0], "-o", files[1]], check=True, stderr=subprocess.DEVNULL)
            first, second = files
        with open(first, "rb") as file:
            text = subprocess.run(
                [protoc, "--proto_path", os.path.dirname(proto), "--decode", "rcuscope.golden.Trace", proto],
                stdin=file, stdout=subprocess.PIPE, check=True).stdout.decode("ascii")
        with open(second, encoding="utf-8") as file:
            timeline = json.load(file)
    trace, wanted = Trace(text), Wanted(timeline)
    problems = list(compare(trace, wanted))
    print("\n".join(problems[:40]))
    print(f"{sum(wanted.spans.values())} spans of the JSON, {sum(trace.spans.values())} of the trace, {len(problems)} problems")
    # A comparison without any span proves nothing, so it fails.
    return int(bool(problems) or not wanted.spans)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
