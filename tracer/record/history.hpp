// SPDX-License-Identifier: BSD-2-Clause
//
// The last seconds of a recording in bounded memory, and what must outlast them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "capture/writer.hpp"
#include "record/lasting.hpp"
#include "record/symbol_collector.hpp"

namespace rcuscope {

class History {
public:
    static constexpr std::size_t block_bytes = 64u << 10;

    // The number of names of places in code that are kept: those given last. SymbolCollector gives each again before it
    // has given half as many others.
    static constexpr std::size_t symbols_kept = 2 * SymbolCollector::most_known;

    // A history of `cpus` CPUs, in about `most_bytes`, names included (two blocks for each CPU at least).
    History(std::uint32_t cpus, std::uint64_t most_bytes);

    // A wire record of a CPU, as it was drained.
    void record(std::uint32_t cpu, std::span<const std::byte> record);
    void symbols(std::span<const SymbolInfo> symbols);

    // Older records are not asked for any more.
    void forget_before(std::uint64_t ns);

    // From when on every record is here: what was forgotten, for whatever reason, is older.
    std::uint64_t whole_since() const { return whole_since_; }
    std::uint64_t bytes() const { return blocks_ * block_bytes + name_bytes(); }

    // Every record from then on, and what holds of the time before. After symbols and facts comes a flush,
    // so that they share no chunk with records that follow.
    Status write(CaptureWriter& writer, std::uint64_t since_ns) const;

private:
    struct Block {
        std::vector<std::byte> records; // as in an events chunk
        std::uint64_t newest_ns = 0;
    };
    using NameKey = std::pair<std::uint64_t, std::optional<std::uint64_t>>; // address, since when it has the name
    using Blocks = std::deque<Block>;                                       // of one CPU, the oldest first

    struct Symbol {
        SymbolInfo info;
        std::uint64_t number = 0; // the last that was given has the highest
    };
    using Symbols = std::map<NameKey, Symbol>;

    std::uint64_t name_bytes() const { return facts_.bytes() + symbol_bytes_; }
    static std::uint64_t bytes_of(const SymbolInfo& symbol);
    bool is_full() const;
    bool forget_oldest_block();
    void forget_front(std::uint32_t cpu);
    void forget_names_before(Symbols::iterator newest);
    void forget_symbols();

    std::vector<Blocks> cpus_;
    std::uint64_t most_bytes_;
    std::uint64_t blocks_ = 0;
    std::uint64_t whole_since_ = 0;
    LastingFacts facts_;
    Symbols symbols_; // the newest of each key counts
    std::uint64_t symbols_given_ = 0;
    std::uint64_t symbol_bytes_ = 0; // about what they take
};

} // namespace rcuscope
