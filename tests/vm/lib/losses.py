# SPDX-License-Identifier: BSD-2-Clause
"""Checks a recording of rcucmap by kprobes, whose programs the kernel may skip (bpf/missed_kprobes.h): whatever is
unknown is explained by a reported loss. Without a loss nothing may be unknown."""
import re


# The record of a loss, from which on the list of callbacks is not known, comes a moment after the loss.
RECORDED_AFTER_LOSS = 1_000_000


def check_explained(timeline, fails, log, callbacks, sections):
    """`log`: the kernel's; `callbacks`: their number in the life of rcucmap; `sections`: those of rcucmap"""
    capture = timeline["capture"]

    lost = [loss for loss in capture["lost"] if loss["hook"] is None]

    def lost_between(begin, end):
        return any(begin <= loss["to_ns"] + RECORDED_AFTER_LOSS and loss["from_ns"] <= end for loss in lost)

    fails.equal("capture.complete", True, capture["complete"])
    fails.equal("callbacks", callbacks, len(timeline["callbacks"]))
    unknown = [callback for callback in timeline["callbacks"] if callback["state"] != "done"]
    for callback in timeline["callbacks"]:
        end = capture["end_ns"] if callback["invoked_ns"] is None else callback["invoked_ns"]
        fails.true(f"neither known nor lost: the end of {callback}",
                   callback["state"] == "done" or
                   callback["state"] == "unknown" and lost_between(callback["queued_ns"], capture["end_ns"]))
        fails.true(f"neither known nor lost: the grace period of {callback}",
                   callback["grace_period"] is not None or lost_between(callback["queued_ns"], end))
    fails.true(f"more callbacks of unknown fate than losses: {unknown}",
               len(unknown) <= sum(loss["count"] for loss in lost))
    reads = re.findall(r"rcucmap: reads=(\d+)", log)
    fails.equal("lives in the module's log", 1, len(reads))
    # Each section has two sites, and a program that was skipped at either of them is counted.
    missed = sum(probe["missed"] for probe in capture["probes"] if probe["hook"] == "module.readers")
    seen = timeline["host"]["preempt_rcu"]
    fails.true(f"{len(sections)} sections of {reads}, with {missed} sites missed",
               all(int(number) - missed <= len(sections) <= int(number) for number in reads) or not seen and not sections)
    fails.true("more sections without an end than sites missed",
               sum(section["end_ns"] is None for section in sections) <= missed)
    fails.equal("hazards", [], timeline["hazards"])
