// SPDX-License-Identifier: BSD-2-Clause
#include "capture/packing.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "capture/packed_format.hpp"
#include "capture/payload.hpp"
#include "capture/ring_records.hpp"
#include "wire.h"

namespace rcuscope {
namespace {

using namespace packed;

constexpr std::size_t run_header = 4;
constexpr std::uint64_t run_most = std::numeric_limits<std::uint16_t>::max();

// Returns the end of the LEB128.
std::byte* put_long_leb128(std::byte* out, std::uint64_t value) {
    while (value >= 0x80) {
        *out++ = static_cast<std::byte>(value | 0x80);
        value >>= 7;
    }
    *out++ = static_cast<std::byte>(value);
    return out;
}

// The same, optimized for small values. `out` has room for max_leb128 bytes.
[[gnu::always_inline]] inline std::byte* put_leb128(std::byte* out, std::uint64_t value) {
    if (value < 0x80) {
        *out = static_cast<std::byte>(value);
        return out + 1;
    }
    if (value < 0x4000) [[likely]] {
        const auto two = static_cast<std::uint16_t>((value & 0x7f) | 0x80 | value >> 7 << 8);
        std::memcpy(out, &two, sizeof two);
        return out + sizeof two;
    }
    return put_long_leb128(out, value);
}

std::uint64_t zigzag(std::uint64_t difference) {
    return difference << 1 ^ (0 - (difference >> 63));
}

std::uint16_t kind_of(std::span<const std::byte> record) {
    rs_header header;
    std::memcpy(&header, record.data(), sizeof header);
    return header.kind;
}

std::uint64_t word_of(std::span<const std::byte> record, std::size_t i) {
    std::uint64_t word = 0;
    std::memcpy(&word, record.data() + i * word_bytes, sizeof word);
    return word;
}

} // namespace

std::size_t PackedShapes::find(std::uint16_t kind, std::size_t words) const {
    const auto found = std::find_if(shapes.begin(), shapes.end(),
                                    [&](const Shape& shape) { return shape.kind == kind && shape.words == words; });
    return found == shapes.end() ? max_shapes : static_cast<std::size_t>(found - shapes.begin());
}

void PackedShapes::add(std::span<const std::byte> record) {
    if (!can_be_shape(record.size()) || shapes.size() == max_shapes)
        return;
    Shape& shape = shapes.emplace_back();
    shape.words = record.size() / word_bytes;
    shape.kind = kind_of(record);
    std::memcpy(shape.last.data(), record.data(), record.size());
    last_ns = shape.last[0];
}

void RecordPacker::make_room(std::size_t bytes) {
    if (packed_.size() - used_ < bytes)
        packed_.resize(2 * (used_ + bytes));
}

void RecordPacker::add_whole(std::span<const std::byte> record) {
    make_room(1 + max_leb128 + record.size());
    std::byte* out = packed_.data() + used_;
    *out++ = as_it_is;
    out = put_leb128(out, record.size());
    std::copy(record.begin(), record.end(), out);
    const auto ns = record_time(record);
    all_timed_ = all_timed_ && ns;
    first_ns_ = std::min(first_ns_, ns.value_or(no_time));
    used_ = static_cast<std::size_t>(out - packed_.data()) + record.size();
    known_.add(record);
}

std::optional<ChunkTimes> RecordPacker::times() const {
    return all_timed_ && records_ != 0 ? std::optional(ChunkTimes{first_ns_, records_}) : std::nullopt;
}

void RecordPacker::add(std::span<const std::byte> record) {
    ++records_;
    unpacked_size_ += sizeof(RecordSize) + record.size();
    if (!can_be_shape(record.size())) {
        add_whole(record);
        return;
    }
    const std::size_t words = record.size() / word_bytes;
    const std::uint16_t kind = kind_of(record);
    if (newest_ >= known_.shapes.size() || known_.shapes[newest_].kind != kind ||
        known_.shapes[newest_].words != words) {
        const std::size_t found = known_.find(kind, words);
        if (found == max_shapes) {
            add_whole(record);
            return;
        }
        newest_ = found;
    }
    make_room(1 + max_leb128 * (1 + words));
    std::byte* out = packed_.data() + used_;
    auto& last = known_.shapes[newest_].last;
    last[0] = known_.last_ns;
    *out++ = static_cast<std::byte>(newest_);
    out = words <= few_words ? put_few(out, record, last) : put_many(out, record, last);
    used_ = static_cast<std::size_t>(out - packed_.data());
    known_.last_ns = last[0];
    first_ns_ = std::min(first_ns_, last[0]);
}

namespace {

[[gnu::always_inline]] inline std::byte* put_word(std::byte* out, std::uint64_t word, std::uint64_t& last, unsigned bit,
                                                  unsigned& changed) {
    const std::uint64_t difference = word - last;
    if (difference == 0)
        return out;
    changed |= bit;
    last = word;
    return put_leb128(out, zigzag(difference));
}

} // namespace

std::byte* RecordPacker::put_few(std::byte* out, std::span<const std::byte> record, PackedShapes::Words& last) {
    std::byte* const mask = out++;
    unsigned changed = 0;
    for (std::size_t i = 0; i < record.size() / word_bytes; ++i)
        out = put_word(out, word_of(record, i), last[i], 1u << i, changed);
    *mask = static_cast<std::byte>(changed);
    return out;
}

std::byte* RecordPacker::put_many(std::byte* out, std::span<const std::byte> record, PackedShapes::Words& last) {
    const std::size_t words = record.size() / word_bytes;
    std::uint64_t changed = 0;
    for (std::size_t i = 0; i < words; ++i)
        changed |= static_cast<std::uint64_t>(word_of(record, i) != last[i]) << i;
    out = put_leb128(out, changed);
    for (std::uint64_t left = changed; left != 0; left &= left - 1) {
        const auto i = static_cast<std::size_t>(__builtin_ctzll(left));
        out = put_leb128(out, zigzag(word_of(record, i) - last[i]));
        last[i] = word_of(record, i);
    }
    return out;
}

namespace {

void put_run_header(std::byte* out, std::byte what, std::size_t shape, std::size_t records) {
    out[0] = what;
    out[1] = static_cast<std::byte>(shape);
    out[2] = static_cast<std::byte>(records);
    out[3] = static_cast<std::byte>(records >> 8);
}

} // namespace

// Packs a run of callbacks' records. Most of these have the same function, task and caller as the previous one.
std::size_t RecordPacker::add_run(std::span<const std::byte> ring, PackedShapes::Shape& shape) {
    using Words = std::array<std::uint64_t, callback_words>;
    static_assert(sizeof(Words) == sizeof(rs_cb_queued));
    constexpr std::size_t takes = ring_bytes_of(sizeof(Words));
    ring = ring.first(std::min(ring.size(), run_most * takes));
    if (ring.size() < takes)
        return 0;
    auto& last = shape.last;
    const auto& first = *reinterpret_cast<const Words*>(ring.data() + sizeof(rs_ring_header));
    const std::uint64_t task = last[1], function = last[3];
    const bool linked = first[4] != last[4];
    std::uint64_t ns = known_.last_ns, head = last[2], end = last[4];
    std::byte* out = packed_.data() + used_ + run_header;
    const std::size_t records = count_leading_records<Words>(ring, [&](const Words& words) {
        const std::uint64_t ns_step = words[0] - ns;
        const std::uint64_t head_step = words[2] - head + no_step;
        if (words[1] != task || words[3] != function || (ns_step | head_step) > run_most ||
            words[4] != (linked ? head : end))
            return false;
        const auto steps = static_cast<std::uint32_t>(ns_step | head_step << 16);
        std::memcpy(out, &steps, sizeof steps);
        out += sizeof steps;
        end = words[4];
        ns = words[0];
        head = words[2];
        return true;
    });
    if (records == 0)
        return 0;
    put_run_header(packed_.data() + used_, linked ? linked_run : plain_run, newest_, records);
    used_ = static_cast<std::size_t>(out - packed_.data());
    // The times in a run never decrease, so the first one is the earliest.
    first_ns_ = std::min(first_ns_, first[0]);
    last[0] = known_.last_ns = ns;
    last[2] = head;
    last[4] = end;
    records_ += records;
    unpacked_size_ += records * (sizeof(RecordSize) + sizeof(rs_cb_queued));
    return records * takes;
}

std::size_t RecordPacker::add_ring(std::span<const std::byte> ring) {
    // Upper bound: a word of 8 bytes packs to at most 10, and the bytes before the words are no more than the header
    // in the ring.
    make_room(2 * ring.size());
    std::size_t at = 0;
    for (bool more = true; more;) {
        if (newest_ < known_.shapes.size() && known_.shapes[newest_].words == callback_words)
            at += add_run(ring.subspan(at), known_.shapes[newest_]);
        const auto record = first_in_ring(ring.subspan(at));
        more = !record.empty();
        if (more) {
            add(record);
            at += ring_bytes_of(record.size());
        }
    }
    return at;
}

void RecordPacker::clear() {
    known_.shapes.clear();
    known_.last_ns = 0;
    newest_ = 0;
    used_ = 0;
    unpacked_size_ = 0;
    first_ns_ = no_time;
    records_ = 0;
    all_timed_ = true;
}

} // namespace rcuscope
