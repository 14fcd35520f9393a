// SPDX-License-Identifier: BSD-2-Clause
//
// Records that are copied from a ring buffer and, if they came fast, compressed after the recording.
#include <gmock/gmock.h>
#include <numeric>
#include <sys/stat.h>
#include <unistd.h>

#include "support.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Bytes ring_of(std::uint64_t from, std::uint64_t records) {
    Bytes ring;
    for (std::uint64_t i = from; i < from + records; ++i)
        put_in_ring(ring, cb_record(1000 + i, i));
    return ring;
}

std::vector<std::uint64_t> heads(const Result<ReadBack>& back) {
    std::vector<std::uint64_t> heads;
    for (const Event& event : back->events)
        heads.push_back(head_of(event));
    return heads;
}

std::vector<std::uint64_t> numbers(std::uint64_t count) {
    std::vector<std::uint64_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
}

Status put_ring(CaptureWriter& writer, std::uint32_t cpu, const Bytes& ring) {
    const std::span<const std::byte> part = ring;
    return writer.ring(cpu, std::span(&part, 1));
}

// So many records that the writer compresses none of them during the recording.
constexpr std::uint64_t many = 40000;

// A finished recording that is not compressed yet.
CaptureWriter recording(const TempDir& dir, const std::string& name = "ring.rcu") {
    auto writer = capture_at(dir.file(name), metadata_of_cpus(2));
    EXPECT_TRUE(put_ring(*writer, 0, ring_of(0, many)));
    EXPECT_TRUE(put_ring(*writer, 1, ring_of(many, 3)));
    EXPECT_TRUE(writer->finish({1, "duration", {}, {}, {}}));
    return std::move(*writer);
}

TEST(Ring, EndsWhereARecordIsBeingWritten) {
    Bytes ring;
    put_in_ring(ring, cb_record(1, 1));
    put_in_ring(ring, bytes_of_text("odd"));
    const std::size_t whole = ring.size();
    put_in_ring(ring, cb_record(4, 4), false);
    put_in_ring(ring, cb_record(5, 5));
    std::vector<std::size_t> sizes;
    EXPECT_EQ(for_each_ring_record(ring, [&](std::span<const std::byte> record) { sizes.push_back(record.size()); }),
              whole);
    EXPECT_THAT(sizes, ElementsAre(sizeof(rs_cb), 3));
}

TEST(Ring, IsReadLikeAnyOther) {
    const TempDir dir;
    const auto back = read_back(recording(dir).path());
    ASSERT_TRUE(back);
    EXPECT_EQ(heads(back), numbers(many + 3));
    EXPECT_TRUE(back->trailer);
}

TEST(Ring, AFewRecordsAreCompressedAtOnce) {
    const TempDir dir;
    auto writer = capture_at(dir.file("few.rcu"), metadata_of_cpus(1));
    EXPECT_TRUE(put_ring(*writer, 0, ring_of(0, 100)));
    EXPECT_TRUE(writer->finish({1, "duration", {}, {}, {}}));
    EXPECT_TRUE(writer->compress([](double) {
        ADD_FAILURE() << "it was compressed once more";
        return true;
    }));
    EXPECT_EQ(heads(read_back(dir.file("few.rcu"))), numbers(100));
}

TEST(Ring, WhatIsHeldBackComesBeforeIt) {
    const TempDir dir;
    auto writer = capture_at(dir.file("held.rcu"), metadata_of_cpus(1));
    EXPECT_TRUE(writer->record(0, cb_record(500, 0)));
    Bytes ring;
    for (std::uint64_t i = 1; i < many; ++i) {
        put_in_ring(ring,
                    cb_record(500, i)); // all have the same time, so their order is the order in which they were sent
    }
    EXPECT_TRUE(put_ring(*writer, 0, ring));
    EXPECT_TRUE(writer->record(0, cb_record(500, many)));
    EXPECT_TRUE(writer->finish({1, "duration", {}, {}, {}}));
    EXPECT_EQ(heads(read_back(dir.file("held.rcu"))), numbers(many + 1));
}

TEST(Ring, OfACpuThatIsNotThereIsRefused) {
    const TempDir dir;
    auto writer = capture_at(dir.file("cpu.rcu"), metadata_of_cpus(1));
    const Status put = put_ring(*writer, 1, ring_of(0, 1));
    ASSERT_FALSE(put);
    EXPECT_THAT(put.error().why, HasSubstr("CPU 1"));
}

TEST(CompressCapture, TellsTheSameInLess) {
    const TempDir dir;
    CaptureWriter writer = recording(dir);
    const std::string path = writer.path();
    const std::size_t before = read_file(path).size();
    ASSERT_TRUE(writer.compress([](double) { return true; }));
    EXPECT_LT(read_file(path).size(), before / 2);
    for (const auto& back : {read_back(path), read_back(writer.read_back())}) {
        EXPECT_EQ(heads(back), numbers(many + 3));
        EXPECT_TRUE(back->trailer);
    }
    EXPECT_EQ(writer.read_back()->size(), read_file(path).size());
    EXPECT_EQ(dir.files(), 1u);
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << "it holds kernel addresses";
}

TEST(CompressCapture, MayBeLeft) {
    const TempDir dir;
    CaptureWriter writer = recording(dir);
    const Bytes before = read_file(writer.path());
    int asked = 0;
    ASSERT_TRUE(writer.compress([&](double) { return ++asked < 2; }));
    EXPECT_EQ(asked, 2);
    EXPECT_EQ(read_file(writer.path()), before);
    EXPECT_EQ(heads(read_back(writer.read_back())), numbers(many + 3));
    EXPECT_EQ(dir.files(), 1u);
}

TEST(CompressCapture, AFileOfTwoNamesIsLeft) {
    const TempDir dir;
    CaptureWriter writer = recording(dir);
    const Bytes before = read_file(writer.path());
    std::filesystem::create_hard_link(writer.path(), dir.file("other.rcu"));
    ASSERT_TRUE(writer.compress([](double) { return true; }));
    EXPECT_EQ(read_file(writer.path()), before);
}

TEST(CompressCapture, AnotherFileOfItsNameIsLeft) {
    const TempDir dir;
    CaptureWriter writer = recording(dir);
    const std::string path = writer.path();
    // Meanwhile another recording is finished under the same name.
    write_file(dir.file("other.rcu"), bytes_of_text("another"));
    ASSERT_TRUE(writer.compress([&](double done) {
        if (done > 0.5 && std::filesystem::exists(dir.file("other.rcu")))
            std::filesystem::rename(dir.file("other.rcu"), path);
        return true;
    }));
    EXPECT_EQ(read_file(path), bytes_of_text("another"));
    EXPECT_EQ(heads(read_back(writer.read_back())), numbers(many + 3));
}

TEST(CompressCapture, WhatIsDamagedIsLeft) {
    const TempDir dir;
    CaptureWriter writer = recording(dir);
    const std::string path = writer.path();
    Bytes bytes = read_file(path);
    bytes[bytes.size() / 2] ^= std::byte{1};
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    EXPECT_FALSE(writer.compress([](double) { return true; }));
    EXPECT_EQ(read_file(path), bytes);
    EXPECT_EQ(dir.files(), 1u);
}

} // namespace
} // namespace rcuscope::test
