#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares a timeline with ftrace's own RCU events of the same time (the witness).

    witness.py FILE TRACE

FILE is a timeline with addresses. TRACE is the text of a tracefs instance that began to record before the tracer's
window opened and ended after it closed: rcu_grace_period, rcu_callback, rcu_kvfree_callback, rcu_invoke_callback, with
the clock boot, without overrun, and with no_hash_pointers. Exit status 0 if they agree.

Each callback is compared by its head, not by number alone. In a call, the tracer's hook runs before the event. If the
hook is on the same tracepoint, it runs after the event, because the witness was attached first. So the two can disagree
only about a call that was in progress when the window opened or closed. The event of such a call is the first of its
context after that moment or, with the same tracepoint, the last one before it. ftrace prints rounded microseconds: an
event happened within the microsecond that begins half a microsecond before the printed time.
"""
import bisect
import collections
import json
import pathlib
import re
import sys

MICROSECOND = 1000
LINE = re.compile(r"^ *(?P<comm>.*)-(?P<pid>\d+) +\[(?P<cpu>\d+)\] (?P<flags>\S{4,6}) +(?P<s>\d+)\.(?P<us>\d{6}): "
                  r"(?P<event>\w+): (?P<text>.*)$", re.M)
QUEUED = ("rcu_callback", "rcu_kvfree_callback")
INVOKED = ("rcu_invoke_callback",)

Seen = collections.namedtuple("Seen", "ns event context text head interrupt")


def read_trace(file):
    """Events of the trace, sorted by time."""
    text = pathlib.Path(file).read_text(encoding="utf-8", errors="replace")
    events = []
    for line in LINE.finditer(text):
        ns = (int(line["s"]) * 10**6 + int(line["us"])) * MICROSECOND - MICROSECOND // 2
        head = re.search(r"rhp=(?:0x)?([0-9a-f]{8,16})\b", line["text"])
        level = line["flags"][2]  # hardirq, softirq, none
        interrupt = level != "."
        context = ("cpu", line["cpu"], level) if interrupt else ("task", line["pid"], line["cpu"] * (line["pid"] == "0"))
        events.append(Seen(ns, line["event"], context, line["text"], int(head[1], 16) if head else None, interrupt))
    counts = re.search(r"entries-in-buffer/entries-written: (\d+)/(\d+)", text)
    if not counts or {int(counts[1]), int(counts[2])} != {len(events)}:
        sys.exit(f"{file}: ftrace itself is not whole: {len(events)} of {counts and counts[0]}")
    return sorted(events, key=lambda seen: seen.ns)


def firsts_after(events, moment):
    """The first event of each context after the moment: its call may have been in progress then."""
    found = {}
    for seen in events:
        if seen.ns + MICROSECOND > moment:
            found.setdefault(seen.context, seen)
    return set(map(id, found.values()))


def lasts_before(events, moment):
    """The last event of each context before the moment."""
    return set(map(id, {seen.context: seen for seen in events if seen.ns <= moment}.values()))


def match(times, events, hook_first):
    """Pairs each of the tracer's times with the nearest event after or before it; returns one event or None per time."""
    stamps = [seen.ns for seen in events]
    result = []
    for ns in times:
        at = bisect.bisect_right(stamps, ns - MICROSECOND) if hook_first else bisect.bisect_right(stamps, ns) - 1
        result.append(events[at] if 0 <= at < len(events) else None)
    return result


def by_head(events):
    heads = collections.defaultdict(list)
    for seen in events:
        heads[seen.head].append(seen)
    return heads


class Comparison:
    def __init__(self, timeline, trace):
        self.timeline = timeline
        self.capture = timeline["capture"]
        self.events = read_trace(trace)
        self.start = self.capture["start_boottime_ns"]
        self.end = self.start + self.capture["end_ns"]
        self.failures = []

    def expect(self, what, holds):
        if not holds:
            self.failures.append(what)

    def within(self, seen):
        """Certainly within the window."""
        return self.start <= seen.ns and seen.ns + MICROSECOND <= self.end

    def by_tracepoint(self, hook):
        return any(probe["via"] == "tracepoint" for probe in self.capture["probes"] if probe["hook"] == hook)

    def missed(self, hook):
        return sum(probe["missed"] for probe in self.capture["probes"] if probe["hook"] == hook)

    def grace_periods(self):
        """The edges of the window never fall into a grace period's cleanup, which contains the event "end". So it is
        certain which grace periods ended in the window."""
        ends = collections.Counter()
        for seen in self.events:
            of = re.match(r"\S+ (-?\d+) end$", seen.text)
            if seen.event == "rcu_grace_period" and of and self.start < seen.ns + MICROSECOND and seen.ns <= self.end:
                ends[int(of[1]) >> 2] += 1
        kernel = set(range(self.capture["sequences_at_start"]["gp_seq"] >> 2, self.capture["sequences_at_end"]["gp_seq"] >> 2))
        recorded = {period["gp_seq"] >> 2 for period in self.timeline["grace_periods"]
                    if not period["expedited"] and period["end_ns"] is not None}
        self.expect("the window held no grace period", kernel)
        self.expect(f"ends by ftrace and by gp_seq differ: {sorted(set(ends) ^ kernel)}, {ends.most_common(1)}",
                    set(ends) == kernel and max(ends.values(), default=1) == 1)
        self.expect(f"ends in the timeline and by gp_seq differ: {sorted(recorded ^ kernel)}", recorded == kernel)
        return len(kernel)

    def compare(self, hook, names, entries, member, expected):
        """Checks that each entry has its event, and each expected event its entry. Returns (ids of events with an entry,
        events without)."""
        what = hook.rpartition(".")[2]
        hook_first = not self.by_tracepoint(hook)
        events = [seen for seen in self.events if seen.event in names]
        self.expect(f"{what}: events without a head", all(seen.head is not None for seen in events))
        heads, times = by_head(events), collections.defaultdict(list)
        for entry in entries:
            times[int(entry["head"], 16)].append(self.start + entry[member])
        # Events that may be on different sides of the edge for ftrace and for the tracer.
        edge = firsts_after if hook_first else lasts_before
        at_start, at_end = edge(events, self.start), edge(events, self.end)
        outside, inside = (at_end, at_start) if hook_first else (at_start, at_end)
        matched = set()
        for head, moments in times.items():
            for ns, seen in zip(sorted(moments), match(sorted(moments), heads[head], hook_first)):
                fine = seen and id(seen) not in matched and (
                    self.start < seen.ns + MICROSECOND and seen.ns <= self.end or id(seen) in outside)
                self.expect(f"{what}: ftrace does not know of head {head:#x} at {ns}: {seen}", fine)
                matched.add(id(seen))
        unseen = [seen for seen in events if self.within(seen) and id(seen) not in matched and id(seen) not in inside and
                  expected(seen)]
        return matched, unseen

    def callbacks(self):
        callbacks = self.timeline["callbacks"]
        queued, unseen = self.compare("callback.queued", QUEUED, callbacks, "queued_ns", lambda seen: True)
        # With kprobes, callbacks that an interrupt queues while a program runs are reported in words, without a
        # number.
        if any(missing["hook"] == "kprobe" for missing in self.capture["missing"]):
            unseen = [seen for seen in unseen if not seen.interrupt]
        self.judge("queued", unseen, self.missed("callback.queued"))
        heads = by_head(seen for seen in self.events if seen.event in QUEUED)

        def of_known_life(invocation):
            """The timeline saw this callback being queued. rcu_barrier() does not queue its own callbacks by call_rcu()."""
            lives = [seen for seen in heads[invocation.head] if seen.ns <= invocation.ns]
            return bool(lives) and id(lives[-1]) in queued

        done = [callback for callback in callbacks if callback["invoked_ns"] is not None]
        invoked, unseen = self.compare("callback.invoked", INVOKED, done, "invoked_ns", of_known_life)
        # Invocations that kprobes skipped are reported as lost (bpf/missed_kprobes.h).
        lost = sum(loss["count"] for loss in self.capture["lost"] if loss["hook"] is None)
        self.judge("invoked", unseen, self.missed("callback.invoked") + lost)
        return len(queued), len(invoked)

    def judge(self, what, unseen, told):
        """The number of unseen events must not exceed the number that the tracer reports as missed or lost."""
        self.expect(f"{what}: {len(unseen)} not seen, {told} told, such as {unseen[:3]}", len(unseen) <= told)


def main(file, trace):
    comparison = Comparison(json.loads(pathlib.Path(file).read_text(encoding="utf-8")), trace)
    periods = comparison.grace_periods()
    queued, invoked = comparison.callbacks()
    comparison.expect("no callbacks to compare", queued and invoked)
    print(f"{pathlib.Path(file).name}: {periods} grace periods, {queued} callbacks queued, {invoked} invoked")
    for failure in comparison.failures[:20]:
        print(f"{pathlib.Path(file).name}: FAILED: {failure}")
    return 1 if comparison.failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
