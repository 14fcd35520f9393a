// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/callback_numbers.hpp"

#include <array>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "analysis/analysis.hpp"
#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

// A recording in which modules are loaded, queue callbacks on two CPUs, and are unloaded, with or without waiting.
// `odd` per mille of its steps are events that should not happen.
class RandomRecording {
public:
    RandomRecording(unsigned seed, unsigned odd) : random_(seed), odd_(odd) {
        scenario.symbols.push_back({.address = 0xa0, .name = "free_a", .offset = 0, .module = "mod_a"});
        scenario.symbols.push_back({.address = 0xb0, .name = "free_b", .offset = 0, .module = "mod_b"});
        scenario.symbols.push_back({.address = 0xb8, .name = "free_b", .offset = 8, .module = "mod_b"});
        scenario.symbols.push_back({.address = 0xc0, .name = "file_free", .offset = 0, .module = ""});
        scenario.metadata.followed = {"mod_a"};
        for (int i = 0; i < 12'000; i++)
            step();
        if (chance(500)) {
            end_grace_period();
            while (!queued_[0].empty() || !queued_[1].empty())
                run(queued_[0].empty() ? 1 : 0);
        }
    }

    Scenario scenario;
    Nanoseconds now = 100;

private:
    struct Queued {
        std::uint64_t head = 0;
        std::uint64_t function = 0;
    };

    bool chance(unsigned per_mille) { return random_() % 1000 < per_mille; }

    void step() {
        now += static_cast<Nanoseconds>(random_() % 3);
        const auto cpu = static_cast<std::uint32_t>(random_() % 2);
        scenario.cpu(cpu).tid(100 + cpu);
        if (chance(odd_))
            return something_odd(cpu);
        if (chance(3))
            return of_a_module();
        if (chance(100))
            return end_grace_period();
        if (chance(queued_[cpu].size() > 40 ? 700 : 480))
            return run(cpu);
        constexpr std::array<std::uint64_t, 5> functions{0xa0, 0xb0, 0xb8, 0xc0, 0xa0};
        const Queued what{.head = ++heads_, .function = functions[random_() % functions.size()]};
        scenario.queue(now, what.head, what.function);
        queued_[cpu].push_back(what);
    }

    // Queued callbacks wait for this grace period, and are ready after it.
    void end_grace_period() {
        counter_++;
        scenario.gp_start(now, counter_).assign(now, counter_, 0).assign(now, counter_, 1);
        now += static_cast<Nanoseconds>(random_() % 2);
        scenario.gp_end(now, counter_);
        ready_[0] = queued_[0].size();
        ready_[1] = queued_[1].size();
    }

    void run(std::uint32_t cpu) {
        if (ready_[cpu] == 0 && !queued_[cpu].empty())
            end_grace_period();
        if (ready_[cpu] == 0)
            return;
        scenario.cpu(cpu);
        const Queued what = queued_[cpu].front();
        queued_[cpu].erase(queued_[cpu].begin());
        ready_[cpu]--;
        now += static_cast<Nanoseconds>(random_() % 2);
        scenario.invoke(now, what.head, what.function);
        now += static_cast<Nanoseconds>(random_() % 2);
        scenario.done(now, what.head);
    }

    void of_a_module() {
        static constexpr std::array steps{event::ModuleStep::coming, event::ModuleStep::init_done,
                                          event::ModuleStep::live,   event::ModuleStep::unloading,
                                          event::ModuleStep::exited, event::ModuleStep::freeing,
                                          event::ModuleStep::freed};
        const std::size_t which = random_() % 2;
        const std::string name = which == 0 ? "mod_a" : "mod_b";
        std::size_t& at = step_[which];
        if (chance(100)) {
            scenario.reference(now, name, true, 1);
        } else if (at == 3 && chance(500)) {
            // it stays loaded for a while
        } else if (at == 3 && chance(300)) {
            scenario.module(now, event::ModuleStep::unloading, name).module(now, event::ModuleStep::refused, name, -11);
        } else {
            scenario.module(now, steps[at], name);
            at = (at + 1) % steps.size();
        }
    }

    void something_odd(std::uint32_t cpu) {
        switch (random_() % 6) {
        case 0:
            scenario.module(now, event::ModuleStep::coming, "mod_b");
            break;
        case 1:
            scenario.lost(now, now, ++lost_);
            break;
        case 2:
            if (!queued_[cpu].empty())
                scenario.queue(now, queued_[cpu].front().head, queued_[cpu].front().function);
            break;
        case 3:
            scenario.queue(now, ++heads_, 0xa0); // never invoked in the recording
            break;
        case 4:
            scenario.module(now, event::ModuleStep::init_done, "mod_a", -12);
            break;
        default:
            scenario.at(now, event::GpStart{.gp_seq = running(counter_), .since_ns = Scenario::absolute(now)});
        }
    }

    std::mt19937 random_;
    unsigned odd_;
    std::array<std::vector<Queued>, 2> queued_; // by CPU
    std::array<std::size_t, 2> ready_{};
    std::array<std::size_t, 2> step_{};
    std::uint64_t counter_ = 0;
    std::uint64_t heads_ = 0x1000;
    std::uint64_t lost_ = 0;
};

TEST(CallbackNumbers, CountEachCallbackOnce) {
    std::size_t with_hazards = 0;
    for (unsigned seed = 0; seed < 20; seed++) {
        const RandomRecording recording(seed, seed % 4 == 0 ? 1 : 0);
        const Timeline timeline = recording.scenario.complete(recording.now + 10);
        const Analysis found = analyse(timeline, {});
        std::array<std::size_t, 3> by_state{};
        std::size_t invoked = 0;
        std::int64_t latency = 0;
        std::map<std::string, std::size_t> by_function;
        for (const Callback& each : timeline.callbacks) {
            by_state.at(static_cast<std::size_t>(each.state))++;
            invoked += each.invoked ? 1U : 0U;
            latency += each.invoked ? *each.invoked - each.queued : 0;
            by_function[each.function->function]++;
        }
        const CallbackStatistics& all = found.statistics.all_callbacks;
        EXPECT_EQ((std::array{all.done, all.pending, all.unknown}), by_state) << seed;
        EXPECT_EQ(all.queued, timeline.callbacks.size());
        EXPECT_EQ(all.invoked, invoked);
        EXPECT_EQ(all.latency.count(), invoked);
        EXPECT_EQ(all.latency.sum(), static_cast<double>(latency));
        ASSERT_EQ(found.statistics.callbacks.size(), by_function.size());
        for (const CallbackStatistics& row : found.statistics.callbacks)
            EXPECT_EQ(row.queued, by_function[row.name.function]) << seed << " " << row.name.function;
        with_hazards += found.hazards.empty() ? 0U : 1U;
    }
    EXPECT_GT(with_hazards, 5U) << "else it shows little";
}

// The builder finds them while it reads; here they are found in the rows.
TEST(Requeued, AreThoseOfTheRows) {
    std::size_t pairs = 0;
    for (unsigned seed = 0; seed < 20; seed++) {
        const RandomRecording recording(seed, seed % 4);
        const Timeline timeline = recording.scenario.complete(recording.now + 10);
        std::set<std::pair<std::uint32_t, std::uint32_t>> said;
        for (const Requeue& each : timeline.requeued)
            said.emplace(each.first, each.second);
        EXPECT_EQ(said.size(), timeline.requeued.size());
        std::map<std::uint64_t, const Callback*> newest; // by head
        for (const Callback& callback : timeline.callbacks) {
            if (const Callback* before = std::exchange(newest[callback.head], &callback)) {
                const bool is_said = said.contains({before->id, callback.id});
                if (!before->invoked || *before->invoked > callback.queued)
                    EXPECT_TRUE(is_said) << seed << ": " << before->id << ", " << callback.id;
                else if (*before->invoked < callback.queued)
                    EXPECT_FALSE(is_said) << seed << ": " << before->id << ", " << callback.id;
            }
        }
        pairs += said.size();
    }
    EXPECT_GT(pairs, 20U) << "else it shows little";
}

// Each function takes hundreds of bytes.
TEST(FunctionIndex, RefusesMoreFunctionsThanAnyRecordingHas) {
    FunctionIndex index;
    const auto function = [](std::size_t number) { return CodeLocation{.function = "f" + std::to_string(number)}; };
    for (std::size_t i = 0; i < FunctionIndex::limit; i++)
        EXPECT_EQ(index.of(function(i)), i);
    EXPECT_EQ(index.of(function(7)), 7U);
    try {
        index.of(function(FunctionIndex::limit));
        FAIL();
    } catch (const LimitError& limit) {
        EXPECT_EQ(limit.error().code, ExitCode::bad_input);
        EXPECT_EQ(limit.error().why, "it names more than 65536 functions, which no recording does");
    }
}

} // namespace
} // namespace rcuscope::test
