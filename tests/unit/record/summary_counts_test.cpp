// SPDX-License-Identifier: BSD-2-Clause
#include "record/summary_counts.hpp"

#include <cstring>
#include <gmock/gmock.h>

#include "probes/summary_hooks.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

SummarySection section(std::uint32_t module, const char* name, std::uint64_t offset) {
    SummarySection made{.offset = offset};
    made.section.module = module;
    std::strncpy(made.section.name, name, sizeof(made.section.name) - 1);
    return made;
}

const std::uint32_t second = RS_IN_MODULE(1);

const std::vector<SummarySection> sections{section(RS_IN_MODULE(0), ".text", 0), section(second, ".text", 0x40),
                                           section(second, ".text.unlikely", 0x400),
                                           section(second | RS_IN_INIT, ".init.text", 0)};

std::string name_at(std::uint64_t address, std::uint32_t module = second) {
    ModuleFile file{.name = "mine"};
    file.functions = {{.name = "begin", .section = ".init.text", .offset = 0, .size = 32},
                      {.name = "free_node", .section = ".text", .offset = 0x10, .size = 0x20},
                      {.name = "free_list", .section = ".text", .offset = 0x30, .size = 0x20},
                      {.name = "cold", .section = ".text.unlikely", .offset = 0, .size = 8}};
    const NamedFunction name = name_in_module(file, {.address = address, .module = module, .life = 0}, sections);
    EXPECT_EQ(name.module, "mine");
    return name.function;
}

TEST(SummaryCounts, NamesFunctionsByTheSectionThatTheyAreIn) {
    EXPECT_EQ(name_at(0x50), "free_node");
    EXPECT_EQ(name_at(0x6f), "free_node");
    EXPECT_EQ(name_at(0x70), "free_list");
    EXPECT_EQ(name_at(0x400), "cold");
    EXPECT_EQ(name_at(0, second | RS_IN_INIT), "begin");
    EXPECT_EQ(name_at(0x48), "") << "between two functions";
    EXPECT_EQ(name_at(0x20), "") << "before any section";
    EXPECT_EQ(name_at(0x10, RS_IN_MODULE(2)), "") << "its sections were not seen";
}

TEST(SummaryCounts, AFunctionThatWasInTwoPlacesIsOneRow) {
    KernelCallbacks first{.module = "mine", .function = "free_node", .queued = 3, .untimed = 1};
    first.latency = {.buckets = {{100, 2}}, .sum = 200, .shortest = 100, .longest = 100};
    KernelCallbacks again = first;
    again.latency = {.buckets = {{50, 1}, {100, 1}}, .sum = 150, .shortest = 50, .longest = 100};
    KernelCallbacks none = first;
    none.latency = {};
    const auto rows = merged_by_name({first, {.module = "other", .function = "free_node", .queued = 9}, again, none});
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].queued, 9u);
    EXPECT_EQ(rows[0].untimed, 3u);
    EXPECT_EQ(rows[0].latency.buckets, (std::map<std::uint64_t, std::uint64_t>{{50, 1}, {100, 3}}));
    EXPECT_EQ(rows[0].latency.shortest, 50u);
    EXPECT_EQ(rows[0].latency.longest, 100u);
    EXPECT_EQ(rows[0].latency.sum, 350u);
    EXPECT_EQ(rows[1].module, "other");
}

TEST(SummaryCounts, RefusesAKernelThatDoesNotShowAll) {
    KernelOffer offer;
    offer.btf = true;
    offer.btf_functions = functions_named(summary_hook_table());
    EXPECT_TRUE(check_summary_plan(resolve(summary_hook_table(), offer, {})));
    offer.btf_functions.erase("call_rcu_hurry");
    EXPECT_TRUE(check_summary_plan(resolve(summary_hook_table(), offer, {}))) << "older kernels have none";
    offer.btf_functions.erase("rcu_cblist_dequeue");
    const auto checked = check_summary_plan(resolve(summary_hook_table(), offer, {}));
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ExitCode::cannot_here);
    EXPECT_THAT(checked.error().why, HasSubstr("invocations of callbacks cannot be seen"));
}

TEST(SummaryCounts, BucketsTakeNoMoreThanTheyMay) {
    for (const std::uint32_t cpus : {1u, 2u, 6u, 64u, 8192u})
        for (const bool whole_system : {false, true}) {
            const SummarySizes room = SummarySizes::for_cpus(cpus, 4096, whole_system);
            EXPECT_TRUE(std::has_single_bit(room.copies));
            EXPECT_LE(sizeof(rs_buckets) * room.copies * room.slots, 64u << 20);
            EXPECT_LE(room.slots, std::uint32_t{RS_SLOT_UNCOUNTED});
            EXPECT_LT(room.copies, cpus * 2);
        }
    EXPECT_EQ(SummarySizes::for_cpus(2, 4096, false).copies, 2u);
}

} // namespace
} // namespace rcuscope::test
