// SPDX-License-Identifier: BSD-2-Clause
//
// Keeps the last seconds of a recording in bounded memory. Names and facts that later records need are kept longer.
// Used by the flight recorder (record/flight_recorder.hpp).
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
#include "record/persistent_facts.hpp"
#include "record/symbol_collector.hpp"

namespace rcuscope {

class History {
public:
    static constexpr std::size_t block_bytes = 64u << 10;

    // How many symbol names are kept: the ones given last. SymbolCollector gives each name again before it has given
    // half as many others.
    static constexpr std::size_t symbols_kept = 2 * SymbolCollector::max_known;

    // `max_bytes`: approximate limit in bytes, names included; at least two blocks are kept for each CPU.
    History(std::uint32_t cpus, std::uint64_t max_bytes);

    // Takes a wire record of a CPU in drain order.
    void record(std::uint32_t cpu, std::span<const std::byte> record);
    void symbols(std::span<const SymbolInfo> symbols);

    // Drops the blocks whose records are all older.
    void forget_before(std::uint64_t ns);

    // Every record from this time on is kept. Dropped records are older.
    std::uint64_t whole_since() const { return whole_since_; }
    std::uint64_t bytes() const { return blocks_ * block_bytes + name_bytes(); }

    // Writes every record from `since_ns` on, preceded by the symbols and facts that hold from earlier times. A flush
    // separates the two, so that they share no chunk.
    Status write(CaptureWriter& writer, std::uint64_t since_ns) const;

private:
    struct Block {
        std::vector<std::byte> records; // as in an events chunk
        std::uint64_t newest_ns = 0;
    };
    using NameKey = std::pair<std::uint64_t, std::optional<std::uint64_t>>; // address, time since when it has the name
    using Blocks = std::deque<Block>;                                       // of one CPU, oldest first

    struct Symbol {
        SymbolInfo info;
        std::uint64_t number = 0; // counts the names given; the newest has the highest
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
    std::uint64_t max_bytes_;
    std::uint64_t blocks_ = 0;
    std::uint64_t whole_since_ = 0;
    PersistentFacts facts_;
    Symbols symbols_; // the newest of each key
    std::uint64_t symbols_given_ = 0;
    std::uint64_t symbol_bytes_ = 0; // approximate
};

} // namespace rcuscope
