// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
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

    // Remembers the addresses of an event that were not seen before; not of those that come by the million.
    void take(const Event& event);
    // The same of one address, as such have them; 0 is none.
    void see(std::uint64_t address) {
        std::uint64_t& last = seen_last_[(address ^ address >> 8) % seen_last_.size()];
        if (address != last) {
            last = address;
            remember(address);
        }
    }

    // Names of the addresses seen since the last call. To be called when all of the
    // CPUs' buffers were drained: an event of one may be taken before the one of
    // another that tells of the module whose code it names.
    std::vector<SymbolInfo> names();

private:
    void remember(std::uint64_t address);

    Kallsyms symbols_;
    std::string path_;
    bool stale_ = false; // modules came since symbols_ was read
    std::unordered_set<std::uint64_t> known_;
    // Of known_: the few that most records are about.
    std::array<std::uint64_t, 64> seen_last_{};
    std::vector<std::uint64_t> asked_;
};

} // namespace rcuscope
