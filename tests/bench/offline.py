#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures what rcuscope takes to read recordings of growing size, beside trace-cmd, perf and zstd.

Captures of callbacks are made (make_capture): each is read, reported on and exported, and zstd decompresses the same
records; what is exported goes nowhere. `trace-cmd report` and `perf script` read recordings of their own, which are made in a guest of the bench, of a
million events or so, and print them to nowhere. Processor time of all threads, the time that passes, and the peak of
memory, everything on this machine.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"
KERNEL = "debian-6.1"
STEPS = {
    "report": ["report", "{capture}"],
    "json": ["export", "{capture}", "-o", "{folder}/out.json"],
    "perfetto": ["export", "{capture}", "-o", "{folder}/out.pftrace"],
}
PEERS = {
    "trace-cmd": ["trace-cmd", "report", "-i"],
    "perf": ["perf", "script", "-i"],
}


def run(command):
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        sys.exit(f"offline.py: {' '.join(map(str, command))}: exit code {code}")
    return {"seconds": usage.ru_utime + usage.ru_stime, "elapsed": time.monotonic() - began,
            "peak_mib": usage.ru_maxrss / 1024}


def least(runs):
    """The minimum of each number separately: other work on the machine may slow each one in a different run."""
    return {key: min(one[key] for one in runs) for key in runs[0]}


def best_of(rounds, command):
    runs = [run(command) for _ in range(rounds)]
    return {**least(runs), "peak_mib": max(one["peak_mib"] for one in runs)}


def read_only(arguments, capture):
    """Measures the reader by itself, and zstd on the same records."""
    lines = [subprocess.run([arguments.read_capture, capture], check=True, capture_output=True, text=True).stdout
             for _ in range(arguments.rounds)]
    return least([json.loads(line) for line in lines])


def per_event(one, events):
    return {**one, "ns_per_event": one["seconds"] * 1e9 / events, "elapsed_ns_per_event": one["elapsed"] * 1e9 / events}


def measure(arguments, events, folder, measured):
    """Returns the row of one size. Calls `measured` after each step, since some steps take minutes."""
    capture = f"{folder}/capture.rcu"
    for out in ("out.json", "out.pftrace"):
        os.symlink("/dev/null", f"{folder}/{out}")  # otherwise 25 GB, and a benchmark of the disk
    subprocess.run([arguments.make_capture, capture, str(events)], check=True, stdout=subprocess.DEVNULL)
    reading = read_only(arguments, capture)
    written = reading["events"]
    row = {"events": written, "bytes_per_event": os.stat(capture).st_size / written, "reading": reading, "steps": {}}
    for step in ("read", *arguments.steps):
        if step == "read":
            one = {"seconds": reading["reading_seconds"], "elapsed": reading["reading_elapsed"], "peak_mib": None}
        else:
            command = [word.format(capture=capture, folder=folder) for word in STEPS[step]]
            one = best_of(arguments.rounds, [arguments.rcuscope, *command])
        row["steps"][step] = per_event(one, written)
        measured(row, step)
    return row


def record_peers(folder):
    command = [ROOT / "tests/bench/cost.sh", "--kernel", KERNEL, "--rounds", "1", "--tools", " ".join(PEERS), "--keep", folder]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
        sys.exit("offline.py: the peers could not be recorded: what is missing is above; --no-peers measures without them")


def measure_peers(arguments):
    """Measures what each peer takes to print its own recording."""
    with tempfile.TemporaryDirectory() as made:
        folder = arguments.peers or made
        if not arguments.peers:
            record_peers(folder)
        result = {}
        for name, command in PEERS.items():
            command = [*command, pathlib.Path(folder) / KERNEL / f"{name}-1.data"]
            events = sum("queued:" in line or "invoked:" in line for line in peers.lines_of(command))
            best = best_of(arguments.rounds, command)
            result[name] = {"events": events, **per_event(best, events)}
        return result


def show_peers(beside):
    for name, peer in beside.items():
        print(f"{' '.join(PEERS[name][:2]):<17} {peer['events']:>9} events  {peer['seconds']:6.2f} s  "
              f"{peer['ns_per_event']:7.0f} ns each  {peer['peak_mib']:6.1f} MiB")
    print()


def show_head(beside):
    print(f"{'events':>11}  {'step':<9}{'seconds':>9}{'ns each':>9}{'elapsed':>9}{'ns each':>9}{'peak MiB':>10}  "
          + "".join(f"{name + ' takes':>17}" for name in beside) + "  to the size before: time, memory", flush=True)


def show_step(row, step, before, beside):
    one = row["steps"][step]
    peak = f"{one['peak_mib']:.1f}" if one["peak_mib"] else "-"
    ratios = "".join(f"{peer['ns_per_event'] / one['ns_per_event']:>7.1f} x,"
                     f"{peer['elapsed_ns_per_event'] / one['elapsed_ns_per_event']:>5.1f} x" for peer in beside.values())
    growth = ""
    if before:
        last = before["steps"][step]
        growth = f"  {one['seconds'] / last['seconds']:.1f} x"
        growth += f", {one['peak_mib'] / last['peak_mib']:.2f} x" if one["peak_mib"] else ""
    print(f"{row['events']:>11}  {step:<9}{one['seconds']:>9.2f}{one['ns_per_event']:>9.0f}{one['elapsed']:>9.2f}"
          f"{one['elapsed_ns_per_event']:>9.0f}{peak:>10}  {ratios}{growth}", flush=True)


def show_reading(rows):
    print()
    for row in rows:
        reading = row["reading"]
        for name, kind in (("reading_seconds", "processor time"), ("reading_elapsed", "time that passes")):
            print(f"{row['events']:>11} events: {row['bytes_per_event']:.2f} bytes each; reading in {kind} at "
                  f"{reading['zstd_seconds'] / reading[name]:.2f} of the speed at which zstd decompresses the same "
                  f"records ({reading['zstd_bytes'] / row['events']:.2f} bytes each), "
                  f"{reading['zstd_of_packed_seconds'] / reading[name]:.2f} of that at which it does the packed ones")


def main():
    parser = argparse.ArgumentParser(prog="offline.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="Examples:\n  tests/bench/offline.sh --json offline.json\n"
                                            "  tests/bench/offline.sh --events 1000000 --steps report --no-peers")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000, 100_000_000])
    parser.add_argument("--steps", nargs="+", choices=list(STEPS), default=list(STEPS), help="besides reading [all]")
    parser.add_argument("--rounds", type=int, default=1, help="the least of so many counts [1]")
    parser.add_argument("--peers", metavar="DIR", help="recordings that cost.sh --keep DIR has left, instead of new ones")
    parser.add_argument("--no-peers", action="store_true", help="rcuscope and zstd alone: needs no guest")
    parser.add_argument("--rcuscope", default=str(BUILD / "tracer" / "rcuscope"))
    parser.add_argument("--make-capture", default=str(BUILD / "tests" / "bench" / "make_capture"))
    parser.add_argument("--read-capture", default=str(BUILD / "tests" / "bench" / "read_capture"))
    parser.add_argument("--json", metavar="FILE", default="", help="all numbers, for programs; -: on stdout, after the table")
    arguments = parser.parse_args()
    beside = {} if arguments.no_peers else measure_peers(arguments)
    show_peers(beside)
    show_head(beside)
    rows = []
    for events in arguments.events:
        before = rows[-1] if rows else None
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
            rows.append(measure(arguments, events, folder, lambda row, step: show_step(row, step, before, beside)))
    show_reading(rows)
    peers.write_json(arguments.json, "rcuscope.bench.offline/1", sizes=rows, peers=beside)


if __name__ == "__main__":
    main()
