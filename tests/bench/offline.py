#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures what rcuscope takes to read captures of growing size.

Captures of callbacks are made (make_capture), and each is reported on and exported. Prints the processor time, the
events a second, and the peak of memory; the last column is how both grow from one size to the next.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"
STEPS = {
    "info": ["info", "{capture}"],
    "report": ["report", "{capture}"],
    "json": ["export", "{capture}", "-o", "{folder}/out.json"],
    "perfetto": ["export", "{capture}", "-o", "{folder}/out.pftrace"],
}


def run(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        sys.exit(f"offline.py: {' '.join(command)}: exit code {code}")
    return {"seconds": usage.ru_utime + usage.ru_stime, "peak_mib": usage.ru_maxrss / 1024}


def measure(arguments, events, folder):
    capture = f"{folder}/capture.rcu"
    made = subprocess.run([arguments.make_capture, capture, str(events)], check=True, capture_output=True, text=True)
    written = int(made.stdout.split()[0])
    size = os.stat(capture).st_size
    row = {"events": written, "bytes_per_event": size / written, "steps": {}}
    for step in arguments.steps:
        command = [word.format(capture=capture, folder=folder) for word in STEPS[step]]
        best = min((run([arguments.rcuscope, *command]) for _ in range(arguments.rounds)), key=lambda r: r["seconds"])
        row["steps"][step] = {**best, "events_per_second": written / max(best["seconds"], 1e-9)}
    return row


def show(rows, steps):
    print(f"{'events':>11}  {'step':<9} {'seconds':>9} {'events/s':>10} {'peak MiB':>9}  time, memory to the size before")
    before = None
    for row in rows:
        for step in steps:
            one = row["steps"][step]
            growth = ""
            if before:
                last = before["steps"][step]
                growth = f"{one['seconds'] / last['seconds']:.1f} x, {one['peak_mib'] / last['peak_mib']:.2f} x"
            print(f"{row['events']:>11}  {step:<9} {one['seconds']:>9.2f} {one['events_per_second']:>10.0f} "
                  f"{one['peak_mib']:>9.1f}  {growth}")
        before = row


def main():
    parser = argparse.ArgumentParser(prog="offline.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="Examples:\n  tests/bench/offline.sh\n"
                                            "  tests/bench/offline.sh --events 1000000 --steps info report")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000, 100_000_000])
    parser.add_argument("--steps", nargs="+", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--rounds", type=int, default=1, help="the shortest of so many counts")
    parser.add_argument("--rcuscope", default=str(BUILD / "tracer" / "rcuscope"))
    parser.add_argument("--make-capture", default=str(BUILD / "tests" / "bench" / "make_capture"))
    parser.add_argument("--json", help="all numbers, to this file")
    arguments = parser.parse_args()
    rows = []
    for events in arguments.events:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
            rows.append(measure(arguments, events, folder))
    show(rows, arguments.steps)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"rows": rows}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
