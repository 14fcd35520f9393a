// SPDX-License-Identifier: BSD-2-Clause
//
// Truncated, damaged and hostile captures. The reader must return everything before the damage, and nothing else.
#include <gmock/gmock.h>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <zstd.h>

#include "growth.hpp"
#include "support.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

using Streams = std::map<std::uint32_t, std::vector<std::uint64_t>>; // by CPU: its records' heads

Streams streams_of(const std::vector<Event>& events) {
    Streams streams;
    for (const Event& event : events)
        streams[event.cpu].push_back(head_of(event));
    return streams;
}

bool is_prefix(const Streams& part, const Streams& whole) {
    return std::all_of(
        part.begin(), part.end(),
        [&](const auto& stream) {
            const auto found = whole.find(stream.first);
            return found != whole.end() && stream.second.size() <= found->second.size() &&
                   std::equal(stream.second.begin(), stream.second.end(), found->second.begin());
        });
}

// Records are in order within each CPU, so a truncation removes the end of each stream.
Bytes recording(const TempDir& dir, std::uint64_t records, std::uint64_t flush_every) {
    const std::string path = dir.file("whole.rcu");
    constexpr std::uint32_t cpus = 4;
    auto writer = capture_at(path, metadata_of_cpus(cpus));
    std::mt19937_64 random(7);
    for (std::uint64_t i = 0; i < records; ++i) {
        EXPECT_TRUE(writer->record(static_cast<std::uint32_t>(random() % cpus), cb_record(1000 + i, random())));
        if (i % flush_every == flush_every - 1) {
            const SymbolInfo symbol{i, "f", 0, ""};
            EXPECT_TRUE(writer->symbols(std::span(&symbol, 1)));
            EXPECT_TRUE(writer->flush(false));
        }
    }
    EXPECT_TRUE(writer->finish({1, "duration", {}, {}, {}}));
    return read_file(path);
}

void expect_valid_prefix(const TempDir& dir, std::span<const std::byte> bytes, const Streams& whole) {
    const auto back = read_back(dir, bytes);
    if (!back) {
        EXPECT_EQ(back.error().code, ExitCode::bad_input);
        EXPECT_NE(back.error().why, "");
        return;
    }
    EXPECT_NE(back->extent.cut_reason, "");
    EXPECT_FALSE(back->trailer);
    EXPECT_LE(back->extent.valid_bytes, bytes.size());
    EXPECT_TRUE(is_prefix(streams_of(back->events), whole));
}

TEST(Damage, SmallFileCutAtEveryByte) {
    const TempDir dir;
    const Bytes whole = recording(dir, 60, 10);
    const Streams streams = streams_of(read_back(dir, whole)->events);
    const std::size_t beginning = capture_beginning(dir, 4).size();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        SCOPED_TRACE(size);
        const auto part = std::span(whole).first(size);
        expect_valid_prefix(dir, part, streams);
        EXPECT_EQ(read_back(dir, part).has_value(), size >= beginning);
    }
}

TEST(Damage, LargeFileCutAtRandomBytes) {
    const TempDir dir;
    const Bytes whole = recording(dir, 60000, 20000);
    const auto all = read_back(dir, whole);
    ASSERT_TRUE(all);
    ASSERT_EQ(all->extent.cut_reason, "");
    ASSERT_GE(all->extent.event_chunks, 8u);
    const Streams streams = streams_of(all->events);
    std::mt19937_64 random(11);
    for (int i = 0; i < 200; ++i) {
        const std::size_t size = random() % whole.size();
        SCOPED_TRACE(size);
        expect_valid_prefix(dir, std::span(whole).first(size), streams);
    }
}

TEST(Damage, RandomBytesFlipped) {
    const TempDir dir;
    const Bytes whole = recording(dir, 200, 20);
    const Streams streams = streams_of(read_back(dir, whole)->events);
    std::mt19937_64 random(13);
    for (int i = 0; i < 2000; ++i) {
        Bytes flipped = whole;
        const std::size_t place = random() % whole.size();
        flipped[place] ^= static_cast<std::byte>(1 + random() % 255);
        SCOPED_TRACE(place);
        expect_valid_prefix(dir, flipped, streams);
    }
}

// Arbitrary contents with a correct checksum.
TEST(Damage, RandomPayloadsWithRightChecksums) {
    const TempDir dir;
    const Bytes beginning = capture_beginning(dir, 4);
    std::mt19937_64 random(17);
    Bytes good;
    for (int i = 0; i < 20; ++i)
        append(good, sized(cb_record(random() % 100, random())));
    Compressor compressor;
    const auto frame = compressor.compress(good);
    ASSERT_TRUE(frame);
    for (int i = 0; i < 3000; ++i) {
        SCOPED_TRACE(i);
        const bool compressed = random() % 2 == 0;
        Bytes payload = compressed ? Bytes(frame->begin(), frame->end()) : good;
        for (std::uint64_t flips = random() % 4; flips > 0; --flips)
            payload[random() % payload.size()] = static_cast<std::byte>(random());
        payload.resize(random() % 3 == 0 ? random() % payload.size() : payload.size());
        const auto size =
            random() % 4 == 0 ? static_cast<std::uint32_t>(random()) : static_cast<std::uint32_t>(good.size());
        Bytes bytes = beginning;
        append(bytes,
               chunk_of(static_cast<std::uint16_t>(1 + random() % 5), payload, static_cast<std::uint32_t>(random() % 5),
                        compressed ? chunk_compressed : std::uint16_t{0}, size));
        append(bytes, chunk_of(ChunkType::events, good, 1));
        const auto back = read_back(dir, bytes);
        ASSERT_TRUE(back);
        EXPECT_NE(back->extent.cut_reason, "");
    }
}

class DamagedChunk : public testing::Test {
protected:
    // The reader's reason for a file with one good events chunk, the given chunk and another good one.
    std::string reason(std::span<const std::byte> chunk) {
        Bytes bytes = capture_beginning(dir_, 1);
        append(bytes, chunk_of(ChunkType::events, sized(cb_record(1, 1))));
        place_ = "the chunk at byte " + std::to_string(bytes.size());
        const std::size_t good = bytes.size();
        append(bytes, chunk);
        append(bytes, chunk_of(ChunkType::events, sized(cb_record(2, 2))));
        const auto back = read_back(dir_, bytes);
        EXPECT_TRUE(back);
        EXPECT_EQ(back->events.size(), 1u);
        EXPECT_EQ(back->extent.valid_bytes, good);
        return back->extent.cut_reason;
    }

    TempDir dir_;
    std::string place_;
};

TEST_F(DamagedChunk, WrongChecksum) {
    Bytes chunk = chunk_of(ChunkType::events, sized(cb_record(1, 1)));
    chunk.back() ^= std::byte{1};
    const std::string why = reason(chunk);
    EXPECT_EQ(why, "the checksum of " + place_ + " is wrong");
}

TEST_F(DamagedChunk, ZerosAfterACrash) {
    EXPECT_THAT(reason(Bytes(4096)), HasSubstr("does not begin with a chunk header"));
}

TEST_F(DamagedChunk, RecordRunsOverTheEnd) {
    Bytes records = sized(cb_record(5, 5));
    append(records, bytes_of(RecordSize{100}));
    EXPECT_THAT(reason(chunk_of(ChunkType::events, records)), HasSubstr("a record extends beyond its end"));
    EXPECT_THAT(reason(chunk_of(ChunkType::events, Bytes(1))), HasSubstr("a record extends beyond its end"));
}

TEST_F(DamagedChunk, SizesThatCannotBe) {
    const auto type = static_cast<std::uint16_t>(ChunkType::events);
    const Bytes record = sized(cb_record(1, 1));
    EXPECT_THAT(reason(chunk_of(type, record, 0, 0, 7)), HasSubstr("contradict"));
    EXPECT_THAT(reason(chunk_of(type, record, 0, 0, max_chunk_size + 1)),
                HasSubstr("its size exceeds the limit of a chunk"));
    EXPECT_THAT(reason(chunk_of(type, record, 0, chunk_compressed, max_events_size + 1)),
                HasSubstr("its events exceed the limit of a chunk"));
}

TEST_F(DamagedChunk, FrameOfAnotherSize) {
    const Bytes zeros(1 << 20);
    Compressor compressor;
    const auto frame = compressor.compress(zeros);
    ASSERT_TRUE(frame);
    const auto type = static_cast<std::uint16_t>(ChunkType::events);
    EXPECT_THAT(reason(chunk_of(type, *frame, 0, chunk_compressed, 1000)), HasSubstr("cannot be decompressed"));
    EXPECT_THAT(reason(chunk_of(type, zeros, 0, chunk_compressed)), HasSubstr("cannot be decompressed"));
}

TEST_F(DamagedChunk, WhatWasNotPacked) {
    const auto type = static_cast<std::uint16_t>(ChunkType::events);
    EXPECT_THAT(reason(chunk_of(type, sized(cb_record(1, 1)), 0, chunk_packed)), HasSubstr("cannot be unpacked"));
}

// Chunks whose header does not match their records. The checksum is correct, so only unpacking shows it.
TEST(Damage, TimesThatAreNotThoseOfTheRecords) {
    const TempDir dir;
    const auto read = [&](ChunkTimes times, std::span<const std::byte> records) {
        Bytes stored = bytes_of(times);
        append(stored, records);
        Bytes bytes = capture_beginning(dir, 1);
        append(bytes, chunk_of(static_cast<std::uint16_t>(ChunkType::events), stored, 0, chunk_timed,
                               static_cast<std::uint32_t>(records.size())));
        return read_back(dir, bytes);
    };
    Bytes records = sized(cb_record(5, 1));
    append(records, sized(cb_record(4, 2)));
    const auto good = read({4, 2}, records);
    ASSERT_TRUE(good);
    EXPECT_EQ(good->events.size(), 2u);
    EXPECT_EQ(good->extent.event_bytes, 2 * sizeof(rs_cb));

    for (const ChunkTimes wrong : {ChunkTimes{5, 2}, {3, 2}, {4, 1}, {4, 3}}) {
        const auto back = read(wrong, records);
        ASSERT_FALSE(back);
        EXPECT_EQ(back.error().code, ExitCode::bad_input);
    }
    Bytes untimed = records;
    append(untimed, sized(Bytes(3)));
    EXPECT_FALSE(read({4, 3}, untimed));
    Bytes runs_over = records;
    append(runs_over, bytes_of(RecordSize{100}));
    const auto over = read({4, 2}, runs_over);
    ASSERT_FALSE(over);
    EXPECT_THAT(over.error().why, HasSubstr("a record extends beyond its end"));
    // More records than the bytes can hold: refused at once.
    EXPECT_THAT(read({4, 1'000'000}, records)->extent.cut_reason, HasSubstr("too small for its number of records"));
    EXPECT_THAT(read({4, 0}, records)->extent.cut_reason, HasSubstr("too small for its number of records"));
}

// The reader reads, unpacks and merges ahead. Nevertheless it reports an error only after all events before it.
TEST(Damage, AllEventsBeforeWhatIsMadeUpAreGiven) {
    const TempDir dir;
    constexpr std::uint64_t each = 700;
    constexpr std::uint32_t chunks = 60, wrong = 41;
    Bytes bytes = capture_beginning(dir, 3);
    for (std::uint32_t i = 0; i < chunks; i++) {
        Bytes stored = bytes_of(ChunkTimes{1000ULL * i + 1, i == wrong ? each + 1 : each});
        for (std::uint64_t record = 1; record <= each; record++)
            append(stored, sized(cb_record(1000ULL * i + record, record)));
        append(bytes, chunk_of(static_cast<std::uint16_t>(ChunkType::events), stored, i % 3, chunk_timed,
                               static_cast<std::uint32_t>(stored.size() - sizeof(ChunkTimes))));
    }
    write_file(dir.file("made.rcu"), bytes);
    auto reader = CaptureReader::open(dir.file("made.rcu"));
    ASSERT_TRUE(reader);
    std::uint64_t given = 0;
    const Status read = reader->for_each_event([&](const Event&) { given++; });
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().why, HasSubstr("its records contradict its header"));
    EXPECT_EQ(given, wrong * each);
}

TEST_F(DamagedChunk, TooShortForItsTimes) {
    EXPECT_THAT(reason(chunk_of(static_cast<std::uint16_t>(ChunkType::events), Bytes(15), 0, chunk_timed)),
                HasSubstr("too short for its times"));
}

long peak_kib() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

// A few kilobytes that unpack to a gigabyte: the reader unpacks at most the maximum size of a chunk.
TEST_F(DamagedChunk, BombsAreNotUnpacked) {
    constexpr std::size_t huge = 1u << 30;
    Bytes bomb;
    {
        const Bytes zeros(64u << 20);
        const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
        Bytes out(1u << 20);
        for (std::size_t left = huge; left > 0; left -= zeros.size()) {
            ZSTD_inBuffer in{zeros.data(), zeros.size(), 0};
            const auto step = left == zeros.size() ? ZSTD_e_end : ZSTD_e_continue;
            for (std::size_t more = 1; more != 0 && (in.pos < in.size || step == ZSTD_e_end);) {
                ZSTD_outBuffer to{out.data(), out.size(), 0};
                more = ZSTD_compressStream2(context.get(), &to, &in, step);
                ASSERT_FALSE(ZSTD_isError(more));
                append(bomb, std::span(out).first(to.pos));
            }
        }
    }
    ASSERT_LT(bomb.size(), 1u << 20);
    // One record of the maximum size; then each pair of bytes asks for another one of the same shape.
    Bytes packed = bytes_of_text("\xff\x80\x04");
    append(packed, Bytes(512));
    packed.resize(900'000);
    const auto events = static_cast<std::uint16_t>(ChunkType::events);
    Bytes unpacks = chunk_of(events, packed, 0, chunk_packed);
    {
        ChunkHeader header{};
        std::memcpy(&header, unpacks.data(), sizeof header);
        header.unpacked = max_events_size;
        header.checksum = chunk_checksum(header, packed);
        std::memcpy(unpacks.data(), &header, sizeof header);
    }
    const long before = peak_kib();
    for (const std::uint32_t claimed : {std::uint32_t{1000}, max_events_size})
        EXPECT_THAT(reason(chunk_of(events, bomb, 0, chunk_compressed, claimed)), HasSubstr("cannot be decompressed"));
    EXPECT_THAT(reason(chunk_of(events, bomb, 0, chunk_compressed, huge)),
                HasSubstr("its size exceeds the limit of a chunk"));
    const auto symbols = static_cast<std::uint16_t>(ChunkType::symbols);
    EXPECT_THAT(reason(chunk_of(symbols, bomb, 0, chunk_compressed, max_chunk_size)),
                HasSubstr("cannot be decompressed"));
    EXPECT_THAT(reason(unpacks), HasSubstr("cannot be unpacked"));
    EXPECT_LT(peak_kib() - before, 64 << 10);
}

TEST_F(DamagedChunk, CpuThatIsNotThere) {
    EXPECT_THAT(reason(chunk_of(ChunkType::events, sized(cb_record(1, 1)), 1)), HasSubstr("CPU"));
}

TEST_F(DamagedChunk, JsonThatIsNone) {
    EXPECT_THAT(reason(chunk_of(ChunkType::symbols, bytes_of_text("[{]"))), HasSubstr("not JSON"));
    EXPECT_THAT(reason(chunk_of(ChunkType::symbols, bytes_of_text("[{\"address\": 1}]"))),
                HasSubstr("symbols[0].name is missing"));
    EXPECT_THAT(reason(chunk_of(ChunkType::trailer, bytes_of_text("{}"))), HasSubstr("trailer.end_ns is missing"));
    EXPECT_THAT(reason(chunk_of(ChunkType::trailer, {})), HasSubstr("not JSON"));
}

TEST_F(DamagedChunk, JsonOfNothingButBrackets) {
    const std::string deep(8u << 20, '[');
    EXPECT_THAT(reason(chunk_of(ChunkType::symbols, bytes_of_text(deep))), HasSubstr("not JSON"));
    const std::string closed = deep + std::string(deep.size(), ']');
    EXPECT_THAT(reason(chunk_of(ChunkType::symbols, bytes_of_text(closed))), HasSubstr("not JSON"));
}

TEST(Damage, CutBetweenChunks) {
    const TempDir dir;
    const auto back = read_back(dir, capture_beginning(dir, 1));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->extent.cut_reason, "the recording has no end: it was cut off");
    EXPECT_EQ(back->extent.valid_bytes, back->extent.file_bytes);
}

TEST(Damage, CutInsideAChunkSaysWhere) {
    const TempDir dir;
    Bytes bytes = capture_beginning(dir, 1);
    const std::string place = std::to_string(bytes.size());
    append(bytes, chunk_of(ChunkType::events, sized(cb_record(1, 1))));
    bytes.pop_back();
    EXPECT_EQ(read_back(dir, bytes)->extent.cut_reason, "the file ends inside the chunk at byte " + place);
}

TEST(Damage, BytesAfterTheEnd) {
    const TempDir dir;
    Bytes bytes = recording(dir, 10, 5);
    append(bytes, chunk_of(ChunkType::events, sized(cb_record(1, 1))));
    const auto back = read_back(dir, bytes);
    ASSERT_TRUE(back);
    EXPECT_TRUE(back->trailer);
    EXPECT_EQ(back->events.size(), 10u);
    EXPECT_THAT(back->extent.cut_reason, HasSubstr("bytes follow the end"));
}

// Every chunk reaches to the end of time, so all chunks would have to be open at once.
TEST(Damage, ChunksThatAllOverlapAreRefused) {
    const TempDir dir;
    Bytes records;
    while (records.size() < max_events_size - 100)
        append(records, sized(cb_record(1, 1)));
    append(records, sized(cb_record(~0ull, 1)));
    Compressor compressor;
    const auto frame = compressor.compress(records);
    ASSERT_TRUE(frame);
    const Bytes chunk = chunk_of(static_cast<std::uint16_t>(ChunkType::events), *frame, 0, chunk_compressed,
                                 static_cast<std::uint32_t>(records.size()));
    Bytes bytes = capture_beginning(dir, 1);
    append(bytes, chunk_of(std::uint16_t{99}, Bytes(4U << 20))); // its size justifies the others
    for (int i = 0; i < 400; ++i)
        append(bytes, chunk);
    const auto back = read_back(dir, bytes);
    ASSERT_FALSE(back);
    EXPECT_THAT(back.error().why, HasSubstr("overlap in time"));
}

TEST(Damage, FileThatChangesWhileItIsRead) {
    const TempDir dir;
    const std::string path = dir.file("made.rcu");
    write_file(path, recording(dir, 100, 50));
    auto reader = CaptureReader::open(path);
    ASSERT_TRUE(reader);
    std::filesystem::resize_file(path, 100);
    const Status read = reader->for_each_event([](const Event&) {});
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().why, "it changed while it was read");
}

// A packed chunk of identical callbacks needs some hundred bytes in the file and holds 1 MiB of records.
TEST(Damage, AFileThatUnpacksToFarMoreThanItsSizeIsRefused) {
    const TempDir dir;
    const std::string path = dir.file("made.rcu");
    const auto write = [&](int chunks) {
        auto writer = capture_at(path, metadata_of_cpus(1));
        ASSERT_TRUE(writer);
        for (int chunk = 0; chunk < chunks; chunk++) {
            for (int i = 0; i < 20'000; i++)
                ASSERT_TRUE(writer->record(0, cb_record(1000, 1)));
            ASSERT_TRUE(writer->flush(false));
        }
        ASSERT_TRUE(writer->finish({.end_ns = 2000, .reason = "made up"}));
    };
    write(5); // in a file of few chunks any ratio is allowed
    EXPECT_TRUE(read_back(path));

    write(50);
    const auto back = read_back(path);
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, ExitCode::bad_input);
    EXPECT_THAT(back.error().why, testing::HasSubstr("2048 times as many, which no recording does"));
}

// Nearly every callback takes the same time, as on an emulated machine whose clock counts instructions.
TEST(Damage, ARegularRecordingIsRead) {
    const TempDir dir;
    const std::string path = dir.file("regular.rcu");
    auto writer = capture_at(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    constexpr std::uint64_t records = 400'000;
    std::uint64_t ns = 1000;
    for (std::uint64_t i = 0; i < records; i++) {
        ns += i % 1000 == 0 ? 10'000 + i % 7919 : 640; // an interrupt comes now and then
        ASSERT_TRUE(writer->record(0, cb_record(ns, 64 * (i % 65'536))));
    }
    ASSERT_TRUE(writer->finish({.end_ns = ns, .reason = "command ended"}));
    EXPECT_GT(records * sizeof(rs_cb), 400 * std::filesystem::file_size(path)) << "or it shows little";
    EXPECT_TRUE(read_back(path));
}

TEST(Damage, TextsThatUnpackToFarMoreThanTheirSizeAreRefused) {
    const TempDir dir;
    const std::string path = dir.file("made.rcu");
    auto writer = capture_at(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    const std::vector<SymbolInfo> names(1'000, SymbolInfo{1, std::string(1'000, 'f'), 0, ""});
    for (int chunk = 0; chunk < 6; chunk++)
        ASSERT_TRUE(writer->symbols(names));
    ASSERT_TRUE(writer->finish({.end_ns = 2000, .reason = "made up"}));
    const auto back = read_back(path);
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, ExitCode::bad_input);
    EXPECT_THAT(back.error().why, testing::HasSubstr("unpack to more than"));
}

// 16 MiB of it need a few hundred bytes in the file.
TEST(Damage, MoreJsonThanAnyRecordingHasIsNotHeldInMemory) {
    constexpr std::size_t limit = max_chunk_size;
    std::string text = "[";
    while (text.size() + 4 < limit)
        text += "{},";
    text += "{}]";
    EXPECT_TRUE(parse_json(bytes_of_text(text)).is_discarded());
    std::string fine = "[";
    for (int i = 0; i < 100'000; i++)
        fine += R"({"address":1,"name":"f","offset":0,"module":""},)";
    fine += "{}]";
    EXPECT_EQ(parse_json(bytes_of_text(fine)).size(), 100'001U);
}

TEST(Damage, JsonIsReadInATimeThatGrowsAsItDoes) {
    const auto parse = [](std::size_t size) {
        std::string text = "[";
        for (std::size_t i = 0; i < size; i++)
            text += "{},";
        EXPECT_EQ(parse_json(bytes_of_text(text + "{}]")).size(), size + 1);
    };
    EXPECT_LT(growth(2000, parse), far_from_linear);
}

} // namespace
} // namespace rcuscope::test
