# SPDX-License-Identifier: BSD-2-Clause
"""The holders of grace periods in a timeline: checks that what a holder says follows from the timeline's own facts."""

HALF = "explains less than half of the grace period"


def duration_text(ns):
    """As in tracer/base/duration.cpp"""
    for unit, size in (("us", 1e3), ("ms", 1e6), ("s", 1e9)):
        if ns < 1e3:
            return f"{ns:.0f} ns"
        if ns < 999.5 * size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns / 1e9:.0f} s"


def last_report(period):
    """The last report of a quiescent state; of several at the same time the last one in the list"""
    states = period["quiescent_states"]
    return states[max(range(len(states)), key=lambda i: (states[i]["at_ns"], i))] if states else None


def same(row, holder, *members):
    """Whether the members are equal. A row may have an empty name of a task where the holder has none: not known."""
    return all((row[member] or None) == (holder[member] or None) if member == "comm" else row[member] == holder[member]
               for member in members)


def took_no_tick(holder):
    """The holder is a CPU that did not run, or had interrupts off"""
    return holder["kind"] == "busy-cpu" and "took no timer tick" in holder["text"]


class Facts:
    """What the timeline says about one grace period whose holder is named"""

    def __init__(self, timeline, period):
        self.timeline, self.period, self.holder = timeline, period, period["held_by"]
        self.start, self.end = period["start_ns"], period["end_ns"]
        self.last = last_report(period)

    def is_half(self, held):
        return held >= (self.end - self.start) // 2

    def contradiction(self):
        """None, or how the holder contradicts the facts"""
        check = {"read-section": self.read_section, "preempted-reader": self.preempted_reader,
                 "gp-kthread": self.gp_kthread, "busy-cpu": self.busy_cpu, "idle-cpu": self.idle_cpu,
                 "unknown": lambda: None}[self.holder["kind"]]
        if not self.holder["text"].startswith("expedited GP " if self.period["expedited"] else "GP "):
            return "the text does not name the grace period"
        if f" {self.period['gp_seq']} took {duration_text(self.end - self.start)}" not in self.holder["text"]:
            return "the text says another length"
        return check()

    def read_section(self):
        holder = self.holder
        for section in self.timeline["read_sections"]:
            # A section that was left open lasts until its task ended. A task that is in user mode still has it open.
            left_ns = None if section["left"] == "user-mode" else section["left_ns"]
            ends = (section["end_ns"], left_ns, self.timeline["capture"]["end_ns"])
            end = next(each for each in ends if each is not None)
            if same(section, holder, "tid", "comm", "cpu") and \
                    min(end, self.end) - max(section["begin_ns"], self.start) == holder["held_ns"]:
                return None if self.is_half(holder["held_ns"]) else HALF
        return "there is no such section"

    def preempted_reader(self):
        reader = next((reader for reader in reversed(self.period["preempted_readers"])
                       if same(reader, self.holder, "tid", "comm")), None)
        if reader is None:
            return "no scan found that reader"
        waited = self.last and self.last["blocked_readers"] and self.is_half(self.end - self.last["at_ns"])
        return None if waited or self.is_half(reader["at_ns"] - self.start) else HALF

    def gp_kthread(self):
        if not self.last or not self.last["last"] or self.last["blocked_readers"]:
            return "not every CPU had reported, or a preempted reader was waited for"
        if self.holder["held_ns"] != self.end - self.last["at_ns"]:
            return "the last report is from another time"
        return None if self.is_half(self.holder["held_ns"]) else HALF

    def reported_last(self):
        if not self.last or self.holder["cpu"] not in self.last["cpus"]:
            return "another CPU reported last"
        return None if self.is_half(self.last["at_ns"] - self.start) else HALF

    def samples(self):
        return [sample for sample in self.period["busy_cpus"] if sample["cpu"] == self.holder["cpu"]]

    def busy_cpu(self):
        holder = self.holder
        samples = [sample for sample in self.samples() if same(sample, holder, "tid", "comm", "stack")]
        if not samples:
            return "no tick of that CPU shows that task"
        if not took_no_tick(holder):
            wrong = holder["held_ns"] != self.last["at_ns"] - self.start if self.last else True
            return self.reported_last() or ("another time" if wrong else None)
        return self.reported_last() or self.no_tick(samples)

    def no_tick(self, samples):
        """The sample says for how long its CPU took no tick. Samples are taken at ticks, so one sample at most is from that
        time and does not say so as well: that of the tick at which it began. A record gets its time when it is written, and
        the CPU may have stopped in between."""
        for sample in samples:
            since = max(self.start, sample["at_ns"] - sample["no_tick_ns"])
            if sample["no_tick_ns"] == 0 or sample["at_ns"] - since != self.holder["held_ns"]:
                continue
            if sum(since < other["at_ns"] < sample["at_ns"] and not other["no_tick_ns"] for other in self.samples()) > 1:
                return "the CPU took a tick in that time"
            if f", took no timer tick for {duration_text(self.holder['held_ns'])}" not in self.holder["text"]:
                return "the text says another time without a tick"
            return None if self.is_half(self.holder["held_ns"]) else HALF
        return "no sample says that its CPU took no tick for that time"

    def idle_cpu(self):
        if self.last and self.last["kind"] != "scan":
            return "no scan found the CPU"
        # A tick of a busy CPU from the last three quarters would name what it did.
        late = [sample for sample in self.samples()
                if sample["stack"] and sample["at_ns"] - self.start >= (self.last["at_ns"] - self.start) / 4]
        return self.reported_last() or ("a tick shows what the CPU did" if late else None)


def check_holders(timeline, fails):
    for period in timeline["grace_periods"]:
        if period["held_by"]:
            wrong = Facts(timeline, period).contradiction()
            fails.true(f"holder of grace period {period['id']}: {wrong}: {period['held_by']}", not wrong)


def held_by(timeline):
    """Whether the holder of a grace period matches, or is of one of the kinds, or a CPU without a tick; the latter only if
    that follows from the timeline's own facts"""
    def holds(fits, *kinds):
        return lambda period: fits(period["held_by"]) or (
            (period["held_by"]["kind"] in kinds or took_no_tick(period["held_by"])) and
            Facts(timeline, period).contradiction() is None)

    return holds


def all_held(timeline):
    """Whether there are such grace periods, and the holder of each is held_by() that, and of one at least is exactly that"""
    def holds(periods, fits):
        wrong = next((period["held_by"] for period in periods if not held_by(timeline)(fits)(period)), None)
        if wrong or not any(fits(period["held_by"]) for period in periods):
            print(f"does not fit: {wrong}" if wrong else f"none of {len(periods)} fits")
            return False
        return True

    return holds


def mostly_held(timeline):
    """Whether there are such grace periods, all their holders are known and follow from the timeline's facts, and most
    holders that are CPUs match: if CPUs are emulated in turn, other CPUs are slow, too. RCU's own thread and a preempted
    reader are not counted: they may wait for the task that uses the CPU."""
    def holds(periods, fits):
        judged = ((Facts(timeline, period).contradiction(), period["held_by"]) for period in periods)
        wrong = [(why, holder) for why, holder in judged if why or holder["kind"] == "unknown"]
        if wrong:
            print(f"does not fit: {wrong[0]}")
            return False
        holders = [period["held_by"] for period in periods]
        cpus = [holder for holder in holders
                if fits(holder) or (holder["kind"] not in ("gp-kthread", "preempted-reader") and not took_no_tick(holder))]
        fitting = sum(map(fits, cpus))
        if 2 * fitting < len(cpus) or not fitting:
            print(f"{fitting} of {len(cpus)} fit, {len(periods)} in all: {[holder['text'] for holder in holders]}")
        return 0 < fitting and 2 * fitting >= len(cpus)

    return holds
