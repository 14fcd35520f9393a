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
constexpr std::byte linked_run{254};
constexpr std::byte plain_run{253};
constexpr std::size_t word_bytes = sizeof(std::uint64_t);

constexpr std::size_t run_header = 4;
constexpr std::uint64_t run_most = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint64_t no_step = 0x8000; // of the head

// Records of callbacks come by the million.
constexpr std::size_t callback_words = sizeof(rs_cb_queued) / word_bytes;
static_assert(sizeof(rs_cb_queued) == sizeof(rs_cb_next));

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

// The 7 bits of each of eight bytes, one after the other.
std::uint64_t joined(std::uint64_t bytes) {
    bytes = (bytes & 0x007f007f007f007f) | (bytes & 0x7f007f007f007f00) >> 1;
    bytes = (bytes & 0x00003fff00003fff) | (bytes & 0x3fff00003fff0000) >> 2;
    return (bytes & 0x000000000fffffff) | (bytes & 0x0fffffff00000000) >> 4;
}

// A LEB128 of which all bytes that there could be are readable. False if it has too many.
[[gnu::always_inline]] inline bool take_quickly(const std::byte*& at, std::uint64_t& value) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    if ((bytes & 0x80) == 0) {
        at += 1;
        value = bytes & 0x7f;
        return true;
    }
    if ((bytes & 0x8000) == 0) [[likely]] {
        at += 2;
        value = (bytes & 0x7f) | (bytes >> 1 & 0x3f80);
        return true;
    }
    const std::uint64_t last = ~bytes & 0x8080808080808080; // of each byte that ends a number
    if (last != 0) [[likely]] {
        at += __builtin_ctzll(last) / 8 + 1;
        value = joined(bytes & (last ^ (last - 1)));
        return true;
    }
    const auto ninth = std::to_integer<std::uint64_t>(at[8]);
    const auto tenth = std::to_integer<std::uint64_t>(at[9]);
    const bool nine = ninth < 0x80;
    at += nine ? 9 : most_leb128;
    value = joined(bytes) | (ninth & 0x7f) << 56 | (nine ? 0 : tenth << 63);
    return nine || tenth <= 1;
}

class Bytes {
public:
    explicit Bytes(std::span<const std::byte> bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

    const std::byte* at() const { return at_; }
    void go_on_at(const std::byte* at) { at_ = at; }

    std::byte byte() { return *at_++; }

    // False if it does not end, or is of more than 64 bits.
    bool leb128(std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
            const auto bits = std::to_integer<std::uint64_t>(byte());
            if (shift == 63 && bits > 1) {
                return false;
            }
            value |= (bits & 0x7f) << shift;
            if (bits < 0x80) {
                return true;
            }
        }
        return false;
    }

    // Nothing if there are not so many.
    std::optional<std::span<const std::byte>> take(std::uint64_t size) {
        if (size > left()) {
            return std::nullopt;
        }
        const std::span taken(at_, static_cast<std::size_t>(size));
        at_ += taken.size();
        return taken;
    }

private:
    const std::byte* at_;
    const std::byte* end_;
};

class Unpacker {
public:
    Unpacker(std::span<const std::byte> packed, std::span<std::byte> out)
        : packed_(packed), to_(out.data()), end_(to_ + out.size()) {}

    bool run() {
        while (take_short_ones(), packed_.left() != 0) {
            const std::byte first = packed_.byte();
            if (!one(first)) {
                return false;
            }
        }
        return to_ == end_;
    }

private:
    // Records of so many words at most, of which nearly all are, as long as neither what is packed nor the room for
    // them can end within one. The first that is none of these, or no record, is left to others.
    void take_short_ones() {
        constexpr std::size_t most_packed = 2 + few_words * most_leb128;
        constexpr std::size_t most_room = sizeof(RecordSize) + few_words * word_bytes;
        if (packed_.left() < most_packed || room() < most_room) {
            return;
        }
        const std::byte* const last_at = packed_.at() + packed_.left() - most_packed;
        std::byte* const last_to = end_ - most_room;
        const std::byte* at = packed_.at();
        std::byte* to = to_;
        std::uint64_t ns = known_.last_ns;
        while (at <= last_at && to <= last_to) {
            const auto number = std::to_integer<std::size_t>(at[0]);
            if (number >= known_.shapes.size() || known_.shapes[number].words > few_words) {
                break;
            }
            PackedShapes::Shape& shape = known_.shapes[number];
            const std::byte* next = at + 2;
            auto changed = std::to_integer<unsigned>(at[1]);
            if (changed >> shape.words != 0) {
                break;
            }
            if (!take_words(next, shape.last, ns, changed)) {
                break;
            }
            at = next;
            ns = shape.last[0];
            const auto size = static_cast<RecordSize>(shape.words * word_bytes);
            std::memcpy(to, &size, sizeof size);
            // As if it were of the most words: that takes no loop.
            std::memcpy(to + sizeof size, shape.last.data(), few_words * word_bytes);
            to += sizeof size + size;
        }
        known_.last_ns = ns;
        packed_.go_on_at(at);
        to_ = to;
    }

    [[gnu::always_inline]] static bool take_words(const std::byte*& at, PackedShapes::Words& last, std::uint64_t ns,
                                                  unsigned changed) {
        last[0] = ns;
        for (; changed != 0; changed &= changed - 1) {
            std::uint64_t step = 0;
            if (!take_quickly(at, step)) {
                return false;
            }
            last[static_cast<std::size_t>(__builtin_ctz(changed))] += unzigzag(step);
        }
        return true;
    }

    std::size_t room() const { return static_cast<std::size_t>(end_ - to_); }

    bool put(const void* record, std::size_t bytes) {
        if (sizeof(RecordSize) + bytes > room()) {
            return false;
        }
        const auto size = static_cast<RecordSize>(bytes);
        std::memcpy(to_, &size, sizeof size);
        std::memcpy(to_ + sizeof size, record, bytes);
        to_ += sizeof size + bytes;
        return true;
    }

    bool one(std::byte first) {
        if (first == as_it_is) {
            return whole();
        }
        return first == plain_run || first == linked_run ? alike(first == linked_run)
                                                         : difference(std::to_integer<std::size_t>(first));
    }

    bool alike(bool linked) {
        if (packed_.left() < 3) {
            return false;
        }
        const auto number = std::to_integer<std::size_t>(packed_.byte());
        const auto low = std::to_integer<std::size_t>(packed_.byte());
        const std::size_t records = low | std::to_integer<std::size_t>(packed_.byte()) << 8;
        const auto steps = packed_.take(4 * records);
        if (!steps || number >= known_.shapes.size() || known_.shapes[number].words != callback_words) {
            return false;
        }
        auto& last = known_.shapes[number].last;
        for (std::size_t i = 0; i < records; i++) {
            std::uint32_t step = 0;
            std::memcpy(&step, steps->data() + 4 * i, sizeof step);
            last[0] = known_.last_ns += step & 0xffff;
            last[4] = linked ? last[2] : last[4];
            last[2] += (step >> 16) - no_step;
            if (!put(last.data(), callback_words * word_bytes)) {
                return false;
            }
        }
        return true;
    }

    bool whole() {
        std::uint64_t size = 0;
        if (!packed_.leb128(size) || size > std::numeric_limits<RecordSize>::max()) {
            return false;
        }
        const auto record = packed_.take(size);
        if (!record || !put(record->data(), record->size())) {
            return false;
        }
        known_.add(*record);
        return true;
    }

    bool difference(std::size_t number) {
        if (number >= known_.shapes.size()) {
            return false;
        }
        auto& shape = known_.shapes[number];
        std::uint64_t changed = 0;
        if (!packed_.leb128(changed) || (shape.words < 64 && changed >> shape.words != 0)) {
            return false;
        }
        shape.last[0] = known_.last_ns;
        for (; changed != 0; changed &= changed - 1) {
            std::uint64_t step = 0;
            if (!packed_.leb128(step)) {
                return false;
            }
            shape.last[static_cast<std::size_t>(__builtin_ctzll(changed))] += unzigzag(step);
        }
        known_.last_ns = shape.last[0];
        return put(shape.last.data(), shape.words * word_bytes);
    }

    Bytes packed_;
    std::byte* to_;
    std::byte* end_;
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
    first_ns_ = std::min(first_ns_, last[0]);
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

namespace {

void put_run_header(std::byte* out, std::byte what, std::size_t shape, std::size_t records) {
    out[0] = what;
    out[1] = static_cast<std::byte>(shape);
    out[2] = static_cast<std::byte>(records);
    out[3] = static_cast<std::byte>(records >> 8);
}

} // namespace

// Mostly a callback's record is one about the same function, by the same task and caller, as the one before.
std::size_t RecordPacker::add_run(std::span<const std::byte> ring, PackedShapes::Shape& shape) {
    constexpr std::size_t takes = ring_bytes_of(sizeof(rs_cb_queued));
    ring = ring.first(std::min(ring.size(), run_most * takes));
    if (ring.size() < takes) {
        return 0;
    }
    auto& last = shape.last;
    const std::uint64_t task = last[1], function = last[3];
    const bool linked = reinterpret_cast<const std::uint64_t*>(ring.data())[1 + 4] != last[4];
    std::uint64_t ns = known_.last_ns, head = last[2], end = last[4];
    std::byte* out = packed_.data() + used_ + run_header;
    std::size_t at = 0;
    for (; ring.size() - at >= takes; at += takes) {
        const auto* header = reinterpret_cast<const rs_ring_header*>(ring.data() + at);
        const auto* words = reinterpret_cast<const std::uint64_t*>(header + 1);
        const std::uint64_t ns_step = words[0] - ns;
        const std::uint64_t head_step = words[2] - head + no_step;
        if (__atomic_load_n(&header->size, __ATOMIC_ACQUIRE) != sizeof(rs_cb_queued) || words[1] != task ||
            words[3] != function || (ns_step | head_step) > run_most || words[4] != (linked ? head : end)) {
            break;
        }
        const auto steps = static_cast<std::uint32_t>(ns_step | head_step << 16);
        std::memcpy(out, &steps, sizeof steps);
        out += sizeof steps;
        end = words[4];
        ns = words[0];
        head = words[2];
    }
    if (at == 0) {
        return 0;
    }
    put_run_header(packed_.data() + used_, linked ? linked_run : plain_run, newest_, at / takes);
    used_ = static_cast<std::size_t>(out - packed_.data());
    // They do not go back in time.
    first_ns_ = std::min(first_ns_, reinterpret_cast<const std::uint64_t*>(ring.data())[1]);
    last[0] = known_.last_ns = ns;
    last[2] = head;
    last[4] = end;
    records_ += at / takes;
    unpacked_size_ += at / takes * (sizeof(RecordSize) + sizeof(rs_cb_queued));
    return at;
}

std::size_t RecordPacker::add_ring(std::span<const std::byte> ring) {
    // A word takes up to ten bytes, what stands before the words no more than in the ring.
    make_room(2 * ring.size());
    std::size_t at = 0;
    for (bool more = true; more;) {
        if (newest_ < known_.shapes.size() && known_.shapes[newest_].words == callback_words) {
            at += add_run(ring.subspan(at), known_.shapes[newest_]);
        }
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

bool unpack_records(std::span<const std::byte> packed, std::size_t size, std::vector<std::byte>& out) {
    out.resize(size); // not cleared before: what is there is overwritten
    return Unpacker(packed, out).run();
}

} // namespace rcuscope
