#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The table of the test modules in tests/vm/cases: how each is loaded and used, and what its recording must contain.

    cases.py groups ROUNDS           prints the names of groups; one recorder follows all cases of a group. With more
                                     than one round only groups about unloading that do not damage the kernel
    cases.py modules GROUP           prints the modules of the group
    cases.py lives GROUP ROUNDS      prints shell commands for the guest that load, use and unload them ROUNDS times,
                                     for lib/guest_check.sh
    cases.py check GROUP ROUNDS FOLDER
                                     checks FOLDER/GROUP.json, .stderr and .log against the table

A group with the suffix _fixed has the corrected variants, which must have no finding.
"""
import dataclasses
import json
import pathlib
import re
import sys

from timeline import missed_of

# The limit of modules that one recorder follows.
MOST_FOLLOWED = 8

LATENT, WARNING, FATAL = "latent", "warning", "fatal"


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    # Kind and severity of each finding. None: the case is correct.
    finding: tuple = None
    # Patterns that a text of the finding must match, and patterns that no text about the module may match.
    says: tuple = ()
    never: tuple = ()
    # Pattern for the line "not followed" of a module that imports such a function.
    not_followed: str = ""
    # Waits that the module makes: kind and function.
    waits: tuple = ()
    # Patterns of each callback's function and caller, and the context that queues it (None: any). None instead of all
    # three: the module has no callbacks of its own.
    callbacks: tuple = (r"{module}:object_free", r"{module}:object_queue\+", None)
    # The same for the fixed variant, if it differs.
    fixed_callbacks: tuple = None
    # The callback's function belongs to the kernel or to another module.
    foreign: bool = False
    # Counts in the module's log that differ from what the recording shows.
    not_counted: tuple = ()
    # "PARAMETER VALUE": wait until the module parameter has this value. use: commands between load and unload.
    until: str = ""
    use: str = ""
    # Modules that are loaded and unloaded during the life of this one.
    guests: tuple = ()
    # The case behaves differently, or has no effect, on a kernel where no task is preempted.
    needs_preemption: bool = False
    # Whether callbacks of a life outlast its exit function is a race, and then its finding is LATE.
    may_be_late: bool = False
    # The version of the kernel since which the case has no finding.
    right_since: tuple = (99,)
    # The version of the kernel whose kmem_cache_destroy() waits so long that it can destroy the cache. Newer ones may.
    lucky_on: tuple = (99,)
    # The finding exists only on a kernel with PREEMPT_RCU.
    needs_preempt_rcu: bool = False


# From Linux 6.12 on kmem_cache_destroy() waits for kfree_rcu() by itself: kvfree_rcu_barrier().
OWN_BARRIER = (6, 12)
NO_BARRIER = ("no-barrier", WARNING)
NO_BARRIER_SYNC = ("no-barrier", LATENT)
LATE = ("exit-without-barrier", LATENT)
NOT_THE_REASON = (r"only because free_module\(\)",)
OWN = r"{module}:object_free"

GROUPS = {
    # Callbacks run long before the exit function, which does not wait for them.
    "idle": [
        Case("no_barrier_idle", NO_BARRIER, until="run 6", says=(r"no_barrier_idle:object_queue", r"rcu_barrier\(\)"),
             never=NOT_THE_REASON),
        Case("barrier_skipped", NO_BARRIER, until="run 3", says=(r"barrier_skipped:object_queue",), never=NOT_THE_REASON),
        Case("kfree_and_callbacks", NO_BARRIER, until="run 1", says=(r"kfree_and_callbacks:object_queue",)),
        Case("softirq_jump", NO_BARRIER, until="run 1", callbacks=(OWN, r"{module}:fire\+", "softirq"),
             says=(r"softirq_jump:fire",)),
        Case("hardirq_jump", NO_BARRIER, until="run 1", callbacks=(OWN, r"{module}:fire\+", "hardirq"),
             says=(r"hardirq_jump:fire",)),
        Case("work_jump", NO_BARRIER, until="run 1", callbacks=(OWN, r"{module}:queue_one\+", "task"),
             says=(r"work_jump:queue_one",)),
        # The return address is in the calling function; queue_one() can be named only if its tail call is probed.
        Case("thread_jump", NO_BARRIER, until="run 3", callbacks=(OWN, r"{module}:(queue_one|queuer)\+", "task"),
             says=(r"thread_jump:(queue_one|queuer)",)),
        Case("init_text_callback", ("callback-in-init-text", LATENT), until="run 1", callbacks=(r"{module}:note", r"{module}:", None),
             says=(r"init_text_callback:note",)),
    ],
    # The last callbacks may be pending when the exit function returns.
    "late": [
        Case("no_barrier_late", LATE, never=NOT_THE_REASON),
        Case("no_barrier_sync", NO_BARRIER_SYNC, may_be_late=True, says=(r"synchronize_rcu\(\)",), never=NOT_THE_REASON),
        Case("barrier_early_timer", LATE, until="run 1", callbacks=(OWN, r"{module}:object_queue\+", "softirq"),
             never=NOT_THE_REASON),
        Case("barrier_early_work", LATE, never=NOT_THE_REASON),
        # The first callback queues the second.
        Case("barrier_once", LATE, callbacks=(r"{module}:again", r"{module}:", None), never=NOT_THE_REASON),
    ],
    # The kernel itself complains about these.
    "broken": [
        # The cache waits by itself on kernels that have kvfree_rcu_barrier().
        Case("cache_kfree_rcu", ("cache-destroyed-with-pending-frees", FATAL), callbacks=None, right_since=OWN_BARRIER,
             fixed_callbacks=(r"{module}:cache_free", r"{module}:", None), says=(r"kfree_rcu\(\) in cache_kfree_rcu:",)),
        Case("cache_call_rcu", ("cache-destroyed-with-pending-frees", FATAL),
             callbacks=(r"{module}:cache_free", r"{module}:", None), says=(r"rcu_barrier\(\)",)),
        Case("cache_lucky", ("cache-destroyed-with-pending-frees", FATAL), lucky_on=(6, 12),
             callbacks=(r"{module}:cache_free", r"{module}:", None), says=(r"20 objects .*cache_free",)),
        Case("reader_leak_thread", ("reader-never-ended", FATAL), until="sections 2", callbacks=None,
             says=(r"reader_leak_thread:read_value\+",), needs_preempt_rcu=True),
        Case("reader_leak_syscall", ("reader-never-ended", FATAL), callbacks=None,
             use="cat /proc/{module}; dd if=/proc/{module} bs=1 skip=1 count=1",
             says=(r"reader_leak_syscall:read_value\+",), needs_preempt_rcu=True),
    ],
    "other": [
        Case("srcu_no_barrier", callbacks=None, not_followed=r"call_srcu\(\)", not_counted=("run",)),
        Case("rcu_work_no_flush", callbacks=None, not_followed=r"queue_rcu_work\(\)", not_counted=("run",)),
        Case("percpu_ref_no_wait", callbacks=None, not_followed="percpu_ref", not_counted=("run",)),
        Case("callback_owner", NO_BARRIER, callbacks=(OWN.replace("object_free", "borrowed_callback.*"), r"callback_borrower.*:object_queue\+", None),
             guests=("callback_borrower",), not_counted=("queued", "run"),
             says=(r"callback_borrower:object_queue",)),
        Case("callback_borrower", callbacks=(r"callback_owner.*:borrowed_callback.*", r"{module}:object_queue\+", None),
             foreign=True),
    ],
    # These are correct.
    "waits": [
        Case("barrier_in_init", waits=(("rcu_barrier", "barrier_in_init:"),)),
        Case("barrier_jump", waits=(("rcu_barrier", "barrier_jump:"),), not_counted=("run",)),
        Case("barrier_helper", until="run 2", waits=(("rcu_barrier", "barrier_helper:wait_for_callbacks"),)),
        Case("barrier_in_work", waits=(("rcu_barrier", "barrier_in_work:wait_for_callbacks"),)),
        Case("completion_wait", callbacks=(r"{module}:free_and_tell", r"{module}:object_queue\+", None)),
        Case("counter_wait"),
        # Without PREEMPT_RCU, call_rcu_tasks() is call_rcu().
        Case("tasks_completion", callbacks=None, not_followed=r"call_rcu_tasks\(\)", not_counted=("run",), needs_preemption=True),
        Case("symbol_names", until="run 11", callbacks=(r"{module}:(free_\w+|object_free)(\.\w+)*", r"{module}:object_queue\+", None),
             # Two readers are notrace, and read_exit() is __exit.
             not_counted=("sections",), waits=(("rcu_barrier", "symbol_names:"),)),
    ],
    "right": [
        Case("kernel_callback", callbacks=(r"kfree", r"{module}:queue_freed\+", None), foreign=True, not_counted=("run",)),
        Case("kfree_jump", callbacks=None),
        Case("timer_jump", until="queued 1", callbacks=(r"kfree", r"{module}:fire\+", "softirq"), foreign=True, not_counted=("run",)),
    ],
    # These damage the kernel's lists, so they run last.
    "double": [
        Case("double_call", ("double-call-rcu", FATAL), callbacks=(r"{module}:note", r"{module}:", None), not_counted=("run",),
             never=(r"had not run", r"Its exit function should call rcu_barrier")),
        Case("double_call_irq", ("double-call-rcu", FATAL), callbacks=(r"{module}:note", r"{module}:", None), not_counted=("run",),
             says=(r"double_call_irq:queue",), never=(r"had not run", r"Its exit function should call rcu_barrier")),
    ],
}
# These run in turn, hundreds of times.
REPEATED = ("idle", "idle_fixed", "late", "late_fixed", "waits", "right")
# These also run without symbols: an address in the module's text still identifies the module.
STRIPPED = ("no_barrier_idle", "no_barrier_late", "barrier_jump")


def bare(case):
    """The case without symbols: functions have no names, and a location is an offset in its section"""
    def without_names(pattern):
        return re.sub(r"(?<=\{module\}:)\w+(\\\+)?", lambda _: r"\.text[\w.]*\+0x[0-9a-f]+", pattern)

    return dataclasses.replace(
        case, says=(), waits=tuple((kind, name.partition(":")[0] + ":") for kind, name in case.waits),
        callbacks=case.callbacks and tuple(map(without_names, case.callbacks[:2])) + case.callbacks[2:])


def all_groups():
    named = {case.name: case for cases in GROUPS.values() for case in cases}
    groups = {}
    for name, cases in GROUPS.items():
        if name != "double":
            groups[name] = cases
        fixed = [dataclasses.replace(
            case, name=case.name + "_fixed", finding=None, says=(), callbacks=case.fixed_callbacks or case.callbacks,
            not_counted=() if name == "double" else case.not_counted,
            guests=tuple(guest + "_fixed" for guest in case.guests))
            for case in cases if case.finding or case.guests or case.foreign and name == "other" or case.not_followed and name == "other"]
        if name == "double":
            groups["right"] = groups["right"] + fixed
        elif name not in ("waits", "right"):
            groups[name + "_fixed"] = fixed
    # A tail call outside of any function is not probed, so the module that queued the callback is unknown.
    unseen = dataclasses.replace(named["timer_jump"], callbacks=None, not_counted=("queued", "run"), never=("nothing was queued",))
    groups["stripped"] = [*(bare(named[name]) for name in STRIPPED), unseen]
    groups["double"] = GROUPS["double"]
    assert all(len(cases) <= MOST_FOLLOWED for cases in groups.values())
    return groups


def print_lives(cases):
    """Prints commands that load, use and unload each module. Loading and unloading happen on one CPU: a callback that an
    init or exit function queues stays on the CPU where the code of that function is freed, and the kernel's own wait
    queues its callback behind it. So a callback that is late does not crash the machine."""
    guests = {guest for case in cases for guest in case.guests}
    for case in cases:
        if case.name in guests:
            continue
        print(f"load {case.name} {case.until}")
        if case.use:
            print(case.use.format(module=case.name))
        for guest in case.guests:
            print(f"load {guest}\nrefused {case.name}\nunload {guest}")
            print(f"wait_for 'callbacks of {guest}' has_value {case.name} run 6")
        print(f"unload {case.name}")


class Check:
    def __init__(self, timeline, stderr, log, rounds):
        self.timeline, self.stderr, self.log, self.rounds = timeline, stderr, log, rounds
        self.failures = []

    def expect(self, what, holds):
        if not holds:
            self.failures.append(what)

    def check(self, case):
        hazards = [hazard for hazard in self.timeline["hazards"] if hazard["module"] == case.name]
        lives = [life for life in self.timeline["modules"] if life["name"] == case.name]
        self.expect(f"lives of {case.name}: {len(lives)}", len(lives) == self.rounds)
        version = tuple(map(int, re.findall(r"\d+", self.timeline["host"]["kernel"])[:2]))
        finding = case.finding and version < case.right_since and \
            (self.timeline["host"]["preempt_rcu"] or not case.needs_preempt_rcu)
        # The kernel's own message about a cache that it could not destroy.
        left = re.search(rf"kmem_cache_destroy {case.name}: Slab cache still has objects", self.log) is not None
        expected = [case.finding] * self.rounds if finding else []
        if finding and case.may_be_late:
            expected = [LATE if self.outlasted(life) else case.finding for life in lives]
        if finding and case.finding[0] == "cache-destroyed-with-pending-frees":
            expected = [(case.finding[0], FATAL if left else LATENT)]
        found = [(hazard["kind"], hazard["severity"]) for hazard in hazards]
        texts = [hazard["text"] for hazard in hazards] + [life["verdict"] or "" for life in lives]
        self.expect(f"findings of {case.name}: expected {expected}, got {found}: {texts}", found == expected)
        self.expect(f"{case.name}: the kernel {'could not destroy' if left else 'said nothing of'} its cache, and found was {found}",
                    left == (("cache-destroyed-with-pending-frees", FATAL) in found))
        # The findings are compared with the kernel's message above.
        if case.lucky_on < (99,) and finding and version <= case.lucky_on:
            self.expect(f"{case.name}: its cache is left on older kernels only", left == (version < case.lucky_on))
        for pattern in case.says if finding else ():
            self.expect(f"{case.name}: '{pattern}' is not said: {texts}", any(re.search(pattern, text) for text in texts))
        for pattern in case.never:
            self.expect(f"{case.name}: '{pattern}' is said: {texts}", not any(re.search(pattern, text) for text in texts))
        named = re.findall(rf"not followed +.*\b{case.name}: (.*)", self.stderr)
        self.expect(f"{case.name}: not followed: expected '{case.not_followed}', got {named}",
                    len(named) == 1 and re.search(case.not_followed, named[0]) if case.not_followed else not named)
        if not case.callbacks:
            self.expect(f"{case.name}: no callbacks of its own",
                        not [callback for callback in self.timeline["callbacks"] if callback["module"] == case.name])
        for kind, function in case.waits:
            self.expect(f"{case.name}: no {kind} in {function}",
                        any(wait["kind"] == kind and (wait["caller"] or "").startswith(function) for wait in self.timeline["waits"]))
        self.check_callbacks(case)
        self.check_counts(case)

    def outlasted(self, life):
        return any(life["loaded_ns"] < callback["queued_ns"] < life["exit_done_ns"] < callback["invoked_ns"]
                   for callback in self.timeline["callbacks"] if callback["module"] == life["name"])

    def queued_by(self, case):
        """Callbacks of the case: those with a function of the module or, if the case is foreign, those that it queued"""
        function = case.callbacks[0].format(module=case.name) + "$"
        caller = case.callbacks[1].format(module=case.name)
        return [callback for callback in self.timeline["callbacks"]
                if re.match(function, callback["function"] or "") and (not case.foreign or re.match(caller, callback["caller"] or ""))]

    def refused_jumps(self, case):
        return any(missing["hook"] == "module.jumps" and re.search(rf"\bplaces? of {case.name}: the kernel refused", missing["why"])
                   for missing in self.timeline["capture"]["missing"])

    def check_callbacks(self, case):
        if not case.callbacks:
            return
        caller = case.callbacks[1].format(module=case.name)
        callbacks = self.queued_by(case)
        self.expect(f"{case.name}: no callbacks", callbacks)
        # If the kernel refused the probe of a tail call, the caller is unknown.
        known = [callback for callback in callbacks if callback["caller"] or not self.refused_jumps(case)]
        wrong = [callback for callback in known if not re.match(caller, callback["caller"] or "")]
        self.expect(f"{case.name}: {len(wrong)} callers are not {caller}, such as {wrong[:1]}", not wrong)
        if case.callbacks[2]:
            wrong = [callback for callback in callbacks if callback.get("queued_context") != case.callbacks[2]]
            self.expect(f"{case.name}: {len(wrong)} not queued in {case.callbacks[2]}, such as {wrong[:1]}", not wrong)
        if case.foreign:
            return
        unlike = [callback for callback in self.timeline["callbacks"] if callback["module"] == case.name and callback not in callbacks]
        self.expect(f"{case.name}: callbacks that it has not: {unlike[:1]}", not unlike)

    def check_counts(self, case):
        logged = re.findall(rf"\b{case.name}: queued=(\d+) run=(\d+) sections=(\d+) kfree_rcu=(\d+)$", self.log, re.M)
        self.expect(f"{case.name}: a line of counts for each life: {logged}", len(logged) == self.rounds)
        if len(logged) != self.rounds:
            return
        columns = zip(*(map(int, line) for line in logged))
        counts = dict(zip(("queued", "run", "sections", "kfree_rcu"), map(sum, columns)))
        callbacks = self.queued_by(case) if case.callbacks else []
        sections = [section for section in self.timeline["read_sections"] if section["module"] == case.name]
        seen = {
            "queued": len(callbacks),
            "sections": len(sections) if self.timeline["host"]["preempt_rcu"] else counts["sections"],
            "kfree_rcu": sum((call["caller"] or "").startswith(case.name + ":") for call in self.timeline["kvfree_calls"]),
        }
        # An interrupt may queue a callback while the program for another call_rcu() runs on its CPU. The kernel skips
        # the program then, and counts that.
        unseen = missed_of(self.timeline)("callback.queued")
        # The log has no callbacks that ran after the exit function.
        ran = sum(callback["invoked_ns"] is not None for callback in callbacks)
        for name in seen:
            if name not in case.not_counted:
                self.expect(f"{case.name}: {name}: logged {counts[name]}, seen {seen[name]}",
                            0 <= counts[name] - seen[name] <= (unseen if name == "queued" else 0))
        if "run" not in case.not_counted and callbacks:
            self.expect(f"{case.name}: run: logged {counts['run']}, seen {ran} of {counts['queued']}",
                        counts["run"] - unseen <= ran == seen["queued"])


def check_group(group, rounds, folder):
    folder = pathlib.Path(folder)
    read = {end: (folder / f"{group}.{end}").read_text(encoding="utf-8") for end in ("json", "stderr", "log")}
    check = Check(json.loads(read["json"]), read["stderr"], read["log"], int(rounds))
    host = check.timeline["host"]
    preempted = host["preempt_rcu"] or host["settings"]["preemption"] == "lazy"
    for case in all_groups()[group]:
        if preempted or not case.needs_preemption:
            check.check(case)
    for failure in check.failures:
        print(f"cases.py: {group}: FAILED: {failure}")
    return bool(check.failures)


def main(what, *rest):
    groups = all_groups()
    if what == "groups":
        print(*(groups if rest[0] == "1" else REPEATED), sep="\n")
    elif what == "modules":
        print(*(case.name for case in groups[rest[0]]), sep="\n")
    elif what == "lives":
        for _ in range(int(rest[1])):
            print_lives(groups[rest[0]])
    elif what == "check":
        return check_group(*rest)
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
