// SPDX-License-Identifier: BSD-2-Clause
#include "capture/unpacking.hpp"

#include <array>
#include <cstring>
#include <limits>

#include "capture/packed_format.hpp"
#include "capture/payload.hpp"

namespace rcuscope {
namespace {

using namespace packed;

std::uint64_t word_at(const std::byte* words, std::size_t i) {
    std::uint64_t word = 0;
    std::memcpy(&word, words + i * word_bytes, sizeof word);
    return word;
}

void put_word(std::byte* words, std::size_t i, std::uint64_t word) {
    std::memcpy(words + i * word_bytes, &word, sizeof word);
}

std::uint64_t unzigzag(std::uint64_t value) {
    return value >> 1 ^ (0 - (value & 1));
}

// Joins the low 7 bits of the eight bytes.
std::uint64_t joined(std::uint64_t bytes) {
    bytes = (bytes & 0x007f007f007f007f) | (bytes & 0x7f007f007f007f00) >> 1;
    bytes = (bytes & 0x00003fff00003fff) | (bytes & 0x3fff00003fff0000) >> 2;
    return (bytes & 0x000000000fffffff) | (bytes & 0x0fffffff00000000) >> 4;
}

// Reads a LEB128; max_leb128 bytes must be readable. Returns false if the number has more than 64 bits.
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
    const std::uint64_t last = ~bytes & 0x8080808080808080; // the top bit of each byte that ends a number
    if (last != 0) [[likely]] {
        at += __builtin_ctzll(last) / 8 + 1;
        value = joined(bytes & (last ^ (last - 1)));
        return true;
    }
    const auto ninth = std::to_integer<std::uint64_t>(at[8]);
    const auto tenth = std::to_integer<std::uint64_t>(at[9]);
    const bool nine = ninth < 0x80;
    at += nine ? 9 : max_leb128;
    value = joined(bytes) | (ninth & 0x7f) << 56 | (nine ? 0 : tenth << 63);
    return nine || tenth <= 1;
}

// The layout of a record's differences if the record has at most five words and each difference takes two bytes.
// Nearly all records of callbacks are like that.
struct Pairs {
    static constexpr std::size_t words = 5;
    static constexpr std::size_t limit = 4; // differences in 64 bits
    static constexpr std::uint8_t none = limit;

    std::uint64_t keep = 0;    // mask: the bits that the differences occupy
    std::uint64_t goes_on = 1; // the top bits of the bytes if each difference takes two bytes; 1: never matches
    std::array<std::uint8_t, words> of_word = {none, none, none, none, none}; // by word: index of its difference
    std::uint8_t bytes = 0;                                                   // of all differences
};

// Indexed by the bit map of the changed words.
constexpr std::array<Pairs, 1U << Pairs::words> make_pairs() {
    std::array<Pairs, 1U << Pairs::words> all{};
    for (std::size_t changed = 0; changed + 1 < all.size(); changed++) { // the last one has five differences
        Pairs& pairs = all[changed];
        pairs.goes_on = 0;
        std::uint8_t found = 0;
        for (std::size_t word = 0; word < Pairs::words; word++) {
            if ((changed >> word & 1) != 0) {
                pairs.keep |= std::uint64_t{0xffff} << 16 * found;
                pairs.goes_on |= std::uint64_t{0x0080} << 16 * found;
                pairs.of_word[word] = found++;
            }
        }
        pairs.bytes = static_cast<std::uint8_t>(2 * found);
    }
    return all;
}

constexpr auto all_pairs = make_pairs();

class Unpacker {
public:
    Unpacker(std::span<const std::byte> packed, std::span<std::byte> out)
        : at_(packed.data()), packed_end_(at_ + packed.size()), to_(out.data()), end_(to_ + out.size()) {}

    std::optional<Unpacked> run() {
        while (take_short_ones(), left() != 0)
            if (!one())
                return std::nullopt;
        return to_ == end_ ? std::optional(seen_) : std::nullopt;
    }

private:
    struct Shape {
        const std::byte* last = nullptr; // the words of its last record, in the output
        std::uint32_t words = 0;
        std::uint32_t pairs = 0; // 2^words, the number of bit maps for which take_pairs() works; 0: too many words
    };

    std::size_t left() const { return static_cast<std::size_t>(packed_end_ - at_); }
    std::size_t room() const { return static_cast<std::size_t>(end_ - to_); }

    // Fast path: unpacks records of at most few_words words, as nearly all are, as long as the largest such record
    // fits into the rest of the input and of the output. Stops at the first record that is different or malformed,
    // which one() then handles.
    void take_short_ones() {
        constexpr std::size_t max_packed = 2 + few_words * max_leb128;
        constexpr std::size_t max_room = sizeof(RecordSize) + few_words * word_bytes;
        if (left() < max_packed || room() < max_room)
            return;
        const std::byte* const last_at = packed_end_ - max_packed;
        const std::byte* const last_to = end_ - max_room;
        const std::byte* at = at_;
        std::byte* to = to_;
        const std::size_t shapes = shapes_;
        std::uint64_t ns = last_ns_;
        std::uint64_t latest = latest_;
        std::uint64_t records = 0;
        bool in_order = seen_.in_order;
        while (at <= last_at && to <= last_to) {
            const auto number = std::to_integer<std::size_t>(at[0]);
            if (number >= shapes)
                break;
            Shape& shape = shape_[number];
            const auto changed = std::to_integer<unsigned>(at[1]);
            std::byte* const words = to + sizeof(RecordSize);
            const std::byte* next = at + 2;
            if ((changed >= shape.pairs || !take_pairs(next, all_pairs[changed], shape.last, ns, words)) &&
                (shape.words > few_words || !take_words(changed, shape, ns, words, [&next](std::uint64_t& step) {
                     return take_quickly(next, step);
                 })))
                break;
            at = next;
            ns = word_at(words, 0);
            in_order &= ns >= latest;
            latest = ns;
            shape.last = words;
            const auto size = static_cast<RecordSize>(shape.words * word_bytes);
            std::memcpy(to, &size, sizeof size);
            to = words + size;
            records++;
        }
        last_ns_ = ns;
        latest_ = latest;
        seen_.records += records;
        seen_.in_order = in_order;
        at_ = at;
        to_ = to;
    }

    // Writes five words even if the shape has fewer: this takes no loop and no unpredictable branch. The next record
    // overwrites the excess. Returns false if not all differences take two bytes.
    [[gnu::always_inline]] static bool take_pairs(const std::byte*& at, const Pairs& pairs, const std::byte* last,
                                                  std::uint64_t ns, std::byte* words) {
        std::uint64_t bytes = word_at(at, 0) & pairs.keep;
        if ((bytes & 0x8080808080808080) != pairs.goes_on)
            return false;
        bytes = (bytes & 0x007f007f007f007f) | (bytes & 0x7f007f007f007f00) >> 1;
        const std::uint64_t odd = bytes & 0x0001000100010001;
        bytes = (bytes ^ odd) >> 1 ^ ((odd << 16) - odd); // unzigzag() of each
        std::array<std::int16_t, 2 * Pairs::limit> steps{};
        std::memcpy(steps.data(), &bytes, sizeof bytes);
        const auto step = [&](std::size_t word) { return static_cast<std::uint64_t>(steps[pairs.of_word[word]]); };
        put_word(words, 0, ns + step(0));
        put_word(words, 1, word_at(last, 1) + step(1));
        put_word(words, 2, word_at(last, 2) + step(2));
        put_word(words, 3, word_at(last, 3) + step(3));
        put_word(words, 4, word_at(last, 4) + step(4));
        at += pairs.bytes;
        return true;
    }

    // Applies differences of any length. take(number) reads the next difference; it returns false if that is
    // malformed.
    template <typename Take>
    [[gnu::always_inline]] static bool take_words(std::uint64_t changed, const Shape& shape, std::uint64_t ns,
                                                  std::byte* words, Take&& take) {
        if (shape.words < max_words && changed >> shape.words != 0)
            return false;
        for (std::size_t i = 0; i < shape.words; i++) {
            std::uint64_t word = i == 0 ? ns : word_at(shape.last, i);
            if ((changed >> i & 1) != 0) {
                std::uint64_t step = 0;
                if (!take(step))
                    return false;
                word += unzigzag(step);
            }
            put_word(words, i, word);
        }
        return true;
    }

    bool one() {
        const std::byte first = *at_++;
        if (first == as_it_is)
            return whole();
        return first == plain_run || first == linked_run ? run_of(first == linked_run)
                                                         : difference(std::to_integer<std::size_t>(first));
    }

    bool run_of(bool linked) {
        constexpr std::size_t header = 3, packed_bytes = 4;
        constexpr std::size_t takes = sizeof(RecordSize) + callback_words * word_bytes;
        if (left() < header)
            return false;
        const auto number = std::to_integer<std::size_t>(at_[0]);
        const std::size_t records = std::to_integer<std::size_t>(at_[1]) | std::to_integer<std::size_t>(at_[2]) << 8;
        at_ += header;
        if (left() < packed_bytes * records || room() < takes * records || number >= shapes_ ||
            shape_[number].words != callback_words)
            return false;
        if (records != 0)
            put_run(shape_[number], records, linked);
        return true;
    }

    void put_run(Shape& shape, std::size_t records, bool linked) {
        constexpr RecordSize size = callback_words * word_bytes;
        const std::uint64_t task = word_at(shape.last, 1), function = word_at(shape.last, 3);
        std::uint64_t head = word_at(shape.last, 2), end = word_at(shape.last, 4), ns = last_ns_, latest = latest_;
        bool in_order = true;
        const std::byte* at = at_;
        std::byte* to = to_;
        for (std::size_t i = 0; i < records; i++) {
            std::uint32_t step = 0;
            std::memcpy(&step, at, sizeof step);
            at += sizeof step;
            ns += step & 0xffff;
            in_order &= ns >= latest;
            latest = ns;
            end = linked ? head : end;
            head += (step >> 16) - no_step;
            std::memcpy(to, &size, sizeof size);
            to += sizeof size;
            put_word(to, 0, ns);
            put_word(to, 1, task);
            put_word(to, 2, head);
            put_word(to, 3, function);
            put_word(to, 4, end);
            to += size;
        }
        shape.last = to - size;
        last_ns_ = latest_ = ns;
        seen_.records += records;
        seen_.in_order &= in_order;
        at_ = at;
        to_ = to;
    }

    bool whole() {
        std::uint64_t size = 0;
        if (!leb128(size) || size > std::numeric_limits<RecordSize>::max() || size > left() ||
            sizeof(RecordSize) + size > room())
            return false;
        std::memcpy(to_ + sizeof(RecordSize), at_, size);
        at_ += size;
        Shape* shape = nullptr;
        if (can_be_shape(size) && shapes_ < max_shapes) {
            shape = &shape_[shapes_++];
            shape->words = static_cast<std::uint32_t>(size / word_bytes);
            shape->pairs = shape->words <= Pairs::words ? 1U << shape->words : 0;
        }
        end_record(static_cast<RecordSize>(size), shape);
        return true;
    }

    bool difference(std::size_t number) {
        std::uint64_t changed = 0;
        if (number >= shapes_ || !leb128(changed))
            return false;
        Shape& shape = shape_[number];
        const std::size_t size = shape.words * word_bytes;
        if (sizeof(RecordSize) + size > room() || !take_words(changed, shape, last_ns_, to_ + sizeof(RecordSize),
                                                              [this](std::uint64_t& step) { return leb128(step); }))
            return false;
        end_record(static_cast<RecordSize>(size), &shape);
        return true;
    }

    // Completes a record whose words are already in the output. The record becomes the last one of `shape`, unless
    // that is null.
    void end_record(RecordSize size, Shape* shape) {
        const std::byte* const words = to_ + sizeof size;
        std::memcpy(to_, &size, sizeof size);
        to_ += sizeof size + size;
        if (shape != nullptr) {
            shape->last = words;
            last_ns_ = word_at(words, 0);
        }
        seen_.records++;
        if (size < sizeof(rs_header)) {
            seen_.in_order = false;
            return;
        }
        const std::uint64_t ns = word_at(words, 0);
        seen_.in_order &= ns >= latest_;
        latest_ = ns;
    }

    // Returns false if the number does not end, or has more than 64 bits.
    bool leb128(std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64 && at_ != packed_end_; shift += 7) {
            const auto bits = std::to_integer<std::uint64_t>(*at_++);
            if (shift == 63 && bits > 1)
                return false;
            value |= (bits & 0x7f) << shift;
            if (bits < 0x80)
                return true;
        }
        return false;
    }

    const std::byte* at_;
    const std::byte* packed_end_;
    std::byte* to_;
    std::byte* end_;
    std::array<Shape, max_shapes> shape_; // by number; the first shapes_ are defined
    std::size_t shapes_ = 0;
    std::uint64_t last_ns_ = 0; // to which the next time is relative
    std::uint64_t latest_ = 0;  // time of the previous record
    Unpacked seen_{.records = 0, .in_order = true};
};

} // namespace

std::optional<Unpacked> unpack_records(std::span<const std::byte> packed, std::size_t size,
                                       std::vector<std::byte>& out) {
    out.resize(size); // no clear() first: every byte is overwritten
    return Unpacker(packed, out).run();
}

} // namespace rcuscope
