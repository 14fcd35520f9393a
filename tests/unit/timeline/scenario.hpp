// SPDX-License-Identifier: BSD-2-Clause
//
// Builds a timeline from a short list of events.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "timeline/builder.hpp"

namespace rcuscope::test {

// The kernel's gp_seq of grace period `counter`: while it is in progress, and after its end.
constexpr std::uint64_t running(std::uint64_t counter) {
    return (counter << 2) | 1;
}
constexpr std::uint64_t over(std::uint64_t counter) {
    return (counter + 1) << 2;
}

// Times are relative to the recording's start. cpu() and tid() apply to the events that follow.
class Scenario {
public:
    static constexpr std::uint64_t start_ns = 5'000'000;

    Scenario() { metadata.start_ns = start_ns; }

    Scenario& cpu(std::uint32_t cpu) {
        cpu_ = cpu;
        return *this;
    }
    Scenario& tid(std::uint32_t tid) {
        tid_ = tid;
        return *this;
    }
    Scenario& at(Nanoseconds ns, EventBody body) {
        events_.push_back({.ns = absolute(ns), .cpu = cpu_, .tid = tid_, .body = std::move(body)});
        return *this;
    }

    Scenario& task(Nanoseconds ns, const std::string& comm, bool kthread = false) {
        return at(ns, event::Task{.tgid = tid_, .kthread = kthread, .comm = comm});
    }
    Scenario& lost(Nanoseconds from, Nanoseconds to, std::uint64_t total) {
        return at(to, event::Lost{.total = total, .from_ns = absolute(from), .to_ns = absolute(to)});
    }
    Scenario& gp_start(Nanoseconds ns, std::uint64_t counter) {
        return at(ns, event::GpStart{.gp_seq = running(counter), .since_ns = absolute(ns)});
    }
    Scenario& gp_end(Nanoseconds ns, std::uint64_t counter) { return at(ns, event::GpEnd{.gp_seq = running(counter)}); }
    // Callbacks have the function `func` unless a test is about functions.
    Scenario& queue(Nanoseconds ns, std::uint64_t head, std::uint64_t function = func) {
        return at(ns, event::CbQueued{.head = head, .func = function});
    }
    // All callbacks of a CPU now wait for the end of grace period `counter`, except those queued since `bypass`.
    Scenario& assign(Nanoseconds ns, std::uint64_t counter, std::uint32_t list_cpu = 0,
                     std::optional<Nanoseconds> bypass = std::nullopt) {
        return at(ns, event::CbAssigned{
                          .gp_seq = over(counter), .bypass_ns = bypass ? absolute(*bypass) : 0, .list_cpu = list_cpu});
    }
    // All callbacks of CPU 0 that have no grace period, or this normal one and an expedited one from `reassigned` on,
    // now wait for the end of either.
    Scenario& assign_either(Nanoseconds ns, std::uint64_t normal, std::uint64_t expedited, std::uint64_t reassigned) {
        return at(ns, event::CbAssigned{.gp_seq = over(normal),
                                        .expedited_seq = over(expedited),
                                        .reassigned_seq = over(reassigned),
                                        .either = true});
    }
    Scenario& exp_start(Nanoseconds ns, std::uint64_t counter) {
        return at(ns, event::GpStart{.gp_seq = running(counter), .since_ns = absolute(ns), .expedited = true});
    }
    Scenario& exp_end(Nanoseconds ns, std::uint64_t counter) {
        return at(ns, event::GpEnd{.gp_seq = running(counter), .expedited = true});
    }
    Scenario& cleaned(Nanoseconds ns, std::uint64_t counter, bool expedited = false) {
        return at(ns, event::GpCleaned{.gp_seq = running(counter), .expedited = expedited});
    }
    Scenario& invoke(Nanoseconds ns, std::uint64_t head, std::uint64_t function = func) {
        return at(ns, event::CbInvoked{.head = head, .func = function});
    }
    Scenario& done(Nanoseconds ns, std::uint64_t head) { return at(ns, event::CbDone{.head = head}); }
    // The function of callback `done` has returned, and the function of the next one begins.
    Scenario& next(Nanoseconds ns, std::uint64_t done, std::uint64_t head) {
        return at(ns, event::CbInvoked{.head = head, .func = func, .done = done});
    }
    // Site `number`, in the order of has_site(), is reached.
    Scenario& site(Nanoseconds ns, std::size_t number) {
        const SiteInfo& info = metadata.sites.at(number);
        const bool is_return = info.kind == SiteKind::function_return || info.kind == SiteKind::reader_return;
        return at(ns, event::Site{.address = function_address(info.function) + (is_return ? 0 : info.offset),
                                  .is_return = is_return});
    }
    Scenario& module(Nanoseconds ns, event::ModuleStep step, const std::string& name, std::int32_t ret = 0,
                     std::uint64_t base = 0) {
        return at(ns, event::Module{.step = step, .name = name, .base = base, .ret = ret});
    }

    // Follows the record of the step.
    Scenario& pending(Nanoseconds ns, event::ModuleStep step, const std::string& name, std::uint64_t count) {
        return at(ns, event::ModulePending{.step = step, .name = name, .pending = count});
    }
    Scenario& reference(Nanoseconds ns, const std::string& name, bool taken, std::int32_t count) {
        return at(ns, event::ModuleRef{.name = name, .taken = taken, .count = count, .caller = caller});
    }
    // The task in the module's exit function is woken by callback `head`; 0: by something else.
    Scenario& woken(Nanoseconds ns, const std::string& name, std::uint64_t head) {
        return at(ns, event::ModuleWoken{.head = head, .name = name});
    }
    Scenario& switch_out(Nanoseconds ns, event::SwitchReason reason) {
        return at(ns, event::SwitchOut{.reason = reason, .nesting = 1});
    }
    Scenario& left(Nanoseconds ns, event::LeftKind kind, std::uint32_t nesting) {
        return at(ns, event::TaskLeft{.kind = kind, .nesting = nesting});
    }
    Scenario& switch_in(Nanoseconds ns) { return at(ns, event::SwitchIn{.nesting = 1}); }

    // A site of module "rcu_demo", whose address was known before the recording began.
    Scenario& has_site(SiteKind kind, const std::string& function, std::uint64_t offset = 0) {
        metadata.sites.push_back({.kind = kind, .module = "rcu_demo", .function = function, .offset = offset});
        const std::uint64_t begin = function_address(function);
        symbols.push_back({.address = begin, .name = function, .offset = 0, .module = "rcu_demo"});
        symbols.push_back({.address = begin + offset, .name = function, .offset = offset, .module = "rcu_demo"});
        return *this;
    }

    Scenario& append(const Scenario& other) {
        events_.insert(events_.end(), other.events_.begin(), other.events_.end());
        return *this;
    }

    // Sorts events that were written task by task into the order in which a reader returns them.
    Scenario& in_order() {
        std::stable_sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) { return a.ns < b.ns; });
        return *this;
    }

    Timeline complete(Nanoseconds end) const { return complete(trailer_at(end)); }
    Timeline complete(const Trailer& trailer) const { return build(trailer, {}); }
    Timeline cut_off(const std::string& reason = "a chunk is cut") const { return build(std::nullopt, reason); }

    static std::uint64_t absolute(Nanoseconds ns) { return start_ns + static_cast<std::uint64_t>(ns); }

    static constexpr std::uint64_t func = 0xf00;
    static constexpr std::uint64_t caller = 0xca11;

    Metadata metadata;
    std::vector<SymbolInfo> symbols;

private:
    std::uint64_t function_address(const std::string& function) {
        return 0xc0000000 + 0x1000 * functions_.try_emplace(function, functions_.size()).first->second;
    }

    static Trailer trailer_at(Nanoseconds end) {
        Trailer trailer;
        trailer.end_ns = absolute(end);
        trailer.reason = "command ended";
        return trailer;
    }

    Timeline build(const std::optional<Trailer>& trailer, const std::string& cut_reason) const {
        TimelineBuilder builder(metadata, symbols);
        for (const Event& event : events_)
            builder.take(event);
        return std::move(builder).finish(trailer, cut_reason);
    }

    std::vector<Event> events_;
    std::map<std::string, std::uint64_t> functions_; // in the order of their addresses
    std::uint32_t cpu_ = 0;
    std::uint32_t tid_ = 100;
};

} // namespace rcuscope::test
