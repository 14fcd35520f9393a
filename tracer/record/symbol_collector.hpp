// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <sys/types.h>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/event.hpp"
#include "capture/writer.hpp"
#include "kernel/kallsyms.hpp"

namespace rcuscope {

// Names the code addresses of a recording while their names can still be had:
// a module's are gone from kallsyms with the module. A followed module's need not be asked for if it is told where
// its sections lie: its .ko names what is in them, and kallsyms takes a tenth of a second to read.
class SymbolCollector {
public:
    // Addresses that are remembered to have been asked for. Of code that comes and goes, such as packet filters, which
    // any user loads, there may be any number: after so many, all are asked for once more.
    static constexpr std::size_t most_known = 1u << 16;

    // `path`: where `symbols` were read, and are read again.
    explicit SymbolCollector(Kallsyms symbols, std::string path = "/proc/kallsyms")
        : symbols_(std::move(symbols)), path_(std::move(path)), there_before_(symbols_.modules()) {}

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

    // Names of the addresses seen since the last call, but for those that kallsyms has to be read again for: that takes
    // a tenth of a second, and is done aside; a later call gives them. To be called when all of the
    // CPUs' buffers were drained: an event of one may be taken before the one of
    // another that tells of the module whose code it names.
    std::vector<SymbolInfo> names();
    // The same, and waits for those.
    std::vector<SymbolInfo> all_names();
    // Whether a later call of names() will give more, and that this is to be soon.
    bool reads() const { return reading_.valid() || waits_for_modules_; }
    void hurry();

private:
    // The newest life of each module that came.
    struct LaidOut {
        std::string name;
        std::uint64_t base = 0;
        std::uint64_t size = 0;
        bool sections_told = false;

        bool holds(std::uint64_t address) const { return address - base < size; }
    };
    // Of the thread that reads: it gives way until somebody waits for it.
    struct Pace {
        std::atomic<pid_t> thread = 0; // 0: it has not begun
        std::atomic<bool> hurried = false;

        void begin();
    };
    void remember(std::uint64_t address);
    void read_aside();
    void take_what_was_read();
    bool named_by_file(std::uint64_t address) const;
    std::optional<std::uint64_t> there_since(const std::string& module) const;

    Kallsyms symbols_;
    std::string path_;
    std::uint64_t coming_ = 0;   // modules that came
    std::uint64_t known_of_ = 0; // the same when symbols_ was read
    std::uint64_t reading_of_ = 0;
    std::shared_ptr<Pace> pace_;
    std::future<Result<Kallsyms>> reading_;
    std::unordered_set<std::uint64_t, SeededHash> known_;
    // Of known_: the few that most records are about.
    std::array<std::uint64_t, 64> seen_last_{};
    struct Asked {
        std::uint64_t address = 0;
        std::optional<std::uint64_t> of{}; // coming_ when names() was called then
        // Its module is in kallsyms, but was not seen to come: that may stand in what is drained next, and else was
        // lost.
        bool waited = false;
    };
    std::vector<Asked> asked_;
    bool waits_for_modules_ = false;                                  // one of asked_ does
    std::set<std::string> there_before_;                              // modules, when symbols_ was read first
    std::unordered_map<std::string, std::uint64_t, SeededHash> came_; // modules, and when they did last
    std::vector<LaidOut> laid_out_;
};

} // namespace rcuscope
