// SPDX-License-Identifier: BSD-2-Clause
#include "record/history.hpp"

#include <algorithm>
#include <iterator>

#include "capture/payload.hpp"

namespace rcuscope {

namespace {

// A record too short to have a time is treated like its neighbours.
std::uint64_t time_or(std::span<const std::byte> record, std::uint64_t otherwise) {
    return record_time(record).value_or(otherwise);
}

} // namespace

History::History(std::uint32_t cpus, std::uint64_t max_bytes) : cpus_(cpus), max_bytes_(max_bytes) {}

void History::record(std::uint32_t cpu, std::span<const std::byte> record) {
    Blocks& blocks = cpus_[cpu];
    const std::size_t needed = sizeof(RecordSize) + record.size();
    if (blocks.empty() || blocks.back().records.size() + needed > block_bytes) {
        blocks.emplace_back().records.reserve(std::max(block_bytes, needed));
        ++blocks_;
        // Dropping a block may add names to facts_, so memory is checked again.
        while (is_full() && forget_oldest_block()) {
        }
    }
    Block& block = blocks.back();
    append_record(block.records, record);
    block.newest_ns = std::max(block.newest_ns, time_or(record, 0));
}

void History::symbols(std::span<const SymbolInfo> symbols) {
    for (const SymbolInfo& symbol : symbols) {
        const auto [at, added] = symbols_.try_emplace({symbol.address, symbol.since_ns});
        Symbol& kept = at->second;
        symbol_bytes_ -= added ? 0 : bytes_of(kept.info);
        symbol_bytes_ += bytes_of(symbol);
        kept = {symbol, ++symbols_given_};
        forget_names_before(at);
    }
    if (symbols_.size() > 2 * symbols_kept)
        forget_symbols();
}

// Earlier names of an address serve records from before `newest` held. They are dropped when no such record is kept.
void History::forget_names_before(Symbols::iterator newest) {
    while (newest != symbols_.begin()) {
        const auto earlier = std::prev(newest);
        if (earlier->first.first != newest->first.first)
            return;
        if (newest->first.second.value_or(0) <= whole_since_) {
            symbol_bytes_ -= bytes_of(earlier->second.info);
            symbols_.erase(earlier);
        } else {
            newest = earlier;
        }
    }
}

std::uint64_t History::bytes_of(const SymbolInfo& symbol) {
    constexpr std::uint64_t node = sizeof(decltype(symbols_)::value_type) + 48;
    return node + symbol.name.size() + symbol.module.size();
}

void History::forget_symbols() {
    std::vector<std::uint64_t> numbers;
    numbers.reserve(symbols_.size());
    for (const auto& [address, symbol] : symbols_)
        numbers.push_back(symbol.number);
    const auto least_kept = numbers.end() - static_cast<std::ptrdiff_t>(symbols_kept);
    std::nth_element(numbers.begin(), least_kept, numbers.end());
    std::erase_if(symbols_, [&, limit = *least_kept](const auto& entry) {
        const bool forgotten = entry.second.number < limit;
        symbol_bytes_ -= forgotten ? bytes_of(entry.second.info) : 0;
        return forgotten;
    });
}

bool History::is_full() const {
    return bytes() > max_bytes_ && blocks_ > 2 * cpus_.size();
}

void History::forget_front(std::uint32_t cpu) {
    const Block& block = cpus_[cpu].front();
    for_each_record(block.records, [&](std::span<const std::byte> record) { facts_.take(cpu, record); });
    whole_since_ = std::max(whole_since_, block.newest_ns + 1);
    cpus_[cpu].pop_front();
    blocks_--;
}

// Keeps the last block of each CPU, into which records are being added.
bool History::forget_oldest_block() {
    std::uint32_t oldest = 0;
    const Block* found = nullptr;
    for (std::uint32_t cpu = 0; cpu < cpus_.size(); cpu++)
        if (cpus_[cpu].size() > 1 && (!found || cpus_[cpu].front().newest_ns < found->newest_ns)) {
            oldest = cpu;
            found = &cpus_[cpu].front();
        }
    if (found)
        forget_front(oldest);
    return found != nullptr;
}

void History::forget_before(std::uint64_t ns) {
    for (std::uint32_t cpu = 0; cpu < cpus_.size(); cpu++)
        while (!cpus_[cpu].empty() && cpus_[cpu].front().newest_ns < ns)
            forget_front(cpu);
}

Status History::write(CaptureWriter& writer, std::uint64_t since_ns) const {
    std::vector<SymbolInfo> names;
    names.reserve(symbols_.size());
    for (const auto& [key, symbol] : symbols_)
        names.push_back(symbol.info);
    if (auto done = writer.symbols(names); !done)
        return done;
    // Kept records from before `since_ns` are not written; they only update the facts.
    PersistentFacts facts = facts_;
    for (std::uint32_t cpu = 0; cpu < cpus_.size(); cpu++)
        for (const Block& block : cpus_[cpu])
            for_each_record(
                block.records,
                [&](std::span<const std::byte> record) {
                    if (time_or(record, since_ns) < since_ns)
                        facts.take(cpu, record);
                });
    if (auto done = facts.write(writer).and_then([&] { return writer.flush(false); }); !done)
        return done;
    Status written;
    for (std::uint32_t cpu = 0; cpu < cpus_.size(); cpu++)
        for (const Block& block : cpus_[cpu])
            for_each_record(block.records, [&](std::span<const std::byte> record) {
                if (written && time_or(record, since_ns) >= since_ns)
                    written = writer.record(cpu, record);
            });
    return written;
}

} // namespace rcuscope
