// SPDX-License-Identifier: BSD-2-Clause
#include "capture/packing.hpp"

#include "capture/ring_records.hpp"
#include "support.hpp"

namespace rcuscope::test {
namespace {

Bytes unpacked(std::span<const Bytes> records) {
    Bytes all;
    for (const Bytes& record : records) {
        append(all, sized(record));
    }
    return all;
}

Bytes pack(std::span<const Bytes> records) {
    RecordPacker packer;
    for (const Bytes& record : records) {
        packer.add(record);
    }
    EXPECT_EQ(packer.unpacked_size(), unpacked(records).size());
    return {packer.packed().begin(), packer.packed().end()};
}

// The same records as they lie in a ring, one of them given up, the last one being written.
Bytes pack_ring(std::span<const Bytes> records) {
    Bytes ring;
    const auto put = [&ring](std::span<const std::byte> record, std::uint32_t flags) {
        append(ring, bytes_of(RingHeader{static_cast<std::uint32_t>(record.size()) | flags, 0}));
        append(ring, record);
        ring.resize((ring.size() + 7) & ~std::size_t{7});
    };
    for (std::size_t i = 0; i < records.size(); i++) {
        if (i == records.size() / 2) {
            put(cb_record(1, 2), ring_discarded);
        }
        put(records[i], 0);
    }
    const std::size_t whole = ring.size();
    put(cb_record(3, 4), ring_busy);
    RecordPacker packer;
    EXPECT_EQ(packer.add_ring(ring), whole);
    EXPECT_EQ(packer.unpacked_size(), unpacked(records).size());
    return {packer.packed().begin(), packer.packed().end()};
}

void expect_round_trip(std::span<const Bytes> records) {
    const Bytes packed = pack(records);
    EXPECT_EQ(pack_ring(records), packed);
    const Bytes wanted = unpacked(records);
    Bytes got;
    ASSERT_TRUE(unpack_records(packed, wanted.size(), got));
    EXPECT_EQ(got, wanted);
}

TEST(Packing, WhatCallbacksLeaveBehind) {
    std::vector<Bytes> records;
    for (rs_u64 i = 0; i < 1000; i++) {
        records.push_back(bytes_of(rs_cb_queued{header_of(RS_CB_QUEUED, 1'000'000'000 + i * 700),
                                                0xffff888000000000 + i * 64, 0xffffffffc0000010, 0xffffffffc0000400}));
        records.push_back(cb_record(1'000'000'300 + i * 700, 0xffff888000000000 + i * 64));
    }
    expect_round_trip(records);
    // Number, mask, two bytes of time and two of the head.
    EXPECT_LT(pack(records).size(), records.size() * 6 + 200);
}

TEST(Packing, AnythingOfAnySize) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 200; round++) {
        std::vector<Bytes> records;
        for (int i = 0; i < 60; i++) {
            const bool odd = random() % 5 == 0;
            Bytes record(odd ? random() % 700 : 16 + random() % 80 * 8);
            if (random() % 2) {
                for (std::byte& byte : record) {
                    byte = static_cast<std::byte>(random());
                }
            }
            records.push_back(std::move(record));
        }
        expect_round_trip(records);
    }
}

// Of more shapes than have a number.
TEST(Packing, ManyShapes) {
    std::vector<Bytes> records;
    for (int round = 0; round < 2; round++) {
        for (rs_u16 kind = 0; kind < 400; kind++) {
            records.push_back(bytes_of(rs_header{kind, 1, kind, 0}));
        }
    }
    expect_round_trip(records);
}

TEST(Packing, TheEarliestTimeIsKnown) {
    RecordPacker packer;
    EXPECT_FALSE(packer.times());
    for (const rs_u64 ns : {5000U, 3000U, 9000U}) {
        packer.add(cb_record(ns, 1));
    }
    ASSERT_TRUE(packer.times());
    EXPECT_EQ(packer.times()->first_ns, 3000u);
    EXPECT_EQ(packer.times()->records, 3u);
    Bytes odd = cb_record(2000, 1); // of no shape
    odd.resize(odd.size() + 3);
    packer.add(odd);
    EXPECT_EQ(packer.times()->first_ns, 2000u);
    packer.add(Bytes(5)); // too short to have a time
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
    for (std::size_t cut = 0; cut < packed.size(); cut++) {
        EXPECT_FALSE(unpack_records(std::span(packed).first(cut), size, out)) << cut;
    }
    EXPECT_FALSE(unpack_records(packed, size + 1, out));
    EXPECT_FALSE(unpack_records(packed, size - 1, out));

    const auto refused = [&](std::initializer_list<int> bytes) {
        Bytes wrong;
        for (int byte : bytes) {
            wrong.push_back(static_cast<std::byte>(byte));
        }
        return !unpack_records(wrong, 100, out);
    };
    EXPECT_TRUE(refused({0, 0}));       // a shape that was not there before
    EXPECT_TRUE(refused({255, 16, 0})); // less than it says
    EXPECT_TRUE(refused({255, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}));
    // A word that the shape does not have.
    Bytes more = pack(std::span(records).first(1));
    append(more, bytes_of_text(std::string("\0\x10\2", 3)));
    EXPECT_FALSE(unpack_records(more, 2 * (2 + sizeof(rs_cb)), out));
}

} // namespace
} // namespace rcuscope::test
