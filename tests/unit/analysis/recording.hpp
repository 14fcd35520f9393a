// SPDX-License-Identifier: BSD-2-Clause
//
// Timelines that tests make by hand.
#pragma once

#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <string>

#include "analysis/analysis.hpp"

namespace rcuscope::test {

inline constexpr Nanoseconds ms = 1'000'000;

// A recording of 1000 ns in which the module rcu_unload is unloaded: its exit function runs from 400 to 480, and its
// memory is freed from 500 to 600.
class Unloading {
public:
    Unloading() {
        timeline.capture.complete = true;
        timeline.capture.end = 1000;
        timeline.capture.followed = {"rcu_unload"};
        ModuleLife& life = timeline.modules.emplace_back();
        life.name = "rcu_unload";
        life.followed = true;
        life.loaded = 0;
        life.init_done = 5;
        life.exit = 400;
        life.exit_done = 480;
        life.free_begin = 500;
        life.freed = 600;
    }

    Unloading& callback(Nanoseconds queued, MaybeTime invoked = {}, MaybeTime done = {},
                        const std::string& function = "node_free", const std::string& module = "rcu_unload") {
        Callback& row = timeline.callbacks.emplace_back();
        row.id = static_cast<std::uint32_t>(timeline.callbacks.size());
        row.head = 0x1000 + row.id;
        row.function = {.address = 0xf00, .function = function, .module = module};
        row.caller = {.address = 0xc12, .function = "writer_fn", .module = "rcu_unload", .offset = 0x12};
        row.queued = queued;
        row.queued_comm = "writer";
        row.invoked = invoked;
        row.done = done;
        row.state = done ? CallbackState::done : CallbackState::pending;
        return *this;
    }
    Unloading& unknown() { // the last callback
        timeline.callbacks.back().state = CallbackState::unknown;
        return *this;
    }
    Unloading& head(std::uint64_t head) { // the last callback
        timeline.callbacks.back().head = head;
        return *this;
    }
    Unloading& from(const std::string& function, std::uint32_t cpu, const std::string& comm) { // the last callback
        CodeLocation caller = timeline.callbacks.back().caller;
        caller.function = function;
        timeline.callbacks.back().caller = caller;
        timeline.callbacks.back().queued_cpu = static_cast<std::uint16_t>(cpu);
        timeline.callbacks.back().queued_comm = comm;
        return *this;
    }
    Unloading& wait(event::WaitKind kind, Nanoseconds begin, Nanoseconds end,
                    const std::string& module = "rcu_unload") {
        timeline.waits.push_back(
            {.kind = kind,
             .caller = {.address = 0xc34, .function = "rcu_unload_exit", .module = module, .offset = 0x34},
             .begin = begin,
             .end = end});
        return *this;
    }
    // A section of rcu_unload:reader.
    ReadSection& section(Nanoseconds begin, MaybeTime end) {
        return timeline.read_sections.push_back(
            ReadSection{.tid = 812,
                        .comm = "reader",
                        .cpu = 1,
                        .begin = begin,
                        .end = end,
                        .place = {.address = 0xd08, .function = "reader", .module = "rcu_unload", .offset = 8}});
    }
    Unloading& lost(Nanoseconds from, Nanoseconds to) {
        timeline.capture.lost.push_back({.cpu = 0, .from = from, .to = to, .count = 3});
        return *this;
    }
    Unloading& missed(const std::string& hook, std::uint64_t runs = 1) {
        timeline.capture.probes.push_back({.hook = hook, .via = "fentry", .hits = 9, .missed = runs});
        return *this;
    }
    Unloading& counted(std::optional<std::uint64_t> at_exit, std::optional<std::uint64_t> at_free,
                       std::optional<std::uint64_t> at_freed) {
        life().pending_at_exit = at_exit;
        life().pending_at_free = at_free;
        life().pending_at_freed = at_freed;
        return *this;
    }
    // The file ends before free_module() returns.
    Unloading& cut_off_at(Nanoseconds end) {
        timeline.capture.complete = false;
        timeline.capture.end = end;
        life().freed = std::nullopt;
        return *this;
    }
    // The init function returned an error, so there was no exit function.
    Unloading& init_failed() {
        life().init_done = 610;
        life().init_error = -12;
        life().exit = life().exit_done = std::nullopt;
        return *this;
    }
    Unloading& stays() {
        life().exit = life().exit_done = life().free_begin = life().freed = std::nullopt;
        return *this;
    }

    ModuleLife& life() { return timeline.modules.front(); }
    std::vector<Hazard> find(const HazardLimits& limits = {}) {
        find_requeued();
        analysis = analyse(timeline, limits);
        return analysis.hazards;
    }
    std::string verdict() {
        find();
        return found().text;
    }
    // After find(): what was found of life().
    const LifeVerdict& found() const { return analysis.verdicts.front(); }

    Timeline timeline;
    Analysis analysis;

private:
    // As the builder does.
    void find_requeued() {
        std::map<std::uint64_t, const Callback*> newest; // by head
        timeline.requeued.clear();
        for (const Callback& callback : timeline.callbacks) {
            const Callback*& before = newest[callback.head];
            if (before != nullptr && before->invoked.value_or(callback.queued) >= callback.queued)
                timeline.requeued.push_back({.first = before->id, .second = callback.id});
            before = &callback;
        }
    }
};

// The single hazard that is found.
inline Hazard only(Unloading& scene) {
    const auto hazards = scene.find();
    EXPECT_EQ(hazards.size(), 1U);
    return hazards.empty() ? Hazard() : hazards.front();
}

} // namespace rcuscope::test
