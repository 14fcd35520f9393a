#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts what each tool stored of a load, and prints what it cost: the second half of cost.sh.

    cost.py RCUSCOPE JSON FOLDER...

Each FOLDER holds what cost.guest.sh left in /out. JSON is a file, "-" for stdout, "" for none.
"""
import re
import statistics
import sys

from peers import guest, measure_kernels, measure_run, read_run

OURS = ("rcuscope", "rcuscope-summary")


def median(runs, member):
    values = [run[member] for run in runs if run[member] is not None]
    return statistics.median(values) if values else None


def measure_tool(tool, rcuscope, folder):
    empty = read_run(folder / f"{tool}-empty.run")["bytes"]
    names = sorted(file.stem for file in folder.glob(f"{tool}-*.run") if re.fullmatch(rf"{tool}-\d+", file.stem))
    runs = [measure_run(tool, rcuscope, folder, name, empty) for name in names]
    members = ("callbacks_per_second", "ns_per_callback", "idle_share", "bytes_per_event")
    return {
        **{member: median(runs, member) for member in members},
        "events": sum(run["events"] for run in runs),
        "events_lost": None if tool == "none" else sum(run["events_lost"] for run in runs),
        "empty_bytes": empty,
        "runs": runs,
    }


def measure_kernel(rcuscope, folder):
    tools = sorted({file.stem.rpartition("-")[0] for file in folder.glob("*.run")})
    tools = {tool: measure_tool(tool, rcuscope, folder) for tool in tools}
    for tool in tools.values():
        tool["overhead_ns"] = tool["ns_per_callback"] - tools["none"]["ns_per_callback"]
        tool["rate_to_none"] = tool["callbacks_per_second"] / tools["none"]["callbacks_per_second"]
    peers = [name for name in tools if name != "none" and not name.startswith("rcuscope")]
    return {
        **guest(folder),
        "tools": tools,
        # Ratio of the overheads: below 1 rcuscope costs less.
        **{f"{ours}_to".replace("-", "_"): {name: tools[ours]["overhead_ns"] / tools[name]["overhead_ns"] for name in peers}
           if ours in tools else {} for ours in OURS},
    }


def print_kernel(result):
    tools = result["tools"]
    rounds = len(tools["none"]["runs"])
    print(f"{result['kernel']} ({result['release']}, clocksource {result['clocksource']}): medians of {rounds} runs")
    print(f"{'':17}{'callbacks/s':>12}{'of none':>9}{'ns each':>9}{'ns added':>10}{'events lost':>13}{'bytes/event':>13}{'idle':>7}")
    for name, tool in sorted(tools.items(), key=lambda item: item[1]["ns_per_callback"]):
        traced = name != "none"
        print(f"{name:17}{tool['callbacks_per_second']:>12.0f}{tool['rate_to_none']:>9.2f}{tool['ns_per_callback']:>9.0f}"
              + (f"{tool['overhead_ns']:>10.0f}{tool['events_lost'] / tool['events']:>13.2%}"
                 f"{tool['bytes_per_event'] or float('nan'):>13.1f}" if traced else f"{'':36}")
              + f"{tool['idle_share']:>7.0%}")
    for ours in OURS:
        for name, ratio in sorted(result[f"{ours}_to".replace("-", "_")].items(), key=lambda item: -item[1]):
            print(f"  {ours} adds {ratio:.2f} times what {name} adds")
    print()


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    measure_kernels("rcuscope.bench.cost/1", measure_kernel, print_kernel, *sys.argv[1:])
