#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares sets of summaries drawn from a folder, and counts the verdicts.

    check_rates.py RCUSCOPE FOLDER TRIES RUNS

Summaries have the names KIND-*.json; kind "base" is the unchanged load. The draws are seeded: the same folder gives the
same rates.
"""
import json
import pathlib
import random
import subprocess
import sys

RCUSCOPE, FOLDER, TRIES, RUNS = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

# Text that must appear in the result: the cause of the longest grace periods, or the setting that differs.
CAUSES = {
    "reader": "rcu_unload:read_long",
    "first_fqs": "jiffies_till_first_fqs",
    "busy_cpu": "rcu_hog",
}
VERDICTS = ("same", "better", "not enough data to tell", "worse")


def check(current, baseline):
    done = subprocess.run([RCUSCOPE, "check", *current, *(f"--baseline={file}" for file in baseline), "--json"],
                          capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def rates(kind, kinds):
    """Number of each verdict, and how many of the "worse" ones name the cause."""
    draw = random.Random(kind)
    counts = dict.fromkeys(VERDICTS, 0)
    named = 0
    for _ in range(TRIES):
        if kind == "base":
            both = draw.sample(kinds["base"], 2 * RUNS)
            current, baseline = both[:RUNS], both[RUNS:]
        else:
            current, baseline = draw.sample(kinds[kind], RUNS), draw.sample(kinds["base"], RUNS)
        result = check(current, baseline)
        verdict = result["comparison"]["verdict"]
        counts[verdict] += 1
        told = [held["text"] for held in result["longest_grace_periods"]]
        told += [difference["setting"] for difference in result["comparison"]["differences"]]
        named += verdict == "worse" and any(CAUSES.get(kind, "\0") in text for text in told)
    return counts, named


def main():
    kinds = {}
    for file in sorted(FOLDER.glob("*.json")):
        kinds.setdefault(file.name.split("-")[0], []).append(str(file))
    print(f"{TRIES} comparisons each, of {RUNS} recordings with {RUNS}; drawn from "
          + ", ".join(f"{len(files)} {kind}" for kind, files in kinds.items()))
    print(f"{'current':12}{'same':>6}{'better':>8}{'unknown':>9}{'worse':>7}{'cause named':>13}")
    holds = True
    for kind in kinds:
        counts, named = rates(kind, kinds)
        print(f"{kind:12}" + "".join(f"{counts[verdict]:>{width}}" for verdict, width in zip(VERDICTS, (6, 8, 9, 7)))
              + (f"{named:>13}" if kind in CAUSES else ""), flush=True)
        wanted = counts["same" if kind == "base" else "worse"]
        holds &= wanted * 100 >= 95 * TRIES and (kind not in CAUSES or named * 100 >= 95 * TRIES)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
