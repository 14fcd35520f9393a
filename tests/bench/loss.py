#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts what each tool lost of a load that was turned up, and prints from where on: the second half of loss.sh.

    loss.py RCUSCOPE JSON FOLDER...

Each FOLDER holds what loss.guest.sh left in /out. JSON is a file, "-" for stdout, "" for none.
"""
import sys

from peers import guest, measure_kernels, measure_run

KINDS = {"rate": "callbacks a second", "burst": "callbacks at once"}


def measure_tool(tool, rcuscope, folder, kind):
    """All runs of a tool, ordered by the requested rate or burst."""
    runs = []
    for file in folder.glob(f"{tool}-{kind}-*.run"):
        run = measure_run(tool, rcuscope, folder, file.stem, 0)
        runs.append({"asked": int(file.stem.rpartition("-")[2]), **run})
    return sorted(runs, key=lambda run: run["asked"])


def lossless(runs, kind):
    """The highest load up to which no run lost anything; for rates, the rate that was reached, not the requested one."""
    most = None
    for run in runs:
        if run["events_lost"]:
            break
        most = run["callbacks_per_second"] if kind == "rate" else run["asked"]
    return most


def measure_kernel(rcuscope, folder):
    names = sorted({file.stem.partition("-rate-")[0] for file in folder.glob("*-rate-*.run")})
    tools = {name: {kind: measure_tool(name, rcuscope, folder, kind) for kind in KINDS} for name in names}
    return {
        **guest(folder),
        "tools": tools,
        "lossless": {name: {kind: lossless(runs, kind) for kind, runs in tool.items()} for name, tool in tools.items()},
    }


def lost_text(run):
    if run is None:
        return "-"
    if not run["events_lost"]:
        return "0"
    # Never "0 %" for a run that lost something.
    return f"{max(run['events_lost'] / run['events'], 0.0001):.2%}"


def print_kernel(result):
    print(f"{result['kernel']} ({result['release']}, clocksource {result['clocksource']}): share of the events that was lost")
    for kind, what in KINDS.items():
        steps = sorted({run["asked"] for tool in result["tools"].values() for run in tool[kind]})
        print(f"  {what:20}" + "".join(f"{step:>10}" for step in steps) + f"{'none up to':>14}")
        for name, tool in result["tools"].items():
            runs = {run["asked"]: run for run in tool[kind]}
            most = result["lossless"][name][kind]
            print(f"  {name:20}" + "".join(f"{lost_text(runs.get(step)):>10}" for step in steps)
                  + f"{'-' if most is None else most:>14}")
    print()


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    measure_kernels("rcuscope.bench.loss/1", measure_kernel, print_kernel, *sys.argv[1:])
