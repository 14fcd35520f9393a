# SPDX-License-Identifier: BSD-2-Clause
"""Compares two timelines of the same time. One saw RCU by its tracepoints, the other by the entries and returns of the
functions that contain these tracepoints. Both are compared on the kernel's clock.

Everything within the life of a module must be in both timelines; both recorders start before the module is loaded. The
other timeline may miss only what it reports itself: calls that the kernel hid from its programs (`missed`), and spans
with losses (`lost`).
"""
import bisect
import collections


class Side:
    def __init__(self, timeline, module):
        capture = timeline["capture"]
        self.timeline = timeline
        self.base = capture["start_boottime_ns"]
        life = next(life for life in timeline["modules"] if life["name"] == module)
        self.begin, self.end = self.at(life["loaded_ns"]), self.at(life["freed_ns"])
        self.via = {probe["hook"]: probe["via"] for probe in capture["probes"]}
        self.name = self.via["gp.start"]
        self.missed = {probe["hook"]: probe["missed"] for probe in capture["probes"]}
        self.lost = [(self.at(loss["from_ns"]), self.at(loss["to_ns"])) for loss in capture["lost"]
                     if loss["hook"] is None]
        self.periods = {period["id"]: period for period in timeline["grace_periods"]}

    def at(self, time):
        return None if time is None else self.base + time

    def times(self, entry, *names):
        return [self.at(entry[name]) for name in names]

    def gp_seq_of(self, callback):
        period = self.periods.get(callback["grace_period"])
        return period and (period["expedited"], period["gp_seq"])

    def stack(self, entry):
        return None if entry["stack"] is None else self.timeline["stacks"][entry["stack"]]

    def may_have_lost(self, begin, end):
        return any(begin <= to and start <= end for start, to in self.lost)


class Window:
    """The time in which both recorders were attached. Both must have an entry that lies wholly in the window."""

    def __init__(self, one, other):
        self.begin, self.end = max(one.begin, other.begin), min(one.end, other.end)

    def has(self, *times):
        return all(time is not None and self.begin <= time <= self.end for time in times)


def check_periods(one, other, window, fails):
    def of(side):
        return {(period["expedited"], period["gp_seq"]): period for period in side.timeline["grace_periods"]}

    def within(side):
        return {key for key, period in of(side).items() if window.has(*side.times(period, "start_ns", "end_ns"))}

    ours, theirs = of(one), of(other)
    for key in sorted(within(one) ^ within(other)):
        # If the grace period is in the window for one side only, it must be at the edge for the other side, or it is
        # missing.
        fails.true(f"grace period {key}: only one of both has it", key in ours and key in theirs)
    for key in sorted(within(one) & within(other)):
        check_period(f"grace period {key}, also by {other.name}", one, other, ours[key], theirs[key], fails)
    normal = [key for key in within(one) & within(other) if not key[0]]
    fails.true(f"too few grace periods to compare: {len(normal)}", len(normal) >= 5)
    fails.true("no expedited grace period to compare", len(within(one) & within(other)) > len(normal))


def check_period(name, one, other, ours, theirs, fails):
    start, end, cleaned = one.times(ours, "start_ns", "end_ns", "cleaned_ns")
    their_start, their_end, their_cleaned = other.times(theirs, "start_ns", "end_ns", "cleaned_ns")
    if ours["expedited"]:
        fails.ordered(f"{name}: starts", start, their_start)
        fails.ordered(f"{name}: ends", end, their_end)
        return
    fails.equal(f"{name}: uncertainty of its start", 0, ours["start_uncertainty_ns"])
    fails.ordered(f"{name}: start", their_start - theirs["start_uncertainty_ns"], start, their_start)
    fails.ordered(f"{name}: end", their_end, end, cleaned, their_cleaned)
    if other.via["gp.requested"] != "kprobe": # it may miss requests by interrupts
        fails.ordered(f"{name}: requested", *other.times(theirs, "requested_ns"), *one.times(ours, "requested_ns"))
    fails.equal(f"{name}: forced scans", theirs["scans"], ours["scans"])
    fails.ordered(f"{name}: first scan", *one.times(ours, "first_scan_ns"), *other.times(theirs, "first_scan_ns"))
    check_quiescent_states(name, one, other, ours["quiescent_states"], theirs["quiescent_states"], fails)


def check_quiescent_states(name, one, other, ours, theirs, fails):
    def what(state):
        return (state["kind"], tuple(state["cpus"]), state["last"], state["blocked_readers"])

    fails.true(f"{name}: no quiescent state", ours)
    if other.via["gp.quiescent"] == "kprobe": # it may miss states that an interrupt reports
        known = {what(state)[:2] for state in theirs}
        ours = [state for state in ours if what(state)[:2] in known]
    fails.equal(f"{name}: quiescent states", [what(state) for state in theirs], [what(state) for state in ours])
    for their, our in zip(theirs, ours):
        fails.ordered(f"{name}: quiescent state of {our['cpus']}", other.at(their["at_ns"]), one.at(our["at_ns"]))


def pairs_of_callbacks(one, other, callbacks):
    """Pairs each callback of one side with the last entry of call_rcu() before it that the other side saw with the same
    rcu_head. If that entry's callback had run by then, it is a different one: the kernel hid this call from the other
    side. The entry must also be later than this side's previous call with that head."""
    by_head = collections.defaultdict(list)
    for callback in other.timeline["callbacks"]:
        by_head[callback["head"]].append((other.at(callback["queued_ns"]), callback))
    before = {} # last call with each rcu_head
    for callback in callbacks:
        queued = one.at(callback["queued_ns"])
        entries = by_head[callback["head"]]
        at = bisect.bisect_right(entries, queued, key=lambda entry: entry[0]) - 1
        entered, theirs = entries[at] if at >= 0 else (0, None)
        ran = theirs and other.at(theirs["invoked_ns"])
        fits = entered > before.get(callback["head"], 0) and (ran is None or ran >= queued)
        before[callback["head"]] = queued
        yield callback, theirs if fits else None


def check_callbacks(one, other, window, fails):
    callbacks = one.timeline["callbacks"]
    if other.via["callback.queued"] == "kprobe": # it may miss callbacks that an interrupt queues
        callbacks = [callback for callback in callbacks if callback["queued_context"] == "task"]
    hidden = other.missed["callback.queued"] + other.missed["callback.invoked"]
    compared = strayed = 0
    for ours, theirs in pairs_of_callbacks(one, other, callbacks):
        queued, invoked, done = one.times(ours, "queued_ns", "invoked_ns", "done_ns")
        if not window.has(queued, invoked, done):
            continue
        if theirs is None or theirs["invoked_ns"] is None or theirs["done_ns"] is None:
            if not other.may_have_lost(queued, done):
                hidden -= 1
                fails.true(f"by {other.name} more callbacks are missing than were missed, such as {ours}: {theirs}", hidden >= 0)
            continue
        compared += 1
        check_callback(one, other, ours, theirs, fails)
        # Between the entry of call_rcu() and the enqueueing a task may move to another CPU, and an interrupt may
        # assign the callbacks of the list. Then the callback was on another list than the other side saw, or was not
        # on the list yet.
        expected, actual = other.gp_seq_of(theirs), one.gp_seq_of(ours)
        if expected is None or expected == actual:
            continue
        strayed += 1
        fails.true(f"callback {ours['id']}: grace period: by {other.name} {expected}, by {one.name} {actual}",
                   ours["queued_cpu"] != theirs["queued_cpu"] or expected < actual)
    fails.true(f"too few callbacks to compare: {compared}", compared >= 1000)
    fails.true(f"by {other.name} {strayed} of {compared} callbacks have another grace period", strayed <= compared / 10)


def check_callback(one, other, ours, theirs, fails):
    name = f"callback {ours['id']}"
    queued, invoked, done = one.times(ours, "queued_ns", "invoked_ns", "done_ns")
    their_queued, their_invoked, their_done = other.times(theirs, "queued_ns", "invoked_ns", "done_ns")
    fails.known(name, ours, "grace_period")
    for member in ("function", "caller", "queued_tid", "invoked_cpu", "context", "state"):
        fails.equal(f"{name}: {member}", theirs[member], ours[member])
    fails.equal(f"{name}: stack", *uncut(other.stack(theirs), one.stack(ours)))
    fails.ordered(f"{name}: queued", their_queued, queued)
    # Both "done" times are before the next callback's invocation or the end of the batch, whichever comes first.
    fails.ordered(f"{name}: invoked", their_invoked, invoked, min(done, their_done))


def uncut(*stacks):
    """Cuts all stacks to the length of the shortest. The kernel cuts them after 32 frames, which include the tracers' own
    frames: up to eight, because another user of a tracepoint adds one."""
    if None in stacks or min(len(stack) for stack in stacks) < 32 - 8:
        return stacks
    return [stack[:min(len(stack) for stack in stacks)] for stack in stacks]


def check_waits(one, other, window, fails):
    def of(side):
        return [wait for wait in side.timeline["waits"]
                if wait["kind"] == "rcu_barrier" and window.has(*side.times(wait, "begin_ns", "end_ns"))]

    ours, theirs = of(one), of(other)
    fails.true("no wait in rcu_barrier() to compare", ours)
    # The kernel may skip the program of a kprobe without counting it.
    if other.missed["wait.rcu_barrier"] or other.via["wait.rcu_barrier"] == "kprobe":
        seen = [wait["tid"] for wait in theirs]
        ours = [wait for wait in ours if wait["tid"] in seen]
    ours = [wait for wait in ours if not other.may_have_lost(*one.times(wait, "begin_ns", "end_ns"))]
    theirs = [wait for wait in theirs if not other.may_have_lost(*other.times(wait, "begin_ns", "end_ns"))]
    fails.equal(f"waits in rcu_barrier(), also by {other.via['wait.rcu_barrier']}", [(wait["tid"], wait["caller"]) for wait in theirs],
                [(wait["tid"], wait["caller"]) for wait in ours])
    for our, their in zip(ours, theirs):
        begin, end = one.times(our, "begin_ns", "end_ns")
        their_begin, their_end = other.times(their, "begin_ns", "end_ns")
        fails.ordered("a wait in rcu_barrier()", their_begin, begin, end, their_end)


def check_same(timeline, other_timeline, module, fails):
    one, other = Side(timeline, module), Side(other_timeline, module)
    window = Window(one, other)
    fails.equal("hooks", sorted(one.via), sorted(other.via))
    fails.equal("losses by tracepoints", [], one.lost)
    check_periods(one, other, window, fails)
    check_callbacks(one, other, window, fails)
    check_waits(one, other, window, fails)
