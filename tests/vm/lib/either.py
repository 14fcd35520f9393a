#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: either.py RUN.json TRACE FUNCTION
Compares the grace period of each callback of FUNCTION in a timeline with what the kernel's lists did, as fprobe events
of ftrace show it (tests/vm/test_expedited.sh has the events): each enqueue, each assignment, and each advance with the
kernel's own sequence numbers. FUNCTION is the only callback function of a module that is gone when the trace is read,
so the trace shows its address without a name. Prints the counts as words NAME=COUNT."""
import collections
import json
import re
import sys

LINE = re.compile(r"-(?P<tid>\d+) +\[(?P<cpu>\d+)\] \S+ +(?P<time>[\d.]+): (?P<event>\w+): \([^)]*\) (?P<fields>.*)")


def events(path):
    with open(path, encoding="utf-8", errors="replace") as trace:
        for line in trace:
            found = LINE.search(line)
            if found:
                fields = dict(re.findall(r"(\w+)=(\S+(?: \[\w+\])?)", found["fields"]))
                place = int(found["cpu"]), int(found["tid"]), float(found["time"]) * 1e9
                yield found["event"], place, fields


def reached(sequence, wanted):
    """Whether a sequence number has reached another; both wrap at 64 bits."""
    return (sequence - wanted) % 2**64 < 2**63


# The trace has microseconds.
CLOCK_NS = 1000


class Callback:
    def __init__(self, tid, at):
        self.tid, self.at = tid, at
        self.assigned_before = 0  # time of the last assignment of its list before it was enqueued
        self.waits_for = None  # (normal, expedited)
        self.released = None  # the sequence numbers at the first advance that could release it, before and after
        self.invoked = False


def simulate(path):
    """The callbacks of the module in order of their enqueueing."""
    lists, by_head, found, advancing, assigned = collections.defaultdict(list), {}, [], {}, {}
    for event, (cpu, tid, at), fields in events(path):
        if event == "enqueued":
            callback = Callback(tid, at)
            callback.assigned_before = assigned.get(fields["list"], 0)
            lists[fields["list"]].append(callback)
            if fields["func"].startswith("0x"):
                by_head[fields["head"]] = callback
                found.append(callback)
        elif event == "assigned" and int(fields["ret"]) & 0xFF:
            state = int(fields["norm"]), int(fields["exp"])
            assigned[fields["list"]] = at
            for callback in lists[fields["list"]]:
                if callback.waits_for is None or reached(callback.waits_for[0], state[0]):
                    callback.waits_for = state
        elif event == "advance":
            advancing[cpu] = int(fields["norm"]), int(fields["exp"])
        elif event == "advanced" and cpu in advancing:
            release(lists[fields["list"]], advancing.pop(cpu), (int(fields["norm"]), int(fields["exp"])))
        elif event == "dequeue" and fields["head"] in by_head:
            by_head.pop(fields["head"]).invoked = True
    return found


def release(waiting, before, after):
    while waiting and waiting[0].waits_for:
        wanted = waiting[0].waits_for
        if not any(reached(now, each) for now, each in zip(after, wanted)):
            break
        waiting.pop(0).released = before, after


def number_after(row):
    """The sequence number at the end of a grace period."""
    return ((row["gp_seq"] | 3) + 1) % 2**64


def ended_together(wanted, by_number):
    """Whether the timeline does not show which of two grace periods ended first."""
    rows = [by_number.get((expedited, wanted[expedited])) for expedited in (False, True)]
    if any(row is None or row["end_ns"] is None or row["cleaned_ns"] is None for row in rows):
        return False
    return all(a["end_ns"] < b["cleaned_ns"] for a, b in (rows, rows[::-1]))


def judge(row, callback, grace_periods, by_number, counts):
    wanted, (before, after) = callback.waits_for, callback.released
    over = [reached(now, each) for now, each in zip(before, wanted)]
    maybe = [reached(now, each) for now, each in zip(after, wanted)]
    said = grace_periods.get(row["grace_period"])
    if said is None:
        counts["together" if ended_together(wanted, by_number) else "unknown"] += 1
        return
    expedited = said["expedited"]
    right = number_after(said) == wanted[expedited] and maybe[expedited]
    kind = "expedited" if expedited else "normal"
    counts[kind if right else "wrong"] += 1
    if not right:
        print(f"wrong: {row} {said} wanted {wanted} before {before} after {after}", file=sys.stderr)
    elif not all(maybe):
        counts["only_" + kind] += over[expedited]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        timeline = json.load(file)
    rows = [row for row in timeline["callbacks"] if row["function"] == sys.argv[3]]
    found = simulate(sys.argv[2])
    counts = collections.Counter(callbacks=len(rows), enqueued=len(found))
    by_task = collections.defaultdict(collections.deque)
    for callback in found:
        by_task[callback.tid].append(callback)
    grace_periods = {row["id"]: row for row in timeline["grace_periods"]}
    by_number = {(row["expedited"], number_after(row)): row for row in timeline["grace_periods"]}
    start = timeline["capture"]["start_boottime_ns"] - CLOCK_NS
    for row in rows:
        enqueued = by_task[row["queued_tid"]]
        # Calls that the recorder's program missed have no row.
        while enqueued and enqueued[0].at < start + row["queued_ns"]:
            enqueued.popleft()
            counts["without_row"] += 1
        if not enqueued:
            counts["unmatched"] += 1
            continue
        callback = enqueued.popleft()
        if callback.released is None or not callback.invoked:
            counts["not_released"] += 1
        elif callback.assigned_before >= start + row["queued_ns"]:
            # An interrupt assigned the callbacks of the list between the entry of call_rcu() and the enqueueing. The
            # recorder sees only the entry.
            counts["raced"] += 1
        else:
            judge(row, callback, grace_periods, by_number, counts)
    print(" ".join(f"{key}={value}" for key, value in sorted(counts.items())))


main()
