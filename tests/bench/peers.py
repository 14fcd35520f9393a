# SPDX-License-Identifier: BSD-2-Clause
"""Reads the results of peers.guest.sh: what the load counted in each run, and how much of it each tool stored."""
import collections
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

# Maximum size of the module's code.
CODE = 1 << 16

Stored = collections.namedtuple("Stored", "queued invoked")


def read_run(file):
    """The guest's results of a run: numbers by name, and the lists of /proc/stat."""
    run = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.startswith("stat_"):
            run[name] = [int(number) for number in value.split()]
        else:
            run[name] = int(value, 0)
    return run


def idle_share(run):
    """Idle share of the time of all CPUs, from before the load was loaded until after it was freed."""
    spent = [after - before for before, after in zip(run["stat_before"], run["stat_after"])][:8]
    return (spent[3] + spent[4]) / sum(spent)


def lines_of(command):
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace") as process:
        yield from process.stdout
    if process.returncode:
        sys.exit(f"peers.py: {' '.join(map(str, command))} ended with {process.returncode}")


def stored_by_rcuscope(rcuscope, file):
    with tempfile.TemporaryDirectory() as folder:
        summary = pathlib.Path(folder) / "summary.json"
        subprocess.run([rcuscope, "summarize", file, "-o", summary], check=True, stderr=subprocess.DEVNULL)
        return stored_in_summary(summary)


def stored_in_summary(file):
    summary = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))
    # This number excludes invocations whose queueing record was lost, so these count as lost.
    return Stored(summary["counts"]["callbacks.queued"], summary["durations"]["callback.latency"]["count"])


def stored_by_bpftrace(file, is_code):
    queued, invoked, unnamed = 0, 0, []
    first, last = float("inf"), 0
    with open(file, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            words = line.split()
            if len(words) not in (5, 6) or words[0] not in "qi":
                continue
            head = int(words[4], 16)
            if len(words) == 5:
                unnamed.append(head)
            elif is_code(words[5]):
                queued += words[0] == "q"
                invoked += words[0] == "i"
                first, last = min(first, head), max(last, head)
    # A queueing line without a function is recognized by its head: the heads of the load are adjacent.
    return Stored(queued + sum(first <= head <= last for head in unnamed), invoked)


# At the end of a batch the list is empty (head 0). The function is then stale.
EVENT = re.compile(r"\b(queued|invoked|rcu_callback|rcu_invoke_callback):.*\b(?:head|rhp)=(?!(?:0x)?0\b).*\bfunc=(?:0x)?(\w+)")


def stored_in_text(lines, is_code):
    counts = collections.Counter()
    for line in lines:
        event = EVENT.search(line)
        if event and is_code(event[2]):
            counts[event[1]] += 1
    return Stored(counts["queued"] + counts["rcu_callback"], counts["invoked"] + counts["rcu_invoke_callback"])


def stored(tool, rcuscope, file, text):
    def is_code(function):
        # trace-cmd knows no module that was loaded later. It gives addresses beyond the kernel the name of its last
        # symbol.
        if not re.fullmatch("[0-9a-f]+", function):
            return function == "_end"
        return text <= int(function, 16) < text + CODE

    if tool == "none":
        return Stored(0, 0)
    if tool == "rcuscope":
        return stored_by_rcuscope(rcuscope, file)
    if tool == "rcuscope-summary":
        return stored_in_summary(file)
    if tool.startswith("bpftrace"):
        return stored_by_bpftrace(file, is_code)
    # Raw output: function names would be resolved on this machine, not in the guest.
    if tool == "trace-cmd":
        return stored_in_text(lines_of(["trace-cmd", "report", "-R", "-i", file]), is_code)
    return stored_in_text(lines_of(["perf", "script", "-i", file, "--fields", "event,trace"]), is_code)


def measure_run(tool, rcuscope, folder, name, empty_bytes):
    run = read_run(folder / f"{name}.run")
    events = run["queued"] + run["invoked"]
    has = stored(tool, rcuscope, folder / f"{name}.data", run["text"])
    if sum(has) > events:
        sys.exit(f"peers.py: {folder / name}: {has} stored of {events} that there were")
    return {
        "callbacks": run["invoked"],
        "callbacks_per_second": run["invoked_per_second"],
        "ns_per_callback": run["elapsed_us"] * 1000 / run["invoked"],
        "waited_for_room": run["full"],
        "idle_share": idle_share(run),
        "events": events,
        "events_stored": sum(has),
        "events_lost": None if tool == "none" else events - sum(has),
        "bytes": run["bytes"],
        "bytes_per_event": (run["bytes"] - empty_bytes) / sum(has) if sum(has) else None,
    }


def guest(folder):
    """The kernel, and the clock that its tracers read (from the files in `folder`)."""
    facts = {name: (folder / name).read_text(encoding="utf-8").strip() for name in ("release", "clocksource")}
    return {"kernel": folder.name, **facts}


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def write_json(file, schema, **members):
    """Adds the machine. Writes the file completely or not at all; "-" is stdout, an empty name means no output."""
    machine = {"processor": processor(), "processors": os.cpu_count()}
    text = json.dumps({"schema": schema, "machine": machine, **members}, indent=1)
    if file == "-":
        print(text)
    elif file:
        part = pathlib.Path(f"{file}.part")
        part.write_text(text + "\n", encoding="utf-8")
        part.rename(file)


def measure_kernels(schema, measure, show, rcuscope, file, *folders):
    """Measures the results in each kernel's folder, shows them, and writes them as JSON."""
    results = [measure(rcuscope, pathlib.Path(folder)) for folder in folders]
    for result in results:
        show(result)
    write_json(file, schema, kernels=results)
