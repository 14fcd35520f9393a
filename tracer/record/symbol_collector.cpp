// SPDX-License-Identifier: BSD-2-Clause
#include "record/symbol_collector.hpp"

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
        // It may lie where another one was, or only the other's init section: that is freed unseen.
        if (module->step == event::ModuleStep::coming) {
            stale_ = true;
            elsewhere_.clear();
        }
    }
}

std::vector<SymbolInfo> SymbolCollector::found() {
    return std::exchange(found_, {});
}

void SymbolCollector::look_up(std::uint64_t address) {
    if (address == 0 || in_kernel_.contains(address) || elsewhere_.contains(address))
        return;
    auto place = symbols_.place_of(address);
    // A function of a module is no answer yet: it reaches to the next symbol, and the
    // new module may be that, or lie where the function was.
    if (stale_ && (!place || !place->module.empty())) {
        if (auto now = Kallsyms::read(path_))
            symbols_ = std::move(*now);
        stale_ = false;
        place = symbols_.place_of(address);
    }
    (place && place->module.empty() ? in_kernel_ : elsewhere_).insert(address);
    if (place)
        found_.push_back({address, std::move(place->function), place->offset, std::move(place->module)});
}

} // namespace rcuscope
