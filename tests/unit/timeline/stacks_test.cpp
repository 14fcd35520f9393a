// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;

event::Stack stack(std::vector<std::uint64_t> frames) {
    return {.frames = std::move(frames)};
}

event::CbQueued queued_by(std::uint64_t caller, std::uint64_t head = 1) {
    return {.head = head, .func = Scenario::func, .caller = caller};
}

std::vector<std::string> names(const std::vector<CodeLocation>& places) {
    std::vector<std::string> names;
    names.reserve(places.size());
    for (const CodeLocation& place : places)
        names.push_back(location_name(place, true));
    return names;
}

struct Named : Scenario {
    Named() {
        symbols = {{.address = 0x10, .name = "call_rcu", .offset = 5, .module = ""},
                   {.address = 0x20, .name = "release", .offset = 0x12, .module = "demo"},
                   {.address = 0x30, .name = "bpf_trampoline_6442", .offset = 0x6e, .module = "bpf"},
                   {.address = 0x21, .name = "release", .offset = 5, .module = "demo"},
                   {.address = 0x40, .name = "kthread", .offset = 0xd2, .module = ""}};
    }
};

TEST(Stacks, BeginWithTheCallerAndAreKeptOnce) {
    const Timeline timeline = Named()
                                  .at(10, stack({0x99, 0x10, 0x20, 0x40}))
                                  .at(10, queued_by(0x20, 1))
                                  .at(11, stack({0x98, 0x10, 0x20, 0x40}))
                                  .at(11, queued_by(0x20, 2))
                                  .complete(99);
    ASSERT_EQ(timeline.stacks.size(), 1U);
    EXPECT_THAT(names(timeline.stacks[0]), ElementsAre("demo:release+0x12", "kthread+0xd2"));
    EXPECT_EQ(timeline.callbacks.at(0).stack, 0U);
    EXPECT_EQ(timeline.callbacks.at(1).stack, 0U);
}

TEST(Stacks, AreOfWaitsAndOfKvfreeToo) {
    const Timeline timeline = Named()
                                  .at(10, stack({0x20, 0x40}))
                                  .at(10, event::WaitBegin{.caller = 0x20})
                                  .at(12, stack({0x40}))
                                  .at(12, event::KvfreeRcu{.object = 7, .caller = 0x40, .headless = true})
                                  .complete(99);
    EXPECT_EQ(timeline.waits.at(0).stack, 0U);
    ASSERT_EQ(timeline.kvfree_calls.size(), 1U);
    const KvfreeCall& call = timeline.kvfree_calls[0];
    EXPECT_EQ(call.at, 12);
    EXPECT_EQ(call.tid, 100U);
    EXPECT_EQ(call.object, 7U);
    EXPECT_EQ(location_name(call.caller, true), "kthread+0xd2");
    EXPECT_TRUE(call.headless);
    EXPECT_EQ(call.stack, 1U);
}

TEST(Stacks, WithoutTheTrampolinesOfTracers) {
    const Timeline timeline = Named().at(10, stack({0x20, 0x30, 0x21, 0x40})).at(10, queued_by(0x20)).complete(99);
    EXPECT_THAT(names(timeline.stacks.at(0)), ElementsAre("demo:release+0x12", "kthread+0xd2"));
}

TEST(Stacks, OfAnotherTimeTaskOrCpuIsNotIts) {
    const Timeline timeline = Named()
                                  .at(10, stack({0x20, 0x40}))
                                  .at(11, queued_by(0x20, 1)) // its own stack was lost
                                  .at(12, stack({0x20, 0x40}))
                                  .cpu(1)
                                  .at(12, queued_by(0x20, 2))
                                  .cpu(0)
                                  .tid(7)
                                  .at(12, queued_by(0x20, 3))
                                  .complete(99);
    for (const Callback& callback : timeline.callbacks)
        EXPECT_EQ(callback.stack, std::nullopt);
    EXPECT_TRUE(timeline.stacks.empty());
}

TEST(Stacks, WithoutTheCallerInItSaysNothing) {
    const Timeline timeline = Named()
                                  .at(10, stack({0x10, 0x40}))
                                  .at(10, queued_by(0x20, 1))
                                  .at(11, stack({0x10, 0x40}))
                                  .at(11, queued_by(0, 2))
                                  .complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).stack, std::nullopt);
    EXPECT_EQ(timeline.callbacks.at(1).stack, std::nullopt);
}

TEST(Stacks, AnAddressMayBeOfAnotherModuleLater) {
    Named scenario;
    scenario.metadata.modules = {{.name = "rcu_demo", .functions = {{"demo_read", ".text", 0, 0x20}}},
                                 {.name = "rcu_other", .functions = {{"other_read", ".text", 0, 0x20}}}};
    const auto put = [](const std::string& module) {
        return event::ModuleSection{.module = module, .section = ".text", .address = 0x1000};
    };
    scenario.at(1, put("rcu_demo")).at(2, stack({0x1008})).at(2, queued_by(0x1008, 1));
    scenario.at(3, put("rcu_other")).at(4, stack({0x1008})).at(4, queued_by(0x1008, 2));

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.stacks.size(), 2U);
    EXPECT_THAT(names(timeline.stacks[0]), ElementsAre("rcu_demo:demo_read+0x8"));
    EXPECT_THAT(names(timeline.stacks[1]), ElementsAre("rcu_other:other_read+0x8"));
}

} // namespace
} // namespace rcuscope::test
