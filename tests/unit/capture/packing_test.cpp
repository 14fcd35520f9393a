// SPDX-License-Identifier: BSD-2-Clause
#include "capture/packing.hpp"
#include "capture/unpacking.hpp"

#include "support.hpp"

namespace rcuscope::test {
namespace {

Bytes unpacked(std::span<const Bytes> records) {
    Bytes all;
    for (const Bytes& record : records)
        append(all, sized(record));
    return all;
}

struct Packed {
    Bytes bytes;
    std::optional<ChunkTimes> times;
};

Packed what_is_packed(const RecordPacker& packer, std::span<const Bytes> records) {
    EXPECT_EQ(packer.unpacked_size(), unpacked(records).size());
    return {{packer.packed().begin(), packer.packed().end()}, packer.times()};
}

Packed pack_each(std::span<const Bytes> records) {
    RecordPacker packer;
    for (const Bytes& record : records)
        packer.add(record);
    return what_is_packed(packer, records);
}

Bytes pack(std::span<const Bytes> records) {
    return pack_each(records).bytes;
}

// The same records as a ring buffer holds them, followed by one that is being written.
Packed pack_ring(std::span<const Bytes> records) {
    Bytes ring;
    for (const Bytes& record : records)
        put_in_ring(ring, record);
    const std::size_t whole = ring.size();
    put_in_ring(ring, cb_record(3, 4), false);
    RecordPacker packer;
    EXPECT_EQ(packer.add_ring(ring), whole);
    return what_is_packed(packer, records);
}

void expect_round_trip(std::span<const Bytes> records) {
    const auto [packed, times] = pack_each(records);
    const Packed of_ring = pack_ring(records);
    ASSERT_EQ(of_ring.times.has_value(), times.has_value());
    if (times) {
        EXPECT_EQ(of_ring.times->first_ns, times->first_ns);
        EXPECT_EQ(of_ring.times->records, times->records);
    }
    const Bytes wanted = unpacked(records);
    Bytes got;
    ASSERT_TRUE(unpack_records(packed, wanted.size(), got));
    EXPECT_EQ(got, wanted);
    ASSERT_TRUE(unpack_records(of_ring.bytes, wanted.size(), got));
    EXPECT_EQ(got, wanted);
}

TEST(Packing, RunsOfCallbacks) {
    std::mt19937_64 random(2);
    for (int round = 0; round < 300; round++) {
        std::vector<Bytes> records;
        rs_u64 ns = 1000, head = 0x10000, done = 0;
        for (int i = 0; i < 400; i++) {
            // Sometimes a record that does not fit into a run.
            const bool odd = random() % 50 == 0;
            ns += odd ? random() % 200000 : random() % 3000;
            done = odd ? random() : head;
            head += odd ? random() : random() % 0x10000 - 0x8000;
            const rs_u64 function = odd ? 7 : 8;
            if (round % 3 == 0 || (round % 3 == 1 && random() % 40 == 0))
                records.push_back(bytes_of(rs_cb_queued{header_of(RS_CB_QUEUED, ns), head, function, 9}));
            else
                records.push_back(bytes_of(rs_cb_next{header_of(RS_CB_NEXT, ns), head, function, done}));
        }
        expect_round_trip(records);
    }
}

TEST(Packing, ARunTakesFourBytesForARecord) {
    std::vector<Bytes> records;
    Bytes ring;
    for (rs_u64 i = 1; i <= 1000; i++)
        put_in_ring(ring, bytes_of(rs_cb_next{header_of(RS_CB_NEXT, i * 700), i * 64, 8, i * 64 - 64}));
    RecordPacker packer;
    packer.add_ring(ring);
    EXPECT_LT(packer.packed().size(), 4 * 1000 + 60u);
}

TEST(Packing, ARunThatIsNoneIsRefused) {
    Bytes out;
    const Bytes record = bytes_of(rs_cb_queued{header_of(RS_CB_QUEUED, 1), 2, 3, 4});
    Bytes first = {std::byte{255}, std::byte{40}};
    append(first, record);
    const auto with = [&](std::initializer_list<int> more) {
        Bytes packed = first;
        for (const int byte : more)
            packed.push_back(static_cast<std::byte>(byte));
        return packed;
    };
    EXPECT_TRUE(unpack_records(with({253, 0, 1, 0, 5, 0, 0, 128}), 84, out));
    EXPECT_FALSE(unpack_records(with({253, 0, 1, 0, 5, 0, 0}), 84, out)) << "cut off";
    EXPECT_FALSE(unpack_records(with({253, 0}), 42, out)) << "cut off";
    EXPECT_FALSE(unpack_records(with({253, 1, 1, 0, 5, 0, 0, 128}), 84, out)) << "of a shape that is not there";
    EXPECT_FALSE(unpack_records(with({253, 0, 2, 0, 5, 0, 0, 128, 5, 0, 0, 128}), 84, out)) << "more than there is";
}

TEST(Packing, WhatCallbacksLeaveBehind) {
    std::vector<Bytes> records;
    for (rs_u64 i = 0; i < 1000; i++) {
        records.push_back(bytes_of(rs_cb_queued{header_of(RS_CB_QUEUED, 1'000'000'000 + i * 700),
                                                0xffff888000000000 + i * 64, 0xffffffffc0000010, 0xffffffffc0000400}));
        records.push_back(cb_record(1'000'000'300 + i * 700, 0xffff888000000000 + i * 64));
    }
    expect_round_trip(records);
    // Shape number, mask, two bytes of time and two bytes of the head.
    EXPECT_LT(pack(records).size(), records.size() * 6 + 200);
}

TEST(Packing, AnythingOfAnySize) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 200; round++) {
        std::vector<Bytes> records;
        for (int i = 0; i < 60; i++) {
            const bool odd = random() % 5 == 0;
            Bytes record(odd ? 1 + random() % 700 : 16 + random() % 80 * 8);
            if (random() % 2)
                for (std::byte& byte : record)
                    byte = static_cast<std::byte>(random());
            records.push_back(std::move(record));
        }
        expect_round_trip(records);
    }
}

// The unpacker reads numbers near the end of its input in another way than numbers before it.
TEST(Packing, NumbersOfAnyLength) {
    std::vector<Bytes> records;
    rs_cb_queued record{header_of(RS_CB_QUEUED, 1), 1, 1, 1};
    for (unsigned bit = 0; bit < 64; bit++) {
        for (rs_u64* word : {&record.h.ns, &record.head, &record.caller}) {
            *word += rs_u64{1} << bit;
            records.push_back(bytes_of(record));
            *word -= rs_u64{2} << bit;
            records.push_back(bytes_of(record));
        }
    }
    expect_round_trip(records);
}

// Few and many words, of which any may differ, by numbers of any length, mostly of two bytes.
TEST(Packing, StepsOfAnyWords) {
    std::mt19937_64 random(5);
    for (std::size_t words = 2; words < 10; words++) {
        std::vector<rs_u64> record(words, 1'000'000);
        std::vector<Bytes> records;
        for (int i = 0; i < 5000; i++) {
            const auto changed = random();
            const bool odd = random() % 8 == 0;
            for (std::size_t word = 0; word < words; word++) {
                if (word != 1 && (changed >> word & 1) != 0) { // the kind does not change
                    const rs_u64 step = odd ? random() >> random() % 64 : 64 + random() % (8192 - 64);
                    record[word] += (changed >> (word + 32) & 1) != 0 ? step : 0 - step;
                }
            }
            const auto bytes = std::as_bytes(std::span(record));
            records.emplace_back(bytes.begin(), bytes.end());
        }
        expect_round_trip(records);
    }
}

TEST(Packing, WhetherTheyAreInOrderIsSeen) {
    const auto seen = [](std::span<const Bytes> records) {
        Bytes out;
        const auto unpacked_ones = unpack_records(pack(records), unpacked(records).size(), out);
        EXPECT_TRUE(unpacked_ones);
        EXPECT_EQ(unpacked_ones->records, records.size());
        Bytes ring;
        for (const Bytes& record : records)
            put_in_ring(ring, record);
        RecordPacker packer;
        packer.add_ring(ring);
        EXPECT_EQ(unpack_records(packer.packed(), unpacked(records).size(), out)->in_order, unpacked_ones->in_order);
        return unpacked_ones->in_order;
    };
    const auto next = [](rs_u64 ns) { return bytes_of(rs_cb_next{header_of(RS_CB_NEXT, ns), ns * 8, 8, ns * 8 - 8}); };
    std::vector<Bytes> records;
    for (rs_u64 i = 0; i < 100; i++)
        records.push_back(next(1000 + i / 2 * 500));
    EXPECT_TRUE(seen(records));
    for (const std::size_t place : {1U, 50U, 99U}) {
        for (const Bytes& late :
             {next(999), cb_record(3, 4), bytes_of(rs_header{2, 1, 77, 0}), Bytes(700), Bytes(43), Bytes(5)}) {
            std::vector<Bytes> with = records;
            with[place] = late;
            EXPECT_FALSE(seen(with)) << place << ": " << late.size();
        }
    }
    Bytes far = next(~0ULL); // then the time wraps around
    records.back() = far;
    EXPECT_TRUE(seen(records));
    records.push_back(next(5));
    EXPECT_FALSE(seen(records));
    records.erase(records.begin(), records.end() - 1);
    EXPECT_TRUE(seen(records));
}

// More shapes than there are shape numbers.
TEST(Packing, ManyShapes) {
    std::vector<Bytes> records;
    for (int round = 0; round < 2; round++)
        for (rs_u16 kind = 0; kind < 400; kind++)
            records.push_back(bytes_of(rs_header{kind, 1, kind, 0}));
    expect_round_trip(records);
}

TEST(Packing, TheEarliestTimeIsKnown) {
    RecordPacker packer;
    EXPECT_FALSE(packer.times());
    for (const rs_u64 ns : {5000U, 3000U, 9000U})
        packer.add(cb_record(ns, 1));
    ASSERT_TRUE(packer.times());
    EXPECT_EQ(packer.times()->first_ns, 3000u);
    EXPECT_EQ(packer.times()->records, 3u);
    Bytes odd = cb_record(2000, 1); // without a shape
    odd.resize(odd.size() + 3);
    packer.add(odd);
    EXPECT_EQ(packer.times()->first_ns, 2000u);
    packer.add(Bytes(5)); // too short for a time
    EXPECT_FALSE(packer.times());
    packer.clear();
    packer.add(cb_record(7000, 1));
    EXPECT_EQ(packer.times()->first_ns, 7000u);
    EXPECT_EQ(packer.times()->records, 1u);
}

TEST(Packing, AfterClearNothingIsRemembered) {
    RecordPacker packer;
    packer.add(cb_record(1, 2));
    const Bytes first(packer.packed().begin(), packer.packed().end());
    packer.add(cb_record(3, 4));
    packer.clear();
    EXPECT_TRUE(packer.empty());
    packer.add(cb_record(1, 2));
    EXPECT_EQ(Bytes(packer.packed().begin(), packer.packed().end()), first);
}

TEST(Packing, DamageIsNoRecord) {
    const std::vector<Bytes> records{cb_record(1000, 1), cb_record(2000, 2), bytes_of(header_of(RS_TASK, 2001))};
    const Bytes packed = pack(records);
    const std::size_t size = unpacked(records).size();
    Bytes out;
    for (std::size_t cut = 0; cut < packed.size(); cut++)
        EXPECT_FALSE(unpack_records(std::span(packed).first(cut), size, out)) << cut;
    EXPECT_FALSE(unpack_records(packed, size + 1, out));
    EXPECT_FALSE(unpack_records(packed, size - 1, out));

    const auto refused = [&](std::initializer_list<int> bytes) {
        Bytes wrong;
        for (int byte : bytes)
            wrong.push_back(static_cast<std::byte>(byte));
        return !unpack_records(wrong, 100, out);
    };
    EXPECT_TRUE(refused({0, 0}));       // a shape that was not defined before
    EXPECT_TRUE(refused({255, 16, 0})); // less than its size says
    EXPECT_TRUE(refused({255, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}));
    // The same in the middle of many records.
    const auto refused_within = [&](std::initializer_list<int> bytes) {
        Bytes wrong = pack(std::span(records).first(1));
        for (int byte : bytes)
            wrong.push_back(static_cast<std::byte>(byte));
        wrong.insert(wrong.end(), 400, std::byte{0}); // records without a difference
        return !unpack_records(wrong, 202 * (2 + sizeof(rs_cb)), out);
    };
    EXPECT_FALSE(refused_within({0, 1, 2}));
    EXPECT_FALSE(refused_within({0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}));
    EXPECT_TRUE(refused_within({0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}));
    EXPECT_TRUE(refused_within({0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81}));
    EXPECT_TRUE(refused_within({0, 0x10, 2}));
    EXPECT_TRUE(refused_within({1, 1, 2}));
    // A word that the shape does not have.
    Bytes more = pack(std::span(records).first(1));
    append(more, bytes_of_text(std::string("\0\x10\2", 3)));
    EXPECT_FALSE(unpack_records(more, 2 * (2 + sizeof(rs_cb)), out));
}

} // namespace
} // namespace rcuscope::test
