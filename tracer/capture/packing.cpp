// SPDX-License-Identifier: BSD-2-Clause
#include "capture/packing.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "capture/payload.hpp"
#include "capture/ring_records.hpp"
#include "wire.h"

namespace rcuscope {
namespace {

constexpr std::byte as_it_is{255};
constexpr std::size_t word_bytes = sizeof(std::uint64_t);

constexpr std::size_t most_leb128 = 10; // bytes

constexpr std::size_t few_words = 7; // which of them differ is a LEB128 of one byte

// Returns where it ends.
std::byte* put_long_leb128(std::byte* out, std::uint64_t value) {
    while (value >= 0x80) {
        *out++ = static_cast<std::byte>(value | 0x80);
        value >>= 7;
    }
    *out++ = static_cast<std::byte>(value);
    return out;
}

// The same, for what mostly is small. Room for most_leb128 is there.
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

std::uint64_t unzigzag(std::uint64_t value) {
    return value >> 1 ^ (0 - (value & 1));
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

class Bytes {
public:
    explicit Bytes(std::span<const std::byte> bytes) : left_(bytes) {}

    bool empty() const { return left_.empty(); }

    std::byte byte() {
        const std::byte first = left_.front();
        left_ = left_.subspan(1);
        return first;
    }

    // Nothing if it does not end, or is of more than 64 bits.
    std::optional<std::uint64_t> leb128() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
            const auto bits = std::to_integer<std::uint64_t>(byte());
            if (shift == 63 && bits > 1) {
                return std::nullopt;
            }
            value |= (bits & 0x7f) << shift;
            if (bits < 0x80) {
                return value;
            }
        }
        return std::nullopt;
    }

    std::optional<std::span<const std::byte>> take(std::uint64_t size) {
        if (size > left_.size()) {
            return std::nullopt;
        }
        const auto taken = left_.first(static_cast<std::size_t>(size));
        left_ = left_.subspan(taken.size());
        return taken;
    }

private:
    std::span<const std::byte> left_;
};

class Unpacker {
public:
    Unpacker(std::span<const std::byte> packed, std::size_t size, std::vector<std::byte>& out)
        : packed_(packed), size_(size), out_(out) {
        out_.clear();
        out_.reserve(size);
    }

    bool run() {
        while (!packed_.empty()) {
            const std::byte first = packed_.byte();
            if (!(first == as_it_is ? whole() : difference(std::to_integer<std::size_t>(first)))) {
                return false;
            }
        }
        return out_.size() == size_;
    }

private:
    bool put(std::span<const std::byte> record) {
        if (out_.size() + sizeof(RecordSize) + record.size() > size_) {
            return false;
        }
        append_record(out_, record);
        return true;
    }

    bool whole() {
        const auto size = packed_.leb128();
        if (!size || *size > std::numeric_limits<RecordSize>::max()) {
            return false;
        }
        const auto record = packed_.take(*size);
        if (!record || !put(*record)) {
            return false;
        }
        known_.add(*record);
        return true;
    }

    bool difference(std::size_t number) {
        const auto changed = packed_.leb128();
        if (number >= known_.shapes.size() || !changed) {
            return false;
        }
        auto& shape = known_.shapes[number];
        if (shape.words < 64 && *changed >> shape.words != 0) {
            return false;
        }
        shape.last[0] = known_.last_ns;
        for (std::uint64_t left = *changed; left != 0; left &= left - 1) {
            const auto step = packed_.leb128();
            if (!step) {
                return false;
            }
            shape.last[static_cast<std::size_t>(__builtin_ctzll(left))] += unzigzag(*step);
        }
        known_.last_ns = shape.last[0];
        return put(std::as_bytes(std::span(shape.last).first(shape.words)));
    }

    Bytes packed_;
    std::size_t size_;
    std::vector<std::byte>& out_;
    PackedShapes known_;
};

} // namespace

bool PackedShapes::can_be_shape(std::size_t bytes) {
    return bytes % word_bytes == 0 && bytes >= sizeof(rs_header) && bytes <= max_packed_words * word_bytes;
}

std::size_t PackedShapes::find(std::uint16_t kind, std::size_t words) const {
    const auto found = std::find_if(shapes.begin(), shapes.end(),
                                    [&](const Shape& shape) { return shape.kind == kind && shape.words == words; });
    return found == shapes.end() ? most : static_cast<std::size_t>(found - shapes.begin());
}

void PackedShapes::add(std::span<const std::byte> record) {
    if (!can_be_shape(record.size()) || shapes.size() == most) {
        return;
    }
    Shape& shape = shapes.emplace_back();
    shape.words = record.size() / word_bytes;
    shape.kind = kind_of(record);
    std::memcpy(shape.last.data(), record.data(), record.size());
    last_ns = shape.last[0];
}

void RecordPacker::make_room(std::size_t bytes) {
    if (packed_.size() - used_ < bytes) {
        packed_.resize(2 * (used_ + bytes));
    }
}

void RecordPacker::add_whole(std::span<const std::byte> record) {
    make_room(1 + most_leb128 + record.size());
    std::byte* out = packed_.data() + used_;
    *out++ = as_it_is;
    out = put_leb128(out, record.size());
    std::copy(record.begin(), record.end(), out);
    used_ = static_cast<std::size_t>(out - packed_.data()) + record.size();
    known_.add(record);
}

void RecordPacker::add(std::span<const std::byte> record) {
    unpacked_size_ += sizeof(RecordSize) + record.size();
    if (!PackedShapes::can_be_shape(record.size())) {
        add_whole(record);
        return;
    }
    const std::size_t words = record.size() / word_bytes;
    const std::uint16_t kind = kind_of(record);
    if (newest_ >= known_.shapes.size() || known_.shapes[newest_].kind != kind ||
        known_.shapes[newest_].words != words) {
        const std::size_t found = known_.find(kind, words);
        if (found == PackedShapes::most) {
            add_whole(record);
            return;
        }
        newest_ = found;
    }
    make_room(1 + most_leb128 * (1 + words));
    std::byte* out = packed_.data() + used_;
    auto& last = known_.shapes[newest_].last;
    last[0] = known_.last_ns;
    *out++ = static_cast<std::byte>(newest_);
    out = words <= few_words ? put_few(out, record, last) : put_many(out, record, last);
    used_ = static_cast<std::size_t>(out - packed_.data());
    known_.last_ns = last[0];
}

namespace {

[[gnu::always_inline]] inline std::byte* put_word(std::byte* out, std::uint64_t word, std::uint64_t& last, unsigned bit,
                                                  unsigned& changed) {
    const std::uint64_t difference = word - last;
    if (difference == 0) {
        return out;
    }
    changed |= bit;
    last = word;
    return put_leb128(out, zigzag(difference));
}

// So many words, without a loop.
template <std::size_t... I>
[[gnu::always_inline]] inline std::byte* put_words(std::byte* out, std::span<const std::byte> record,
                                                   PackedShapes::Words& last, std::index_sequence<I...>) {
    // Which of them differ is one byte, whose place is known before its value.
    std::byte* const mask = out++;
    unsigned changed = 0;
    ((out = put_word(out, word_of(record, I), last[I], 1u << I, changed)), ...);
    *mask = static_cast<std::byte>(changed);
    return out;
}

} // namespace

std::byte* RecordPacker::put_few(std::byte* out, std::span<const std::byte> record, PackedShapes::Words& last) {
    std::byte* const mask = out++;
    unsigned changed = 0;
    for (std::size_t i = 0; i < record.size() / word_bytes; ++i) {
        out = put_word(out, word_of(record, i), last[i], 1u << i, changed);
    }
    *mask = static_cast<std::byte>(changed);
    return out;
}

std::byte* RecordPacker::put_many(std::byte* out, std::span<const std::byte> record, PackedShapes::Words& last) {
    const std::size_t words = record.size() / word_bytes;
    std::uint64_t changed = 0;
    for (std::size_t i = 0; i < words; ++i) {
        changed |= static_cast<std::uint64_t>(word_of(record, i) != last[i]) << i;
    }
    out = put_leb128(out, changed);
    for (std::uint64_t left = changed; left != 0; left &= left - 1) {
        const auto i = static_cast<std::size_t>(__builtin_ctzll(left));
        out = put_leb128(out, zigzag(word_of(record, i) - last[i]));
        last[i] = word_of(record, i);
    }
    return out;
}

std::size_t RecordPacker::add_ring(std::span<const std::byte> ring) {
    // Those of callbacks come by the million.
    constexpr std::size_t callback_words = sizeof(rs_cb_queued) / word_bytes;
    static_assert(sizeof(rs_cb_queued) == sizeof(rs_cb_next));
    // A word takes up to ten bytes, what stands before the words no more than in the ring.
    make_room(2 * ring.size());
    std::byte* out = packed_.data() + used_;
    std::uint64_t last_ns = known_.last_ns;
    std::uint64_t callbacks = 0;
    const auto newest = [this]() -> PackedShapes::Shape* {
        const bool fits = newest_ < known_.shapes.size() && known_.shapes[newest_].words == callback_words;
        return fits ? &known_.shapes[newest_] : nullptr;
    };
    PackedShapes::Shape* shape = newest();
    const std::size_t taken = for_each_ring_record(ring, [&](std::span<const std::byte> record) {
        if (record.size() == callback_words * word_bytes && shape && shape->kind == kind_of(record)) [[likely]] {
            *out++ = static_cast<std::byte>(newest_);
            shape->last[0] = last_ns;
            out = put_words(out, record, shape->last, std::make_index_sequence<callback_words>());
            last_ns = shape->last[0];
            callbacks++;
            return;
        }
        used_ = static_cast<std::size_t>(out - packed_.data());
        known_.last_ns = last_ns;
        add(record);
        out = packed_.data() + used_;
        last_ns = known_.last_ns;
        shape = newest();
    });
    used_ = static_cast<std::size_t>(out - packed_.data());
    known_.last_ns = last_ns;
    unpacked_size_ += callbacks * (sizeof(RecordSize) + callback_words * word_bytes);
    return taken;
}

void RecordPacker::clear() {
    known_.shapes.clear();
    known_.last_ns = 0;
    newest_ = 0;
    used_ = 0;
    unpacked_size_ = 0;
}

bool unpack_records(std::span<const std::byte> packed, std::size_t size, std::vector<std::byte>& out) {
    return Unpacker(packed, size, out).run();
}

} // namespace rcuscope
