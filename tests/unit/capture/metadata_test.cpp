// SPDX-License-Identifier: BSD-2-Clause
#include "capture/metadata.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "support.hpp"

namespace rcuscope::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Metadata full_metadata() {
    Metadata metadata;
    metadata.tool_version = "0.1.0";
    metadata.host = {"6.1.0-42-amd64", "x86_64", 16, 250, true, false, "boottime", {{"rcu_nocbs", "0-3"}}};
    metadata.clocks = {1, 2, 0xffffffffffffffff};
    metadata.start_ns = 0x8000000000000001;
    metadata.command = {"insmod", "a\"b\n"};
    metadata.followed = {"rcucmap"};
    metadata.all_callbacks = true;
    metadata.probes = {{"gp.start", "kprobe", "rcu_gp_init"}};
    metadata.missing = {{"cb.queued", "no such symbol"}};
    metadata.modules = {{"rcucmap", "rcucmap.ko", "abcd", "map_init", "map_exit", {{"node_free", ".text", 16, 32}}}};
    metadata.modules[0].sections = {{{".text", 64}}};
    metadata.modules[0].jumps = {{{"map_del", 27, "call_rcu"}}};
    metadata.modules[0].exit_waits_in = "wait_for_completion";
    metadata.modules[0].exit_polls_with = "msleep";
    metadata.modules[0].wakers = {{{"node_free", "complete"}}};
    metadata.sites = {{SiteKind::function_return, "rcucmap", "node_free", 18}};
    metadata.sequences = {0xfffffffffffffb50, 12};
    return metadata;
}

Trailer full_trailer() {
    return {99,
            "command ended",
            128 + 9,
            {{"gp.start", "kprobe", 5, 1}},
            {{3, 8, 100, 200}},
            {{1205, 12}},
            OwnShare{41, 3, 0, 80, 5, 1},
            RunStats{{{"gp_init_fentry", "fentry/rcu_gp_init", 7, 2100}}, 3000},
            CallbackLosses{4, 3, 2},
            {},
            std::vector{MissingInfo{"module.jumps", "jumps at 1 place of demo"}}};
}

TEST(Metadata, RoundTrip) {
    const auto back = metadata_from_json(json::parse(to_json(full_metadata()).dump()));
    ASSERT_TRUE(back) << back.error().why;
    EXPECT_EQ(to_json(*back), to_json(full_metadata()));
    EXPECT_EQ(back->host.kernel, "6.1.0-42-amd64");
    EXPECT_TRUE(back->host.preempt_rcu);
    EXPECT_EQ(back->clocks.realtime_ns, 0xffffffffffffffffu);
    EXPECT_EQ(back->command.at(1), "a\"b\n");
    EXPECT_EQ(back->modules.at(0).functions.at(0).size, 32u);
    EXPECT_EQ(back->modules.at(0).jumps->at(0).target, "call_rcu");
    EXPECT_EQ(back->modules.at(0).wakers->at("node_free"), "complete");
    EXPECT_EQ(back->sites.at(0).kind, SiteKind::function_return);
}

TEST(Metadata, TrailerRoundTrip) {
    const auto back = trailer_from_json(json::parse(to_json(full_trailer()).dump()));
    ASSERT_TRUE(back) << back.error().why;
    EXPECT_EQ(to_json(*back), to_json(full_trailer()));
    EXPECT_EQ(back->command_status, 137);
    EXPECT_EQ(back->lost.at(0).total, 8u);
    EXPECT_EQ(back->sequences->gp_seq, 1205u);
    EXPECT_EQ(back->own_share->detach_expedited, 1u);
    EXPECT_EQ(back->stats->programs.at(0).runs, 7u);
    EXPECT_EQ(back->lost_callbacks->invoked, 3u);
    EXPECT_EQ(back->missing->at(0).hook, "module.jumps");
}

// Older captures do not have them.
TEST(Metadata, WhatMayBeNoneMayBeMissing) {
    json less = to_json(full_metadata());
    less.erase("sequences");
    less["host"].erase("settings");
    const auto metadata = metadata_from_json(less);
    ASSERT_TRUE(metadata) << metadata.error().why;
    EXPECT_FALSE(metadata->sequences);
    EXPECT_TRUE(metadata->host.settings.empty());

    less = to_json(full_trailer());
    less.erase("sequences");
    less.erase("own_share");
    less.erase("stats");
    less.erase("lost_callbacks");
    less.erase("missing");
    const auto trailer = trailer_from_json(less);
    ASSERT_TRUE(trailer) << trailer.error().why;
    EXPECT_FALSE(trailer->sequences);
    EXPECT_FALSE(trailer->own_share);
    EXPECT_FALSE(trailer->stats);
    EXPECT_FALSE(trailer->lost_callbacks);
    EXPECT_FALSE(trailer->missing);
}

TEST(Metadata, SettingsAreText) {
    json wrong = to_json(full_metadata());
    wrong["host"]["settings"]["rcu_nocbs"] = 3;
    EXPECT_EQ(metadata_from_json(wrong).error().why, "metadata.host.settings.rcu_nocbs is not a string");
    wrong["host"]["settings"] = json::array();
    EXPECT_EQ(metadata_from_json(wrong).error().why, "metadata.host.settings is not an object");
}

TEST(Metadata, TrailerWithoutCommand) {
    Trailer trailer = full_trailer();
    trailer.command_status.reset();
    const auto back = trailer_from_json(to_json(trailer));
    ASSERT_TRUE(back);
    EXPECT_FALSE(back->command_status.has_value());
}

TEST(Metadata, TrailerOfATriggerRoundTrip) {
    Trailer trailer = full_trailer();
    trailer.fired = FiredTrigger{"gp>1s", "it took 2 s", FiredOn::expedited_grace_period, ~0ull, 7, 8};
    const auto back = trailer_from_json(json::parse(to_json(trailer).dump()));
    ASSERT_TRUE(back) << back.error().why;
    EXPECT_EQ(to_json(*back), to_json(trailer));
    EXPECT_EQ(back->fired->on, FiredOn::expedited_grace_period);
    json older = to_json(trailer);
    older.erase("fired");
    ASSERT_TRUE(trailer_from_json(older));
    EXPECT_FALSE(trailer_from_json(older)->fired);
}

TEST(Metadata, EveryMemberMustBeThere) {
    json whole = to_json(full_metadata());
    whole.erase("sequences"); // this one is optional
    for (const auto& [name, value] : whole.items()) {
        json less = whole;
        less.erase(name);
        const auto back = metadata_from_json(less);
        ASSERT_FALSE(back) << name;
        EXPECT_EQ(back.error().code, ExitCode::bad_input);
        EXPECT_EQ(back.error().why, "metadata." + name + " is missing");
    }
}

TEST(Metadata, UnknownMembersAreIgnored) {
    json more = to_json(full_metadata());
    more["later"] = {1, 2, 3};
    more["host"]["later"] = "x";
    EXPECT_TRUE(metadata_from_json(more));
}

// Replaces every value in the tree by one of each wrong type: it must be refused, without an exception.
TEST(Metadata, WrongTypesAreRefused) {
    const json whole = to_json(full_metadata());
    const json flat = whole.flatten();
    const json wrong[] = {nullptr, -1, 1.5, "text", true, json::array({nullptr}), json::object()};
    for (const auto& [place, value] : flat.items()) {
        for (const json& other : wrong) {
            const bool is_none = other.is_null() && place.starts_with("/modules/0/exit_"); // null means unknown there
            if (other.type() == value.type() || is_none)
                continue;
            json changed = whole;
            changed[json::json_pointer(place)] = other;
            EXPECT_FALSE(metadata_from_json(changed)) << place << " = " << other;
        }
    }
}

TEST(Metadata, SaysWhereItIsWrong) {
    json changed = to_json(full_metadata());
    changed["sites"][0]["offset"] = -4;
    EXPECT_THAT(metadata_from_json(changed).error().why, HasSubstr("metadata.sites[0].offset"));
    changed = to_json(full_metadata());
    changed["sites"][0]["kind"] = "teleport";
    EXPECT_THAT(metadata_from_json(changed).error().why, HasSubstr("metadata.sites[0].kind"));
}

TEST(Metadata, NumbersOutOfRangeAreRefused) {
    json changed = to_json(full_metadata());
    changed["host"]["hz"] = 1ull << 32;
    EXPECT_FALSE(metadata_from_json(changed));
    changed = to_json(full_metadata());
    changed["host"]["cpus"] = max_cpus + 1;
    EXPECT_FALSE(metadata_from_json(changed));
    json trailer = to_json(full_trailer());
    trailer["command_status"] = 1ull << 31;
    EXPECT_FALSE(trailer_from_json(trailer));
    trailer["command_status"] = -1;
    EXPECT_TRUE(trailer_from_json(trailer));
}

TEST(Metadata, WholeValueOfAnotherType) {
    for (const json& other : {json(), json(3), json("text"), json::array(), json(json::value_t::discarded)}) {
        EXPECT_FALSE(metadata_from_json(other));
        EXPECT_FALSE(trailer_from_json(other));
    }
}

} // namespace
} // namespace rcuscope::test
