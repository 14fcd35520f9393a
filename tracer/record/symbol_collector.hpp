// SPDX-License-Identifier: BSD-2-Clause
//
// Names the code addresses of a recording while their names are available: kallsyms drops a module's names with the
// module. The addresses in a followed module need no lookup once its section addresses are known, because its .ko names
// them. Reading kallsyms takes about 0.1 s.
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

class SymbolCollector {
public:
    // Limit of the set of known addresses. Code that comes and goes has no bound (any user can load packet filters), so
    // the set is cleared at this size and every address is looked up once more.
    static constexpr std::size_t max_known = 1u << 16;

    // `path`: where `symbols` were read, and where they are read again.
    explicit SymbolCollector(Kallsyms symbols, std::string path = "/proc/kallsyms")
        : symbols_(std::move(symbols)), path_(std::move(path)), there_before_(symbols_.modules()) {}

    // Remembers the new addresses of an event, except those of frequent kinds, which RecordFilter gives to see().
    void take(const Event& event);
    // Remembers one address. 0 means no address.
    void see(std::uint64_t address) {
        std::uint64_t& last = seen_last_[(address ^ address >> 8) % seen_last_.size()];
        if (address != last) {
            last = address;
            remember(address);
        }
    }

    // Names the addresses seen since the last call. Those that need kallsyms to be read again come from a later call: a
    // background thread reads the file for about 0.1 s. Call it when all CPUs' rings were drained: an event of one CPU
    // may be taken before the event of another CPU that reports the load of the module whose code it names.
    std::vector<SymbolInfo> names();
    // The same, and waits for the background thread.
    std::vector<SymbolInfo> all_names();
    // Whether a later call of names() will return more.
    bool reads() const { return reading_.valid() || waits_for_modules_; }
    // Gives the background thread normal priority, because its result is waited for.
    void hurry();

private:
    // The newest life of each module that was loaded.
    struct LaidOut {
        std::string name;
        std::uint64_t base = 0;
        std::uint64_t size = 0;
        bool sections_told = false;

        bool holds(std::uint64_t address) const { return address - base < size; }
    };
    // The priority of the background thread: low until hurry().
    struct Pace {
        std::atomic<pid_t> thread = 0; // 0: not started yet
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
    std::uint64_t coming_ = 0;   // count of loads of modules
    std::uint64_t known_of_ = 0; // value of coming_ when the read of symbols_ began
    std::uint64_t reading_of_ = 0;
    std::shared_ptr<Pace> pace_;
    std::future<Result<Kallsyms>> reading_;
    std::unordered_set<std::uint64_t, SeededHash> known_;
    // A cache of known_: the addresses that most records contain.
    std::array<std::uint64_t, 64> seen_last_{};
    struct Asked {
        std::uint64_t address = 0;
        std::optional<std::uint64_t> of{}; // value of coming_ when names() first looked at it
        // Its module is in kallsyms, but its load was not seen. The record of that may come in the next drain, or is
        // lost.
        bool waited = false;
    };
    std::vector<Asked> asked_;
    bool waits_for_modules_ = false;                                  // some entry of asked_ waits
    std::set<std::string> there_before_;                              // modules at the first read of symbols_
    std::unordered_map<std::string, std::uint64_t, SeededHash> came_; // modules, and the time of their last load
    std::vector<LaidOut> laid_out_;
};

} // namespace rcuscope
