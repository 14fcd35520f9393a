#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks a recording of modules from the kernel's own package: their calls against a tracefs kprobe on call_rcu() and
kvfree_call_rcu() (the witness), and the verdicts against the modules' source.

    kernel_modules.py FOLDER MODULE...      FOLDER: run.json, stderr, witness, MODULE.symbols
"""
import collections
import json
import pathlib
import re
import sys

# The correct finding of each, as kind and severity, from reading the source of linux 6.1 and 6.12. The exit function
# of sit, macsec, wireguard and bridge calls rcu_barrier(). That of vxlan and act_ct calls unregister_pernet_subsys(),
# which calls rcu_barrier() (net/core/net_namespace.c: unregister_pernet_operations()). macvlan has no callbacks of
# its own, only kfree_rcu(). sch_taprio does not wait: its own callback taprio_free_sched_cb() is queued when a
# schedule is removed.
FINDINGS = {"sch_taprio": ("no-barrier", "warning")}
# Modules that queue callbacks of their own in this test, and modules that call kfree_rcu().
WITH_CALLBACKS = {"vxlan", "macsec", "bridge", "sch_taprio", "act_ct"}
WITH_KFREE = {"sit", "macvlan"}
PAGE = 4096


class Witness:
    """Counts what the kprobes saw in each module's life, by queued function and caller. The life matters, because a
    module may be loaded at the address of an earlier one."""

    def __init__(self, folder, lives, zero_ns):
        self.queued = collections.Counter()
        self.freed = collections.Counter()
        functions = {}
        texts = {}
        for module in lives:
            symbols = [line.split() for line in (folder / f"{module}.symbols").read_text(encoding="utf-8").splitlines()]
            code = [int(address, 16) for address, kind, *_ in symbols if kind in "tT"]
            functions[module] = set(code)
            texts[module] = range(min(code), max(code) + PAGE)
        for line in (folder / "witness").read_text(encoding="utf-8").splitlines():
            seen = re.search(r" (\d+)\.(\d{6}): (call_rcu|call_rcu_hurry|kvfree_call_rcu): .*func=0x([0-9a-f]+) caller=0x([0-9a-f]+)", line)
            if not seen:
                continue
            at = int(seen[1]) * 10**9 + int(seen[2]) * 1000 - zero_ns
            called, function, caller = seen[3], int(seen[4], 16), int(seen[5], 16)
            for module, life in lives.items():
                if not life["loaded_ns"] <= at < life["freed_ns"]:
                    continue
                if called == "kvfree_call_rcu":
                    self.freed[module] += caller in texts[module]
                else:
                    self.queued[module] += function in functions[module]


def finding_of(module, timeline, life):
    """The exit function of such a module does not wait. Whether a callback ran late depends on timing."""
    if module not in FINDINGS:
        return []
    late = any(callback["module"] == module and callback["invoked_ns"] > life["exit_done_ns"] for callback in timeline["callbacks"])
    return [("exit-without-barrier", "latent") if late else FINDINGS[module]]


def main(folder, *modules):
    folder = pathlib.Path(folder)
    timeline = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    lives = {life["name"]: life for life in timeline["modules"] if life["followed"] and life["freed_ns"] is not None}
    if set(lives) != set(modules):
        print(f"kernel_modules.py: FAILED: whole lives of {sorted(lives)}")
        return 1
    witness = Witness(folder, lives, timeline["capture"]["start_boottime_ns"])
    failures = []

    def expect(what, holds):
        if not holds:
            failures.append(what)

    for module in modules:
        queued = sum(callback["module"] == module for callback in timeline["callbacks"])
        freed = sum((call["caller"] or "").startswith(module + ":") for call in timeline["kvfree_calls"])
        print(f"{module}: {queued} callbacks, {freed} kfree_rcu()")
        expect(f"{module}: {queued} callbacks, the witness saw {witness.queued[module]}", queued == witness.queued[module])
        # A tail call to kvfree_call_rcu() has a return address in the calling function's caller, which the witness
        # does not assign to the module.
        expect(f"{module}: {freed} kfree_rcu(), the witness saw {witness.freed[module]}", freed >= witness.freed[module])
        expect(f"{module}: no callbacks", queued or module not in WITH_CALLBACKS)
        expect(f"{module}: no kfree_rcu()", freed or module not in WITH_KFREE)
        found = [(hazard["kind"], hazard["severity"]) for hazard in timeline["hazards"] if hazard["module"] == module]
        texts = [hazard["text"] for hazard in timeline["hazards"] if hazard["module"] == module] + [lives[module]["verdict"]]
        expected = finding_of(module, timeline, lives[module])
        expect(f"findings of {module}: expected {expected}, got {found}: {texts}", found == expected)
    for failure in failures:
        print(f"kernel_modules.py: FAILED: {failure}")
    return bool(failures)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
