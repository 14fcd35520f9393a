// SPDX-License-Identifier: BSD-2-Clause
#include "record/symbol_collector.hpp"

#include <algorithm>
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
    } else if (const auto* sample = std::get_if<event::GpSample>(&event.body)) {
        for (const std::uint64_t address : sample->stack)
            see(address);
    } else if (const auto* site = std::get_if<event::Site>(&event.body)) {
        see(site->address);
    } else if (const auto* module = std::get_if<event::Module>(&event.body)) {
        // It may lie where another one was, or only the other's init section: that is freed unseen.
        if (module->step == event::ModuleStep::coming) {
            stale_ = true;
            seen_last_ = {};
            std::erase_if(known_, [&](std::uint64_t address) { return !symbols_.in_kernel_proper(address); });
        }
    }
}

void SymbolCollector::remember(std::uint64_t address) {
    if (address != 0 && known_.insert(address).second)
        asked_.push_back(address);
}

std::vector<SymbolInfo> SymbolCollector::names() {
    const bool in_modules = std::any_of(asked_.begin(), asked_.end(),
                                        [&](std::uint64_t address) { return !symbols_.in_kernel_proper(address); });
    if (in_modules && std::exchange(stale_, false))
        if (auto now = Kallsyms::read(path_))
            symbols_ = std::move(*now);
    std::vector<SymbolInfo> found;
    for (const std::uint64_t address : std::exchange(asked_, {}))
        if (auto place = symbols_.place_of(address))
            found.push_back({address, std::move(place->function), place->offset, std::move(place->module)});
    return found;
}

} // namespace rcuscope
