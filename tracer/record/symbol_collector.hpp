// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "capture/event.hpp"
#include "capture/writer.hpp"
#include "kernel/kallsyms.hpp"

namespace rcuscope {

// Names the code addresses of a recording while their names can still be had:
// a module's are gone from kallsyms with the module.
class SymbolCollector {
public:
    // `path`: where `symbols` were read, and are read again.
    explicit SymbolCollector(Kallsyms symbols, std::string path = "/proc/kallsyms")
        : symbols_(std::move(symbols)), path_(std::move(path)) {}

    // Looks up the addresses of an event that were not asked for before. A module
    // that comes or goes makes the collector look again.
    void take(const Event& event);

    // The names found since the last call.
    std::vector<SymbolInfo> found();

private:
    void look_up(std::uint64_t address);

    Kallsyms symbols_;
    std::string path_;
    bool stale_ = false; // modules came since symbols_ was read
    std::unordered_set<std::uint64_t> in_kernel_; // asked for, and in the kernel proper
    std::unordered_set<std::uint64_t> elsewhere_; // asked for, and in a module or not found
    std::vector<SymbolInfo> found_;
};

} // namespace rcuscope
