// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/holders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/recording.hpp"
#include "growth.hpp"

namespace rcuscope::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

CodeLocation place(const std::string& module, const std::string& function) {
    return {.address = 1, .function = function, .module = module, .offset = 8};
}

// A grace period from 100 ms to 300 ms, on two CPUs.
class Held : public testing::Test {
protected:
    Held() {
        timeline.capture.end = 1000 * ms;
        timeline.capture.complete = true;
        GracePeriod& added = timeline.grace_periods.emplace_back();
        added.id = 1;
        added.gp_seq = 29;
        added.start = 100 * ms;
        added.end = 300 * ms;
    }
    GracePeriod& gp() { return timeline.grace_periods.front(); }
    void report(Nanoseconds at, event::QuiescentKind kind, std::vector<std::uint32_t> cpus, bool last,
                bool blocked = false) {
        gp().quiescent_states.push_back(
            {.at = at, .kind = kind, .cpus = std::move(cpus), .last = last, .blocked_readers = blocked});
    }
    void both_report(Nanoseconds last) {
        report(104 * ms, event::QuiescentKind::self, {0}, false);
        report(last, event::QuiescentKind::self, {1}, true);
    }
    void sample(Nanoseconds at, std::uint32_t cpu, const std::string& comm, const std::string& function) {
        gp().busy_cpus.push_back({.at = at, .cpu = cpu, .tid = 77, .comm = comm, .stack = {place("", function)}});
    }
    ReadSection& section(Nanoseconds begin, MaybeTime end) {
        ReadSection& added = timeline.read_sections.emplace_back();
        added.tid = 128;
        added.comm = "rcu_reader2";
        added.cpu = 1;
        added.begin = begin;
        added.end = end;
        added.place = place("rcu_unload", "read_long");
        return added;
    }
    Holder find() { return find_holders(timeline).front().value(); }

    Timeline timeline;
};

TEST_F(Held, ByACpuWithoutATick) {
    both_report(299 * ms);
    sample(120 * ms, 1, "earlier", "spin");
    sample(290 * ms, 1, "deaf", "_raw_spin_unlock_irqrestore");
    gp().busy_cpus.back().no_tick = 165 * ms;
    EXPECT_EQ(find().kind, HolderKind::busy_cpu);
    EXPECT_EQ(find().comm, "deaf");
    EXPECT_EQ(find().held, 165 * ms);
    EXPECT_EQ(find().text, "GP 29 took 200 ms: CPU 1, deaf (77), took no timer tick for 165 ms until "
                           "_raw_spin_unlock_irqrestore (interrupts were off, or the CPU itself was not running)");
}

TEST_F(Held, ByACpuWithoutATickOnlyAsFarAsThatLiesInIt) {
    both_report(299 * ms);
    sample(110 * ms, 1, "was idle", "");
    gp().busy_cpus.back().no_tick = 5000 * ms;
    gp().busy_cpus.back().stack.clear(); // in user mode
    EXPECT_EQ(find().kind, HolderKind::unknown);
    sample(210 * ms, 0, "of another CPU", "spin");
    gp().busy_cpus.back().no_tick = 5000 * ms;
    EXPECT_EQ(find().kind, HolderKind::unknown);
    sample(210 * ms, 1, "deaf", "spin");
    gp().busy_cpus.back().no_tick = 5000 * ms;
    EXPECT_EQ(find().comm, "deaf");
    EXPECT_EQ(find().held, 110 * ms);
}

TEST_F(Held, ByASectionThatWasOpenFromBeforeItsStart) {
    both_report(299 * ms);
    sample(200 * ms, 1, "rcu_reader2", "cpu_relax");
    section(50 * ms, 298 * ms);
    EXPECT_EQ(find().kind, HolderKind::read_section);
    EXPECT_EQ(find().text, "GP 29 took 200 ms: CPU 1, rcu_reader2, in rcu_unload:read_long for 248 ms");
    EXPECT_EQ(find().held, 198 * ms);
}

TEST_F(Held, BySectionsOnlyIfTheyAreLongEnoughAndTheirCpuIsWaitedFor) {
    both_report(299 * ms);
    section(50 * ms, 120 * ms);
    section(101 * ms, 299 * ms).cpu = 0;
    EXPECT_EQ(find().kind, HolderKind::unknown);
}

TEST_F(Held, ByASectionThatTheLastCpuEnteredBeforeItsReport) {
    both_report(299 * ms);
    section(102 * ms, 298 * ms);
    EXPECT_EQ(find().kind, HolderKind::read_section);
    EXPECT_EQ(find().held, 196 * ms);
}

TEST_F(Held, ByTheSectionThatEndedLast) {
    both_report(299 * ms);
    section(10 * ms, 298 * ms).comm = "first";
    section(20 * ms, 30 * ms).comm = "short";
    section(90 * ms, 250 * ms).comm = "second";
    EXPECT_EQ(find().comm, "first");
}

TEST_F(Held, ByASectionThatIsStillOpen) {
    both_report(299 * ms);
    section(50 * ms, std::nullopt);
    EXPECT_EQ(find().kind, HolderKind::read_section);
    EXPECT_EQ(find().held, 200 * ms);
}

TEST_F(Held, ByACallThatIsSaidToBeASection) {
    both_report(299 * ms);
    section(50 * ms, 298 * ms).by = SectionBy::function;
    EXPECT_EQ(find().kind, HolderKind::read_section);
    EXPECT_EQ(find().text, "GP 29 took 200 ms: CPU 1, rcu_reader2, in a call of rcu_unload:read_long for 248 ms");
}

TEST_F(Held, ByTheRealSectionWithinSuchACall) {
    both_report(299 * ms);
    section(50 * ms, 299 * ms).by = SectionBy::function;
    section(60 * ms, 298 * ms).comm = "real";
    section(61 * ms, 299 * ms).by = SectionBy::function;
    EXPECT_EQ(find().comm, "real");
}

TEST_F(Held, ByTheCallIfTheRealSectionWithinDoesNotExplainIt) {
    both_report(299 * ms);
    section(50 * ms, 299 * ms).by = SectionBy::function;
    section(60 * ms, 120 * ms).comm = "real";
    EXPECT_EQ(find().comm, "rcu_reader2");
}

TEST_F(Held, ByAPreemptedReader) {
    report(104 * ms, event::QuiescentKind::self, {0}, false);
    report(108 * ms, event::QuiescentKind::self, {1}, true, true);
    gp().preempted_readers.push_back({.at = 120 * ms, .tid = 99, .comm = "holder"});
    EXPECT_EQ(find().kind, HolderKind::preempted_reader);
    EXPECT_THAT(find().text, HasSubstr("holder (99) was preempted within a read-side section"));
    gp().preempted_readers.back().on_lock = true;
    EXPECT_EQ(find().kind, HolderKind::preempted_reader);
    EXPECT_THAT(find().text, EndsWith("holder (99) waited for a sleeping lock within a read-side section"));
    gp().preempted_readers.back().boosted = true;
    EXPECT_THAT(find().text, EndsWith("within a read-side section, and RCU had raised its priority"));
}

TEST_F(Held, ByTheSectionThatAPreemptedReaderEnteredBeforeItsCpusReport) {
    section(102 * ms, 298 * ms).cpu = 0;
    report(104 * ms, event::QuiescentKind::self, {0}, false, true);
    report(108 * ms, event::QuiescentKind::scan, {1}, true);
    gp().preempted_readers.push_back({.at = 101 * ms, .tid = 128, .comm = "rcu_reader2"}); // in a section before
    gp().preempted_readers.push_back({.at = 299 * ms, .tid = 128, .comm = "rcu_reader2"}); // in a section after
    gp().preempted_readers.push_back({.at = 200 * ms, .tid = 99, .comm = "other"});
    EXPECT_EQ(find().kind, HolderKind::preempted_reader);
    gp().preempted_readers.push_back({.at = 250 * ms, .tid = 128, .comm = "rcu_reader2"});
    EXPECT_EQ(find().kind, HolderKind::read_section);
    EXPECT_EQ(find().held, 196 * ms);
}

TEST_F(Held, ByTheCpuThatReportedLastAndWhatItDid) {
    both_report(298 * ms);
    sample(110 * ms, 0, "other", "elsewhere");
    sample(120 * ms, 1, "early", "gone_by_then");
    sample(200 * ms, 1, "kworker/1:1", "spin");
    const Holder& holder = find();
    EXPECT_EQ(holder.kind, HolderKind::busy_cpu);
    EXPECT_EQ(holder.cpu, 1U);
    EXPECT_EQ(holder.comm, "kworker/1:1");
    EXPECT_THAT(holder.text, HasSubstr("CPU 1, kworker/1:1 (77), in spin without a context switch"));
}

TEST_F(Held, NotByWhoeverWasSeenOnThatCpuOnlyAtItsBegin) {
    both_report(298 * ms);
    sample(149 * ms, 1, "kworker/1:1", "wait_for_others");
    EXPECT_EQ(find().kind, HolderKind::unknown);
    EXPECT_THAT(find().text, HasSubstr("no tick showed what it did"));
    sample(150 * ms, 1, "kworker/1:1", "spin");
    EXPECT_EQ(find().kind, HolderKind::busy_cpu);
}

TEST_F(Held, ByIdleCpusThatWereNoticedLate) {
    report(104 * ms, event::QuiescentKind::self, {0}, false);
    report(290 * ms, event::QuiescentKind::scan, {1, 2, 3}, true);
    EXPECT_EQ(find().kind, HolderKind::idle_cpu);
    EXPECT_THAT(find().text, HasSubstr("CPUs 1, 2, 3 were idle or in user mode, which a forced scan noticed"));
}

TEST_F(Held, IdleCpusAreNotBlamedForABusyOne) {
    report(110 * ms, event::QuiescentKind::scan, {1, 2, 3}, false);
    report(299 * ms, event::QuiescentKind::self, {0}, true);
    sample(200 * ms, 0, "busy", "spin");
    EXPECT_EQ(find().cpu, 0U);
    EXPECT_EQ(find().kind, HolderKind::busy_cpu);
}

TEST_F(Held, ByRcusOwnThread) {
    both_report(110 * ms);
    EXPECT_EQ(find().kind, HolderKind::gp_kthread);
    EXPECT_EQ(find().held, 190 * ms);
    EXPECT_THAT(find().text, HasSubstr("every CPU had reported after 10 ms, and RCU's own thread ran 190 ms later"));
}

TEST_F(Held, UnknownSaysWhatIsMissing) {
    both_report(299 * ms);
    EXPECT_EQ(find().kind, HolderKind::unknown);
    EXPECT_THAT(find().text, HasSubstr("CPU 1 reported last, after 199 ms, and no tick showed"));
}

TEST_F(Held, UnknownByALossSaysSo) {
    timeline.capture.lost.push_back({.cpu = 0, .from = 150 * ms, .to = 160 * ms, .count = 3});
    EXPECT_THAT(find().text, HasSubstr("none of its quiescent states was recorded (records were lost meanwhile)"));
}

TEST_F(Held, ByARowThatIsNamed) {
    both_report(299 * ms);
    section(10 * ms, 20 * ms);
    section(50 * ms, 298 * ms);
    section(60 * ms, 150 * ms);
    EXPECT_EQ(find().read_section, 1U);
    EXPECT_EQ(find().quiescent_state, 1U);
}

TEST_F(Held, ByNoRowWhereThereIsNone) {
    EXPECT_EQ(find().read_section, std::nullopt);
    EXPECT_EQ(find().quiescent_state, std::nullopt);
    report(299 * ms, event::QuiescentKind::self, {1}, true);
    sample(290 * ms, 1, "busy", "spin");
    EXPECT_EQ(find().kind, HolderKind::busy_cpu);
    EXPECT_EQ(find().read_section, std::nullopt);
    EXPECT_EQ(find().quiescent_state, 0U);
}

TEST_F(Held, ByTheLastReportAlsoIfItIsUnknown) {
    both_report(299 * ms);
    EXPECT_EQ(find().kind, HolderKind::unknown);
    EXPECT_EQ(find().quiescent_state, 1U);
}

TEST_F(Held, NobodyWhereItsSpanIsNotKnown) {
    gp().end = std::nullopt;
    EXPECT_EQ(find_holders(timeline).front(), std::nullopt);
}

TEST_F(Held, AnExpeditedOneByWhatItInterrupted) {
    gp().expedited = true;
    report(100 * ms, event::QuiescentKind::scan, {0}, false);
    report(299 * ms, event::QuiescentKind::self, {1}, true);
    sample(101 * ms, 1, "hogger", "hog_cpu");
    EXPECT_EQ(find().kind, HolderKind::busy_cpu);
    EXPECT_THAT(find().text, HasSubstr("expedited GP 29 took 200 ms: CPU 1, hogger (77), in hog_cpu, with preemption "
                                       "off, reported last after 199 ms"));
}

TEST_F(Held, AnExpeditedOneWhoseDriverDidNotRun) {
    gp().expedited = true;
    both_report(110 * ms);
    EXPECT_EQ(find().kind, HolderKind::gp_kthread);
    EXPECT_THAT(find().text, HasSubstr("the thread that drives it ran 190 ms later"));
}

// `size` read-side sections, one every 20 ms, each with a grace period of a millisecond after its begin. `change` is
// called with each section.
template <typename Change>
void judge(std::size_t size, Change change) {
    Timeline timeline;
    timeline.capture.complete = true;
    timeline.capture.end = static_cast<Nanoseconds>(size) * 20 * ms;
    for (std::size_t i = 0; i < size; i++) {
        const auto begin = static_cast<Nanoseconds>(i) * 20 * ms;
        ReadSection& section = timeline.read_sections.emplace_back();
        section.begin = begin;
        change(i, section);
        GracePeriod& grace_period = timeline.grace_periods.emplace_back();
        grace_period.start = begin + ms;
        grace_period.end = begin + 2 * ms;
    }
    EXPECT_EQ(find_holders(timeline).back().value().kind, HolderKind::read_section);
}

TEST(Holders, SectionsThatNeverEndAreNotAllLookedAtForEachGracePeriod) {
    const auto never_unlocks = [](std::size_t, ReadSection& section) {
        section.place = place("rcu_unload", "never_unlocks");
    };
    EXPECT_LT(growth(2000, [&](std::size_t size) { judge(size, never_unlocks); }), far_from_linear);
}

// A section that never ends is before all others, and none of the sections explains a grace period.
TEST(Holders, SectionsThatHaveEndedAreNotLookedAtAgain) {
    const auto all_but_the_first_end = [](std::size_t number, ReadSection& section) {
        if (number == 0)
            section.by = SectionBy::function;
        else
            section.end = section.begin + 1;
    };
    EXPECT_LT(growth(2000, [&](std::size_t size) { judge(size, all_but_the_first_end); }), far_from_linear);
}

// All grace periods are in progress at once, and their middles are in no order.
TEST(Holders, AreFoundWhateverTheOrderOfGracePeriods) {
    Timeline timeline;
    timeline.capture.end = 1000 * ms;
    for (const Nanoseconds end : {900 * ms, 100 * ms, 500 * ms}) {
        GracePeriod& grace_period = timeline.grace_periods.emplace_back();
        grace_period.start = 0;
        grace_period.end = end;
    }
    for (const auto& [begin, end] : {std::pair(Nanoseconds{0}, 90 * ms), {Nanoseconds{0}, 480 * ms}}) {
        ReadSection& section = timeline.read_sections.emplace_back();
        section.begin = begin;
        section.end = end;
    }
    const auto holders = find_holders(timeline);
    EXPECT_EQ(holders[0].value().held, 480 * ms);
    EXPECT_EQ(holders[1].value().held, 100 * ms);
    EXPECT_EQ(holders[2].value().held, 480 * ms);
}

} // namespace
} // namespace rcuscope::test
