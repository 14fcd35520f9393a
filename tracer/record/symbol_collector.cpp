// SPDX-License-Identifier: BSD-2-Clause
#include "record/symbol_collector.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace rcuscope {

void SymbolCollector::take(const Event& event) {
    if (const auto* wait = std::get_if<event::WaitBegin>(&event.body)) {
        see(wait->caller);
    } else if (const auto* kvfree = std::get_if<event::KvfreeRcu>(&event.body)) {
        see(kvfree->caller);
    } else if (const auto* stack = std::get_if<event::Stack>(&event.body)) {
        for (const std::uint64_t address : stack->frames)
            see(address);
    } else if (const auto* reference = std::get_if<event::ModuleRef>(&event.body)) {
        see(reference->caller);
    } else if (const auto* left = std::get_if<event::CacheLeft>(&event.body)) {
        see(left->what->caller);
    } else if (const auto* pending = std::get_if<event::CachePending>(&event.body)) {
        see(pending->what->caller);
    } else if (const auto* sample = std::get_if<event::GpSample>(&event.body)) {
        for (const std::uint64_t address : sample->stack)
            see(address);
    } else if (const auto* site = std::get_if<event::Site>(&event.body)) {
        see(site->address);
    } else if (const auto* module = std::get_if<event::Module>(&event.body)) {
        // The new module may occupy the memory of an earlier one, or of an earlier one's init section, which is freed
        // without a record.
        if (module->step == event::ModuleStep::coming) {
            coming_++;
            came_[module->name.str()] = event.ns;
            std::erase_if(laid_out_, [&](const LaidOut& old) {
                return old.name == module->name ||
                       (old.base < module->base + module->size && module->base < old.base + old.size);
            });
            laid_out_.push_back({module->name, module->base, module->size, false});
            seen_last_ = {};
            std::erase_if(known_, [&](std::uint64_t address) { return !symbols_.in_kernel_proper(address); });
        }
    } else if (const auto* section = std::get_if<event::ModuleSection>(&event.body)) {
        for (LaidOut& each : laid_out_)
            each.sections_told = each.sections_told || (each.name == section->module && each.holds(section->address));
    }
}

bool SymbolCollector::named_by_file(std::uint64_t address) const {
    return std::any_of(
        laid_out_.begin(), laid_out_.end(),
        [&](const LaidOut& each) { return each.sections_told && each.holds(address); });
}

void SymbolCollector::remember(std::uint64_t address) {
    if (address == 0 || !known_.insert(address).second)
        return;
    asked_.push_back({address});
    if (known_.size() >= max_known) {
        known_.clear();
        seen_last_ = {};
    }
}

void SymbolCollector::Pace::begin() {
    // If more threads want to run than there are CPUs, the traced ones and the recorder's other threads go first.
    ::setpriority(PRIO_PROCESS, 0, 19);
    thread = ::gettid();
    if (hurried)
        ::setpriority(PRIO_PROCESS, 0, 0);
}

void SymbolCollector::hurry() {
    if (!reading_.valid())
        return;
    pace_->hurried = true;
    if (const pid_t thread = pace_->thread)
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(thread), 0);
}

void SymbolCollector::read_aside() {
    reading_of_ = coming_;
    pace_ = std::make_shared<Pace>();
    reading_ = std::async(std::launch::async, [path = path_, pace = pace_] {
        pace->begin();
        return Kallsyms::read(path);
    });
}

void SymbolCollector::take_what_was_read() {
    auto read = reading_.get();
    known_of_ = reading_of_;
    if (read)
        symbols_ = std::move(*read);
}

// A name holds from the load of its module on: before that, another module may have been there.
std::optional<std::uint64_t> SymbolCollector::there_since(const std::string& module) const {
    if (const auto came = came_.find(module); came != came_.end())
        return came->second;
    return module.empty() || there_before_.contains(module) ? std::optional<std::uint64_t>(0) : std::nullopt;
}

std::vector<SymbolInfo> SymbolCollector::names() {
    if (reading_.valid() && reading_.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
        take_what_was_read();
    std::vector<SymbolInfo> found;
    waits_for_modules_ = false;
    std::erase_if(
        asked_,
        [&](Asked& asked) {
            asked.of = asked.of.value_or(coming_);
            if (named_by_file(asked.address))
                return true;
            if (*asked.of > known_of_ && !symbols_.in_kernel_proper(asked.address))
                return false;
            auto place = symbols_.place_of(asked.address);
            if (!place)
                return true;
            const auto since = there_since(place->module);
            if (!since && !std::exchange(asked.waited, true)) {
                waits_for_modules_ = true;
                return false;
            }
            found.push_back({asked.address, std::move(place->function), place->offset, std::move(place->module),
                             since.value_or(0)});
            return true;
        });
    const auto waits_for_kallsyms = [](const Asked& asked) { return !asked.waited; };
    if (!reading_.valid() && std::any_of(asked_.begin(), asked_.end(), waits_for_kallsyms))
        read_aside();
    return found;
}

std::vector<SymbolInfo> SymbolCollector::all_names() {
    std::vector<SymbolInfo> found = names();
    while (reading_.valid()) {
        hurry();
        reading_.wait();
        auto more = names();
        std::move(more.begin(), more.end(), std::back_inserter(found));
    }
    return found;
}

} // namespace rcuscope
