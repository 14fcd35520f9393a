// SPDX-License-Identifier: BSD-2-Clause
#include "record/unload_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rcuscope::test {
namespace {

using event::ModuleStep;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::uint64_t base = 0xffffffffc0100000;
constexpr std::uint64_t function = base + 0x40;
constexpr std::uint64_t millisecond = 1'000'000;

class Watch : public testing::Test {
protected:
    void at(std::uint64_t ns, std::uint32_t cpu, EventBody body) { watch.take({ns, cpu, 7, std::move(body)}); }
    void step(std::uint64_t ns, ModuleStep step) { at(ns, 0, event::Module{step, "demo", base, 0x1000, 0}); }
    void load() {
        watch.begins(0, base, 0x1000);
        step(1 * millisecond, ModuleStep::coming);
        step(2 * millisecond, ModuleStep::live);
    }
    void free(std::uint64_t ns, std::uint64_t pending) {
        step(ns, ModuleStep::freeing);
        at(ns, 0, event::ModulePending{ModuleStep::freeing, "demo", pending});
    }
    void freed(std::uint64_t ns, std::uint64_t pending) {
        step(ns, ModuleStep::freed);
        at(ns, 0, event::ModulePending{ModuleStep::freed, "demo", pending});
    }
    void queue(std::uint64_t ns, std::uint32_t cpu) { watch.queued_on(cpu, function)->queue(ns); }
    void invoke(std::uint32_t cpu, std::uint32_t tid = softirq) { watch.run_by(cpu, tid, function)->invoked++; }

    static constexpr std::uint32_t softirq = 7;

    UnloadWatch watch{{"demo"}, false};
};

TEST_F(Watch, SaysNothingOfAModuleThatWaited) {
    load();
    queue(10 * millisecond, 0);
    invoke(0);
    free(30 * millisecond, 0);
    EXPECT_FALSE(watch.in_danger());
    freed(40 * millisecond, 0);
    EXPECT_THAT(watch.say(), IsEmpty());
    EXPECT_FALSE(watch.in_danger());
}

TEST_F(Watch, SaysWhatIsPendingWhereAndSinceWhen) {
    load();
    queue(10 * millisecond, 0);
    queue(15 * millisecond, 1);
    queue(16 * millisecond, 1);
    invoke(1);
    free(30 * millisecond, 2);
    EXPECT_TRUE(watch.in_danger());
    EXPECT_THAT(watch.say(), ElementsAre(HasSubstr("demo is being freed while 2 of its callbacks are queued "
                                                   "(CPU 0: 1, CPU 1: 1; the oldest since 20.0 ms)")));
    EXPECT_THAT(watch.say(), IsEmpty()) << "once is enough";
    EXPECT_TRUE(watch.in_danger());
}

TEST_F(Watch, SaysWhatBecameOfThem) {
    load();
    free(30 * millisecond, 2);
    watch.say();
    freed(42 * millisecond, 0);
    EXPECT_THAT(watch.say(), ElementsAre(HasSubstr("before its memory was freed, 12.0 ms after")));
    EXPECT_FALSE(watch.in_danger());
}

TEST_F(Watch, StaysOnGuardWhenCodeIsGoneThatWillBeCalled) {
    load();
    free(30 * millisecond, 2);
    freed(42 * millisecond, 1);
    EXPECT_THAT(watch.say(), ElementsAre(testing::_, HasSubstr("1 of its callbacks is still queued")));
    EXPECT_TRUE(watch.in_danger());
}

TEST_F(Watch, AnInvocationMayBeTakenBeforeItsQueueing) {
    load();
    watch.batch_begins(1, softirq, 0);
    invoke(1);
    queue(10 * millisecond, 0);
    queue(25 * millisecond, 0); // the same memory is reused
    free(30 * millisecond, 1);
    EXPECT_THAT(watch.say(), ElementsAre(HasSubstr("(CPU 0: 1; the oldest since 5.0 ms)")));
}

TEST_F(Watch, AListIsEmptiedInItsOrder) {
    load();
    for (std::uint64_t i = 0; i < 1000; i++)
        queue((10 + i) * millisecond, 0);
    for (std::uint64_t i = 0; i < 990; i++)
        invoke(0);
    free(1200 * millisecond, 10);
    EXPECT_THAT(watch.say(), ElementsAre(HasSubstr("(CPU 0: 10; the oldest since 200.0 ms)")));
}

// Callbacks of CPU 1 are offloaded to a task that migrates within its batch, while CPU 0 runs its own callbacks.
TEST_F(Watch, AListMayBeRunAnywhere) {
    load();
    for (const std::uint32_t cpu : {0U, 1U})
        for (std::uint64_t i = 0; i < 10; i++)
            queue(10 * millisecond, cpu);
    constexpr std::uint32_t offloaded_to = 30;
    watch.batch_begins(2, offloaded_to, 1);
    invoke(2, offloaded_to);
    watch.batch_begins(0, 0, 0);
    invoke(0, 0);
    invoke(0, 0);
    for (int i = 0; i < 3; i++)
        invoke(0, offloaded_to);
    free(30 * millisecond, 14);
    EXPECT_THAT(watch.say(), ElementsAre(HasSubstr("(CPU 0: 8, CPU 1: 6; the oldest since 20.0 ms)")));
}

TEST_F(Watch, WhereIsNotKnownAcrossAGap) {
    load();
    queue(10 * millisecond, 0);
    at(12 * millisecond, 1, event::Lost{1, 11 * millisecond, 11 * millisecond});
    free(30 * millisecond, 2);
    EXPECT_THAT(watch.say(), ElementsAre(HasSubstr("while 2 of its callbacks are queued: the kernel crashes")));
}

TEST_F(Watch, AccusesNobodyWhereCallsWereHidden) {
    watch = UnloadWatch({"demo"}, true);
    load();
    queue(10 * millisecond, 0);
    at(12 * millisecond, 1, event::Lost{1, 11 * millisecond, 11 * millisecond});
    free(30 * millisecond, 2);
    EXPECT_THAT(watch.say(), ElementsAre(AllOf(HasSubstr("up to 2 of its callbacks may be queued"),
                                               Not(HasSubstr("the kernel crashes")))));
    freed(31 * millisecond, 1);
    EXPECT_THAT(watch.say(), ElementsAre(AllOf(HasSubstr("up to 1 of its callbacks may still have been queued"),
                                               Not(HasSubstr("code is freed")))));
}

TEST_F(Watch, IsSureWhereNothingWasHidden) {
    watch = UnloadWatch({"demo"}, true);
    load();
    queue(10 * millisecond, 0);
    free(30 * millisecond, 1);
    EXPECT_THAT(watch.say(), ElementsAre(HasSubstr("the kernel crashes if one of them is still queued")));
}

TEST_F(Watch, TellsAFailedInit) {
    watch.begins(0, base, 0x1000);
    step(1 * millisecond, ModuleStep::coming);
    queue(2 * millisecond, 0);
    free(3 * millisecond, 1);
    EXPECT_THAT(watch.say(), ElementsAre(HasSubstr("demo failed to load and is being freed")));
}

TEST_F(Watch, ANewLifeBeginsWithNothingPending) {
    load();
    queue(10 * millisecond, 0);
    free(20 * millisecond, 1);
    freed(21 * millisecond, 1);
    watch.say();
    load();
    queue(30 * millisecond, 1);
    free(40 * millisecond, 1);
    EXPECT_THAT(watch.say(), ElementsAre(HasSubstr("(CPU 1: 1; the oldest since 10.0 ms)")));
}

TEST_F(Watch, OthersAreNotItsBusiness) {
    load();
    EXPECT_EQ(watch.queued_on(0, 0xffffffff81000000), nullptr);
    EXPECT_EQ(watch.run_by(0, softirq, 0xffffffff81000000), nullptr);
    at(6 * millisecond, 0, event::ModulePending{ModuleStep::freeing, "other", 3});
    EXPECT_THAT(watch.say(), IsEmpty());
    EXPECT_FALSE(watch.in_danger());
}

} // namespace
} // namespace rcuscope::test
