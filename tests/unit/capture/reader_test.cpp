// SPDX-License-Identifier: BSD-2-Clause
#include "capture/reader.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "support.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Error open_error(const TempDir& dir, std::span<const std::byte> bytes) {
    const std::string path = dir.file("made.rcu");
    write_file(path, bytes);
    const auto reader = CaptureReader::open(path);
    EXPECT_FALSE(reader);
    return reader ? Error{} : reader.error();
}

Bytes header_with(void (*change)(FileHeader&)) {
    FileHeader header{};
    std::memcpy(header.magic, file_magic, sizeof header.magic);
    header.version = format_version;
    header.wire_version = RS_WIRE_VERSION;
    change(header);
    return bytes_of(header);
}

std::vector<std::uint64_t> heads(const std::vector<Event>& events) {
    std::vector<std::uint64_t> all(events.size());
    std::transform(events.begin(), events.end(), all.begin(), head_of);
    return all;
}

TEST(Reader, WhatCannotBeOpened) {
    const TempDir dir;
    const auto missing = CaptureReader::open(dir.file("none.rcu"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ExitCode::bad_input);
    EXPECT_EQ(missing.error().what, "cannot read " + dir.file("none.rcu"));
    EXPECT_EQ(missing.error().why, "No such file or directory");
    EXPECT_EQ(CaptureReader::open(dir.file("")).error().why, "Is a directory");
    EXPECT_EQ(CaptureReader::open("/dev/null").error().why, "it is not a regular file");
}

TEST(Reader, WhatIsNoCapture) {
    const TempDir dir;
    EXPECT_EQ(open_error(dir, {}).why, "it is empty");
    EXPECT_EQ(open_error(dir, bytes_of_text("#!/bin/sh\necho this is something else\n")).why,
              "it is not an rcuscope capture");
    EXPECT_EQ(open_error(dir, bytes_of_text("#!")).why, "it is not an rcuscope capture");
    EXPECT_EQ(open_error(dir, bytes_of_text("RCUSC")).why, "it was cut off inside its header");
}

TEST(Reader, VersionsNotKnownHere) {
    const TempDir dir;
    const Error newer = open_error(dir, header_with([](FileHeader& h) { h.version = 5; }));
    EXPECT_EQ(newer.why, "it has capture format 5; this rcuscope reads up to 4");
    EXPECT_EQ(newer.hint, "update rcuscope");
    EXPECT_THAT(open_error(dir, header_with([](FileHeader& h) { h.wire_version = 9; })).why, HasSubstr("version 9"));
    EXPECT_THAT(open_error(dir, header_with([](FileHeader& h) { h.wire_version = 1; })).why,
                HasSubstr("version 1; this rcuscope reads 2 to"));
    EXPECT_THAT(open_error(dir, header_with([](FileHeader& h) { h.features = 4; })).why, HasSubstr("feature"));
}

TEST(Reader, MetadataThatIsNotWhole) {
    const TempDir dir;
    const Bytes whole = capture_beginning(dir, 1);
    for (std::size_t size = sizeof(FileHeader); size < whole.size(); ++size)
        EXPECT_THAT(open_error(dir, std::span(whole).first(size)).why, HasSubstr("its metadata is incomplete"));
    Bytes bytes = header_with([](FileHeader&) {});
    append(bytes, chunk_of(ChunkType::metadata, bytes_of_text("{\"host\": 3}")));
    EXPECT_THAT(open_error(dir, bytes).why, HasSubstr("metadata.tool_version is missing"));
}

TEST(Reader, EveryPartComesBack) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    Metadata metadata = metadata_of_cpus(2);
    metadata.command = {"\xff not UTF-8"};
    auto writer = capture_at(path, metadata);
    ASSERT_TRUE(writer);
    const SymbolInfo first[] = {{0x2000, "b", 0, ""}, {0x1000, "old", 1, ""}};
    const SymbolInfo second[] = {{0x1000, "new", 2, ""}};
    ASSERT_TRUE(writer->symbols(first));
    ASSERT_TRUE(writer->record(1, bytes_of(rs_task{header_of(RS_TASK, 5), 3, 0, "sh\xff"})));
    ASSERT_TRUE(writer->symbols(second));
    ASSERT_TRUE(writer->finish({77, "duration", {}, {}, {}}));

    auto reader = CaptureReader::open(path);
    ASSERT_TRUE(reader) << reader.error().why;
    EXPECT_EQ(reader->metadata().host.cpus, 2u);
    EXPECT_EQ(reader->metadata().command.at(0), "\xef\xbf\xbd not UTF-8");
    ASSERT_EQ(reader->symbols().size(), 2u);
    EXPECT_EQ(reader->symbols()[0].name, "new");
    EXPECT_EQ(reader->symbols()[1].address, 0x2000u);
    ASSERT_TRUE(reader->trailer());
    EXPECT_EQ(reader->trailer()->end_ns, 77u);
    EXPECT_EQ(reader->extent().cut_reason, "");
    EXPECT_EQ(reader->extent().valid_bytes, reader->extent().file_bytes);
    EXPECT_EQ(reader->extent().event_chunks, 1u);
    EXPECT_EQ(reader->extent().event_bytes, sizeof(rs_task));
    for (int pass = 0; pass < 2; ++pass) { // the file can be read again
        std::vector<Event> events;
        ASSERT_TRUE(reader->for_each_event([&](const Event& event) { events.push_back(event); }));
        ASSERT_EQ(events.size(), 1u);
        EXPECT_EQ(events[0].cpu, 1u);
        EXPECT_EQ(std::get<event::Task>(events[0].body).comm, "sh\xff");
    }
}

TEST(Reader, KeepsTheNamesOfAnAddressWithTheirTimes) {
    const TempDir dir;
    const std::string path = dir.file("names.rcu");
    auto writer = capture_at(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    const SymbolInfo first[] = {{0x1000, "untimed", 0, "m"}, {0x1000, "new", 1, "n", 70}, {0x1000, "old", 2, "o", 0}};
    const SymbolInfo second[] = {{0x1000, "same", 1, "n", 70},
                                 {0x1000, "same", 1, "n", 90},
                                 {0x1000, "other", 0, "p"},
                                 {0x1000, "untimed again", 0, "m"}};
    ASSERT_TRUE(writer->symbols(first));
    ASSERT_TRUE(writer->symbols(second));
    ASSERT_TRUE(writer->finish({1, "duration", {}, {}, {}}));

    const auto reader = CaptureReader::open(path);

    ASSERT_TRUE(reader);
    std::vector<std::string> found;
    for (const SymbolInfo& symbol : reader->symbols())
        found.push_back(symbol.name + (symbol.since_ns ? " " + std::to_string(*symbol.since_ns) : ""));
    EXPECT_THAT(found, testing::ElementsAre("untimed again", "other", "old 0", "same 70"));
}

TEST(Reader, EqualTimesByCpuThenAsSent) {
    const TempDir dir;
    Bytes bytes = capture_beginning(dir, 3);
    const auto events = [](std::initializer_list<Bytes> records) {
        Bytes all;
        for (const Bytes& record : records)
            append(all, sized(record));
        return all;
    };
    append(bytes, chunk_of(ChunkType::events, events({cb_record(10, 5), cb_record(10, 6)}), 2));
    append(bytes, chunk_of(ChunkType::events, events({cb_record(10, 1), cb_record(10, 2)}), 0));
    append(bytes, chunk_of(ChunkType::events, events({cb_record(10, 7), cb_record(9, 0)}), 2));
    append(bytes, chunk_of(ChunkType::events, events({cb_record(10, 3), cb_record(10, 4)}), 0));
    const auto back = read_back(dir, bytes);
    ASSERT_TRUE(back);
    EXPECT_THAT(heads(back->events), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

// A task is preempted between taking a record's time and sending the record. Everything that the CPU sends meanwhile
// comes first, here three full chunks.
TEST(Reader, RecordSentMuchTooLate) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    auto writer = capture_at(path, metadata_of_cpus(2));
    ASSERT_TRUE(writer);
    constexpr std::uint64_t count = 25000;
    for (std::uint64_t i = 1; i <= count; ++i) {
        ASSERT_TRUE(writer->record(0, cb_record(100 + i, i)));
        ASSERT_TRUE(writer->record(1, cb_record(100 + i, i)));
    }
    ASSERT_TRUE(writer->record(0, cb_record(100, 0)));
    ASSERT_TRUE(writer->finish({}));
    const auto back = read_back(path);
    ASSERT_TRUE(back);
    EXPECT_GE(back->extent.event_chunks, 6u);
    ASSERT_EQ(back->events.size(), 2 * count + 1);
    EXPECT_EQ(head_of(back->events.front()), 0u);
    EXPECT_TRUE(std::is_sorted(back->events.begin(), back->events.end(), [](const Event& a, const Event& b) {
        return std::pair(a.ns, a.cpu) < std::pair(b.ns, b.cpu);
    }));
}

TEST(Reader, MergeOfManyCpusIsAStableSort) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    constexpr std::uint32_t cpus = 64;
    auto writer = capture_at(path, metadata_of_cpus(cpus));
    ASSERT_TRUE(writer);
    std::mt19937_64 random(42);
    struct Sent {
        std::uint64_t ns;
        std::uint32_t cpu;
        std::uint64_t head;
    };
    std::vector<Sent> sent;
    for (std::uint64_t i = 0; i < 200000; ++i) {
        // Few distinct times, and sometimes one from the past.
        const std::uint64_t late = random() % 50 == 0 ? random() % 2000 : 0;
        const Sent one{10000 + i / 10 - late, static_cast<std::uint32_t>(random() % cpus), i};
        sent.push_back(one);
        ASSERT_TRUE(writer->record(one.cpu, cb_record(one.ns, one.head)));
        if (random() % 5000 == 0)
            ASSERT_TRUE(writer->flush(false));
    }
    ASSERT_TRUE(writer->finish({}));
    std::stable_sort(sent.begin(), sent.end(),
                     [](const Sent& a, const Sent& b) { return std::pair(a.ns, a.cpu) < std::pair(b.ns, b.cpu); });
    const auto back = read_back(path);
    ASSERT_TRUE(back);
    ASSERT_EQ(back->events.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
        ASSERT_EQ(head_of(back->events[i]), sent[i].head) << i;
        ASSERT_EQ(back->events[i].cpu, sent[i].cpu) << i;
    }
}

// The reader is destroyed while it still reads and merges other events ahead.
TEST(Reader, IsLeftInTheMiddle) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    auto writer = capture_at(path, metadata_of_cpus(2));
    ASSERT_TRUE(writer);
    for (std::uint32_t i = 1; i <= 100000; ++i)
        ASSERT_TRUE(writer->record(i % 2, cb_record(i, i)));
    ASSERT_TRUE(writer->finish({}));
    auto reader = CaptureReader::open(path);
    ASSERT_TRUE(reader);
    for (const std::uint64_t last : {1U, 5000U, 99999U}) {
        std::uint64_t given = 0;
        const auto take = [&](const Event&) {
            if (++given == last)
                throw std::runtime_error("enough");
        };
        EXPECT_THROW(static_cast<void>(reader->for_each_event(take)), std::runtime_error);
        EXPECT_EQ(given, last);
    }
}

TEST(Reader, UnknownChunksAreSkippedAndCounted) {
    const TempDir dir;
    Bytes bytes = capture_beginning(dir, 1);
    const Bytes record = sized(cb_record(1, 1));
    append(bytes, chunk_of(777, bytes_of_text("from the future")));
    append(bytes, chunk_of(static_cast<std::uint16_t>(ChunkType::events), record, 0, 0x8000)); // an unknown flag
    append(bytes, chunk_of(ChunkType::metadata, bytes_of_text("not even JSON")));              // only the first counts
    append(bytes, chunk_of(ChunkType::events, record));
    append(bytes, chunk_of(ChunkType::events, {}));
    const auto back = read_back(dir, bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->extent.skipped_chunks, 3u);
    EXPECT_EQ(back->extent.event_chunks, 2u);
    EXPECT_EQ(back->extent.valid_bytes, bytes.size());
    EXPECT_EQ(back->events.size(), 1u);
}

TEST(Reader, UnknownAndMalformedRecordsAreSkippedAndCounted) {
    const TempDir dir;
    Bytes bytes = capture_beginning(dir, 1);
    const Bytes cut = cb_record(2, 1);
    Bytes records;
    append(records, sized(bytes_of(rs_header{1, 1, 9999, 0}))); // unknown kind
    append(records, sized(Bytes{}));                            // empty
    append(records, sized(Bytes(15)));                          // too short to have a time
    append(records, sized(std::span(cut).first(20)));
    append(records, sized(cb_record(3, 3)));
    append(bytes, chunk_of(ChunkType::events, records));
    append(bytes, chunk_of(ChunkType::events, sized(Bytes{}))); // no record with a time
    const auto back = read_back(dir, bytes);
    ASSERT_TRUE(back);
    EXPECT_THAT(heads(back->events), ElementsAre(3));
    EXPECT_EQ(back->extent.skipped_records, 5u);
    EXPECT_EQ(back->extent.valid_bytes, bytes.size());
}

} // namespace
} // namespace rcuscope::test
