// SPDX-License-Identifier: BSD-2-Clause
#include "record/symbol_collector.hpp"

#include <utility>

namespace rcuscope {

void SymbolCollector::take(const Event& event) {
    if (const auto* queued = std::get_if<event::CbQueued>(&event.body)) {
        look_up(queued->func);
        look_up(queued->caller);
    } else if (const auto* wait = std::get_if<event::WaitBegin>(&event.body)) {
        look_up(wait->caller);
    } else if (const auto* site = std::get_if<event::Site>(&event.body)) {
        look_up(site->address);
    } else if (const auto* module = std::get_if<event::Module>(&event.body)) {
        if (module->step == event::ModuleStep::coming)
            stale_ = true;
        // Another module may be put where this one was.
        if (module->step == event::ModuleStep::freed)
            std::erase_if(known_, [&](std::uint64_t address) { return address - module->base < module->size; });
    }
}

std::vector<SymbolInfo> SymbolCollector::found() {
    return std::exchange(found_, {});
}

void SymbolCollector::look_up(std::uint64_t address) {
    if (address == 0 || !known_.insert(address).second)
        return;
    auto place = symbols_.place_of(address);
    if (!place && stale_) {
        if (auto now = Kallsyms::read())
            symbols_ = std::move(*now);
        stale_ = false;
        place = symbols_.place_of(address);
    }
    if (place)
        found_.push_back({address, std::move(place->function), place->offset, std::move(place->module)});
}

} // namespace rcuscope
