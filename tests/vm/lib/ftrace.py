# SPDX-License-Identifier: BSD-2-Clause
"""Checks a timeline against ftrace's function tracer, which saw the same time."""
import pathlib
import re
import sys


def read_ftrace(file):
    """(nanoseconds on the trace's clock, function, its caller) for each line of a function trace, sorted by time"""
    text = pathlib.Path(file).read_text(encoding="utf-8", errors="replace")
    counts = re.search(r"entries-in-buffer/entries-written: (\d+)/(\d+)", text)
    if not counts or counts[1] != counts[2]:
        sys.exit(f"{file}: ftrace itself is not whole: {counts and counts[0]}")
    entries = re.findall(r"^.*\s(\d+)\.(\d{6}): (\S+) <-(\S+)", text, re.M)
    return sorted((int(seconds) * 10**9 + int(micro) * 1000, function, caller) for seconds, micro, function, caller in entries)


# ftrace prints microseconds, rounded to the nearest.
FTRACE_ROUNDING = 500


def check_ftrace(timeline, trace, fails, queued, calls=None):
    """Checks each end of a grace period against ftrace, which saw rcu_gp_cleanup() be entered and then call
    __note_gp_changes() for the CPU's leaf. In a guest that leaf is the root. The ways see the end in this order:

        kprobe      its program runs before ftrace's at the entry, because it was registered later
        fentry      its program runs after ftrace's at the entry
        tracepoint  the announcement to the root comes after the call of __note_gp_changes()

    With CALLS also checks the number of calls of call_rcu() in each function of `queued`, which are rcucmap's.
    """
    start = timeline["capture"]["start_boottime_ns"]
    end = start + timeline["capture"]["end_ns"]
    margin = 2_000_000  # at the edges of the recording: attaching and detaching is not one moment
    entries = read_ftrace(trace)
    seen = [time for time, function, _ in entries
            if function == "rcu_gp_cleanup" and start - margin <= time <= end + margin]
    noted = [time for time, function, caller in entries
             if function == "__note_gp_changes" and caller.startswith("rcu_gp_cleanup")]
    ended = [period for period in timeline["grace_periods"] if not period["expedited"] and period["end_ns"] is not None]
    # At the edges of the recording only one of the two may have seen an event.
    while seen and len(seen) > len(ended) and seen[0] < start + margin:
        seen.pop(0)
    while seen and len(seen) > len(ended) and seen[-1] > end - margin:
        seen.pop()
    fails.equal("grace periods that ended, as ftrace counts them", len(seen), len(ended))
    fails.true("ftrace saw no grace period", seen)
    via = next(probe["via"] for probe in timeline["capture"]["probes"] if probe["hook"] == "gp.end")
    for period, time in zip(ended, seen) if len(seen) == len(ended) else ():
        before = max((each for each in noted if each < time), default=start - margin)
        note = min((each for each in noted if each >= time), default=None)
        fails.true(f"ftrace saw no call of __note_gp_changes() in the rcu_gp_cleanup() at {time}", note)
        at = start + period["end_ns"]
        cleaned = None if period["cleaned_ns"] is None else start + period["cleaned_ns"] + FTRACE_ROUNDING
        low, high = {"kprobe": (before, time), "tracepoint": (note, cleaned)}.get(via, (time, note))
        fails.ordered(f"end of grace period {period['id']}, by {via}, and ftrace", low and low - FTRACE_ROUNDING, at,
                      high and high + FTRACE_ROUNDING)
    if calls:
        callers = [caller for _, function, caller in read_ftrace(calls) if function == "call_rcu"]
        # bucket_remove() ends in a tail call to call_rcu(). If its return is probed, ftrace cannot name the caller.
        names = {"cmap_set": r"cmap_set", "cmap_remove": r"cmap_remove|bucket_remove.*|\[unknown/kretprobe'd\]"}
        for function, expected in queued.items():
            known = [caller for caller in callers if re.fullmatch(names[function], caller)]
            fails.equal(f"calls of call_rcu() in {function}, as ftrace counts them", expected, len(known))
