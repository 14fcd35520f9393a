# SPDX-License-Identifier: BSD-2-Clause
"""Compares what a timeline states about its rows with a count of the rows themselves: the
callbacks that each grace period released, the backlog, and the rows that others name by their place.
"""
import collections


def in_list(place, rows):
    return place is None or 0 <= place < len(rows)


def check_places(timeline, fails):
    sections = timeline["read_sections"]
    for period in timeline["grace_periods"]:
        holder = period["held_by"]
        if not holder:
            continue
        name = f"the holder of grace period {period['id']}"
        fails.true(f"{name}: no such quiescent state", in_list(holder["quiescent_state"], period["quiescent_states"]))
        fails.true(f"{name}: no such section", in_list(holder["read_section"], sections))
        fails.equal(f"{name}: a section", holder["kind"] == "read-section", holder["read_section"] is not None)
        if holder["read_section"] is not None:
            section = sections[holder["read_section"]]
            fails.equal(f"{name}: its section is of", (holder["tid"], holder["comm"], holder["function"]),
                        (section["tid"], section["comm"] or None, section["function"]))
    for section in sections:
        if section["end_ns"] is not None:
            fails.equal("a section had ended by", section["end_ns"], section["ended_by_ns"])
    for hazard in timeline["hazards"]:
        name = f"hazard {hazard['kind']}"
        fails.true(f"{name}: no such life", in_list(hazard["life"], timeline["modules"]))
        if hazard["life"] is not None:
            fails.equal(f"{name}: its module", hazard["module"], timeline["modules"][hazard["life"]]["name"])
        fails.equal(f"{name}: a span", hazard["from_ns"] is None, hazard["to_ns"] is None)
        fails.ordered(name, hazard["from_ns"], hazard["at_ns"], hazard["to_ns"])


def steps_of(callbacks, lost):
    """The level after each time at which callbacks were queued or stopped to be pending: (time, pending, unknown)."""
    losses = sorted(loss["to_ns"] for loss in lost)
    changes = collections.defaultdict(lambda: [0, 0])
    for one in callbacks:
        end = one["invoked_ns"]
        unseen = end is None and one["state"] == "unknown"
        if unseen:
            end = next((at for at in losses if at >= one["queued_ns"]), None)
        if end is None or end > one["queued_ns"]:
            changes[one["queued_ns"]][0] += 1
            if end is not None:
                changes[end][0] -= 1
        if unseen and end is not None:
            changes[max(end, one["queued_ns"])][1] += 1
    pending = unknown = 0
    for at in sorted(changes):
        pending += changes[at][0]
        unknown += changes[at][1]
        yield at, pending, unknown


def check_backlog(timeline, fails):
    callbacks = timeline["callbacks"]
    modules = {one["module"] for one in callbacks}
    rows = timeline["backlogs"]
    fails.equal("rows of the backlog", min(1, len(callbacks)) + (len(modules) if len(modules) > 1 else 0), len(rows))
    for row in rows:
        name = f"backlog of {row['of']} {row['module']}"
        of_it = callbacks if row["of"] == "all" else [one for one in callbacks if one["module"] == row["module"]]
        levels = list(steps_of(of_it, [loss for loss in timeline["capture"]["lost"] if loss["hook"] is None]))
        fails.equal(f"{name}: ascending", sorted(set(row["begin_ns"])), row["begin_ns"])
        points = []
        for at, pending, unknown in levels:
            while len(points) < len(row["begin_ns"]) and at >= row["begin_ns"][len(points)]:
                points.append([0, 0])
            fails.true(f"{name}: a level before its first point", points or not pending)
            if points:
                points[-1] = [max(points[-1][0], pending), unknown]
        fails.equal(f"{name}: points", [list(point) for point in zip(row["pending"], row["unknown"])], points)
        most = max((pending for _, pending, _ in levels), default=0)
        fails.equal(f"{name}: maximum", most, row["max"])
        fails.equal(f"{name}: when", next((at for at, pending, _ in levels if pending == most and most), None),
                    row["max_ns"])


def check_facts(timeline, fails):
    released = collections.Counter(one["grace_period"] for one in timeline["callbacks"])
    for period in timeline["grace_periods"]:
        fails.equal(f"callbacks that grace period {period['id']} released", released[period["id"]],
                    period["released_callbacks"])
    check_places(timeline, fails)
    check_backlog(timeline, fails)
