#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares a timeline with what ftrace's own RCU events say of the same time.

    witness.py FILE TRACE

FILE is a timeline with addresses, TRACE the text of a tracefs instance that began to record
before the tracer's window opened and went on until after it closed: rcu_grace_period,
rcu_callback, rcu_kvfree_callback, rcu_invoke_callback, on the clock boot, nothing overrun,
with no_hash_pointers. Exit status 0 if they agree.

Each callback is compared by its head, not by number alone. The tracer's hook runs before the
event in the same call; if it is on the same tracepoint, after, since the witness came first. So
only a call that was under way as the window opened or closed may stand on different sides for
the two: the event of such a call is the first of its context after that moment, or with the
same tracepoint the last before. ftrace prints microseconds, rounded: an event was within the one
that begins half of one before what is printed.
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
    """In order of time."""
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
    """Of each context the first event after the moment: what may have been under way then."""
    found = {}
    for seen in events:
        if seen.ns + MICROSECOND > moment:
            found.setdefault(seen.context, seen)
    return set(map(id, found.values()))


def lasts_before(events, moment):
    """Of each context the last event before the moment."""
    return set(map(id, {seen.context: seen for seen in events if seen.ns <= moment}.values()))


def match(times, events, hook_first):
    """Pairs each of the tracer's times with the event next to it, after or before; (event or None of each time)."""
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
        """Surely within the window."""
        return self.start <= seen.ns and seen.ns + MICROSECOND <= self.end

    def by_tracepoint(self, hook):
        return any(probe["via"] == "tracepoint" for probe in self.capture["probes"] if probe["hook"] == hook)

    def missed(self, hook):
        return sum(probe["missed"] for probe in self.capture["probes"] if probe["hook"] == hook)

    def grace_periods(self):
        """The moments of the window's edges are never within a cleanup, in which the event "end" lies: so no edge is open."""
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
        """Each entry has its event, and each event that must have one, an entry. Returns (ids of events with an entry, events without)."""
        what = hook.rpartition(".")[2]
        hook_first = not self.by_tracepoint(hook)
        events = [seen for seen in self.events if seen.event in names]
        self.expect(f"{what}: events without a head", all(seen.head is not None for seen in events))
        heads, times = by_head(events), collections.defaultdict(list)
        for entry in entries:
            times[int(entry["head"], 16)].append(self.start + entry[member])
        # Those of which one side may lie before the moment, and the other after it.
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
        # By kprobes, those that an interrupt queues while the program of one runs are told of in words, without a number.
        if any(missing["hook"] == "kprobe" for missing in self.capture["missing"]):
            unseen = [seen for seen in unseen if not seen.interrupt]
        self.judge("queued", unseen, self.missed("callback.queued"))
        heads = by_head(seen for seen in self.events if seen.event in QUEUED)

        def of_known_life(invocation):
            """Of one that the timeline saw queued; rcu_barrier()'s own are not queued by call_rcu()."""
            lives = [seen for seen in heads[invocation.head] if seen.ns <= invocation.ns]
            return bool(lives) and id(lives[-1]) in queued

        done = [callback for callback in callbacks if callback["invoked_ns"] is not None]
        invoked, unseen = self.compare("callback.invoked", INVOKED, done, "invoked_ns", of_known_life)
        # What kprobes skipped of them is told as lost (bpf/skipped.h).
        lost = sum(loss["count"] for loss in self.capture["lost"])
        self.judge("invoked", unseen, self.missed("callback.invoked") + lost)
        return len(queued), len(invoked)

    def judge(self, what, unseen, told):
        """What the tracer did not see must be what it tells that it did not see."""
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
