#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Truncates a capture at 200 random positions and checks what info and export make of each.

    cut_captures.py RCUSCOPE CAPTURE SEED
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import timeline as checks

CUTS = 200


def run(*command):
    # The timeout reports a reader that does not end.
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)


def check_cut(rcuscope, whole, cut, size, fails):
    name = f"cut at {size}"
    out = cut.with_suffix(".json")
    out.unlink(missing_ok=True)
    info = run(rcuscope, "info", "--json", str(cut))
    export = run(rcuscope, "export", str(cut), "-o", str(out))
    fails.equal(f"{name}: status of export, and of info", info.returncode, export.returncode)
    for what, done in (("info", info), ("export", export)):
        fails.true(f"{name}: {what} ended with {done.returncode}", done.returncode in (0, 2))
        lines = [line for line in done.stderr.splitlines() if not line.startswith("  hint: ")]
        fails.true(f"{name}: {what} has not one line to say: {done.stderr!r}",
                   len(lines) == 1 and lines[0].startswith("rcuscope: "))
    if export.returncode != 0:
        fails.true(f"{name}: a failed export left a file", not out.exists())
        return None
    text = out.read_text(encoding="utf-8")
    timeline = json.loads(text)
    checks.check_valid(timeline, text, fails)
    capture = timeline["capture"]
    fails.equal(f"{name}: complete", False, capture["complete"])
    fails.true(f"{name}: no reason of its end", capture["end_reason"])
    fails.equal(f"{name}: complete, says info", False, json.loads(info.stdout)["complete"])
    fails.true(f"{name}: info does not say why it was cut", json.loads(info.stdout)["file"]["cut"])
    # Everything in the truncated timeline must be in the whole one, too.
    for kind, time in (("callbacks", "queued_ns"), ("read_sections", "begin_ns"), ("grace_periods", "end_ns")):
        known = {entry[time] for entry in whole[kind]}
        fails.true(f"{name}: more {kind} than in the whole", len(timeline[kind]) <= len(whole[kind]))
        fails.true(f"{name}: {kind} that the whole has not",
                   all(entry[time] is None or entry[time] in known for entry in timeline[kind]))
    return len(timeline["callbacks"])


def main(rcuscope, capture, seed):
    print(f"seed {seed}")
    content = pathlib.Path(capture).read_bytes()
    numbers = random.Random(int(seed))
    sizes = sorted(numbers.sample(range(len(content)), CUTS))
    fails = checks.Failures()
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        complete = pathlib.Path(folder) / "whole.json"
        run(rcuscope, "export", capture, "-o", str(complete)).check_returncode()
        whole = json.loads(complete.read_text(encoding="utf-8"))
        cut = pathlib.Path(folder) / "cut.rcu"
        for size in sizes:
            cut.write_bytes(content[:size])
            counts.append(check_cut(rcuscope, whole, cut, size, fails))
    known = [count for count in counts if count is not None]
    fails.true("no cut left anything to show", known)
    fails.equal("callbacks do not become fewer the longer the file", sorted(known), known)
    for line in fails.lines[:20]:
        print(f"FAILED: {line}")
    print(f"{CUTS} cuts, {len(known)} of them readable, {len(fails.lines)} failures")
    return 1 if fails.lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
