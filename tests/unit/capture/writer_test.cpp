// SPDX-License-Identifier: BSD-2-Clause
#include "capture/writer.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

#include "support.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
}

TEST(Writer, FileIsForItsOwnerOnly) {
    const TempDir dir;
    ASSERT_TRUE(CaptureWriter::create(dir.file("a.rcu"), metadata_of_cpus(1)));
    EXPECT_EQ(mode_of(dir.file("a.rcu")), 0600u);
}

TEST(Writer, FileThatWasThereIsEmptiedAndForItsOwnerOnly) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    write_file(path, Bytes(1 << 20));
    ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
    auto writer = CaptureWriter::create(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    EXPECT_EQ(mode_of(path), 0600u);
    EXPECT_EQ(std::filesystem::file_size(path), writer->bytes_written());
    EXPECT_EQ(writer->path(), path);
}

TEST(Writer, RecordsAreHeldBackUntilFlush) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    auto writer = CaptureWriter::create(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    const auto before = writer->bytes_written();
    ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
    EXPECT_EQ(writer->bytes_written(), before);
    ASSERT_TRUE(writer->flush(true));
    EXPECT_GT(writer->bytes_written(), before);
    const auto back = read_back(path); // of a recording that still goes on
    ASSERT_TRUE(back);
    EXPECT_EQ(back->events.size(), 1u);
    EXPECT_FALSE(back->trailer);
}

TEST(Writer, GivingUpEarlyKeepsWhatWasRecorded) {
    const TempDir dir;
    {
        auto writer = CaptureWriter::create(dir.file("a.rcu"), metadata_of_cpus(1));
        ASSERT_TRUE(writer);
        ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
    }
    EXPECT_EQ(read_back(dir.file("a.rcu"))->events.size(), 1u);
}

TEST(Writer, SymbolsComeBeforeTheRecordsHeldBack) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    auto writer = CaptureWriter::create(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    const auto begin = writer->bytes_written();
    ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
    const SymbolInfo symbol{0x1000, "node_free", 0x12, "rcucmap"};
    ASSERT_TRUE(writer->symbols(std::span(&symbol, 1)));
    ASSERT_TRUE(writer->flush(false));
    ChunkHeader header{};
    const Bytes bytes = read_file(path);
    std::memcpy(&header, bytes.data() + begin, sizeof header);
    EXPECT_EQ(header.type, static_cast<std::uint16_t>(ChunkType::symbols));
}

TEST(Writer, WhatDoesNotCompressIsStoredAsItIs) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    auto writer = CaptureWriter::create(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    const auto begin = writer->bytes_written();
    std::mt19937_64 random(1);
    Bytes record = cb_record(1, 5);
    for (int i = 0; i < 500; ++i) {
        append(record, bytes_of(random()));
    }
    ASSERT_TRUE(writer->record(0, record));
    ASSERT_TRUE(writer->finish({}));
    EXPECT_GE(writer->bytes_written(), begin + record.size());
    const auto back = read_back(path);
    ASSERT_TRUE(back);
    ASSERT_EQ(back->events.size(), 1u);
    EXPECT_EQ(head_of(back->events[0]), 5u);
    EXPECT_EQ(back->extent.cut_reason, "");
}

TEST(Writer, CannotCreate) {
    const TempDir dir;
    const auto missing = CaptureWriter::create(dir.file("no/such/a.rcu"), metadata_of_cpus(1));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ExitCode::bad_input);
    EXPECT_EQ(missing.error().what, "cannot write " + dir.file("no/such/a.rcu"));
    EXPECT_EQ(missing.error().why, "No such file or directory");
    EXPECT_NE(missing.error().hint, "");
    const auto directory = CaptureWriter::create(dir.file(""), metadata_of_cpus(1));
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().why, "Is a directory");
}

TEST(Writer, FullDevice) {
    const auto writer = CaptureWriter::create("/dev/full", metadata_of_cpus(1));
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().code, ExitCode::cannot_write);
    EXPECT_EQ(writer.error().what, "cannot write /dev/full");
    EXPECT_EQ(writer.error().why, "No space left on device");
    EXPECT_THAT(writer.error().hint, HasSubstr("free some space"));
}

// A limit on the size of files stands in for a disk that fills up in between.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int) = SIG_DFL;
};

TEST(Writer, ErrorsAreFinalAndTheFileEndsWithAWholeChunk) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    auto writer = CaptureWriter::create(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
    ASSERT_TRUE(writer->flush(false));
    const auto whole = writer->bytes_written();
    ASSERT_TRUE(writer->record(0, cb_record(2, 2)));
    Status first;
    {
        const FileSizeLimit limit(whole + 40); // the next chunk's header fits, its payload does not
        first = writer->flush(false);
    }
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().why, "File too large");
    for (const Status& later :
         {writer->record(0, cb_record(3, 3)), writer->symbols({}), writer->flush(true), writer->finish({})}) {
        ASSERT_FALSE(later);
        EXPECT_EQ(later.error().why, first.error().why);
    }
    EXPECT_EQ(writer->bytes_written(), whole);
    EXPECT_EQ(std::filesystem::file_size(path), whole);
    EXPECT_EQ(read_back(path)->events.size(), 1u);
}

TEST(Writer, NothingAfterTheEnd) {
    const TempDir dir;
    auto writer = CaptureWriter::create(dir.file("a.rcu"), metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->finish({}));
    const auto size = writer->bytes_written();
    EXPECT_FALSE(writer->record(0, cb_record(1, 1)));
    EXPECT_FALSE(writer->flush(false));
    EXPECT_FALSE(writer->finish({}));
    EXPECT_EQ(std::filesystem::file_size(dir.file("a.rcu")), size);
}

TEST(Writer, RefusesWhatTheFormatCannotHold) {
    const TempDir dir;
    EXPECT_FALSE(CaptureWriter::create(dir.file("a.rcu"), metadata_of_cpus(max_cpus + 1)));
    auto one = CaptureWriter::create(dir.file("b.rcu"), metadata_of_cpus(1));
    EXPECT_THAT(one->record(1, cb_record(1, 1)).error().why, HasSubstr("CPU 1"));
    auto large = CaptureWriter::create(dir.file("c.rcu"), metadata_of_cpus(1));
    EXPECT_TRUE(large->record(0, Bytes(65535)));
    EXPECT_FALSE(large->record(0, Bytes(65536)));
}

TEST(Writer, WritesIntoAFifo) {
    const TempDir dir;
    const std::string fifo = dir.file("fifo");
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    Bytes received;
    std::thread other([&] { received = read_file(fifo); });
    auto writer = CaptureWriter::create(fifo, metadata_of_cpus(1));
    const Status recorded = writer->record(0, cb_record(1, 1));
    const Status ended = writer->finish({});
    other.join();
    EXPECT_TRUE(recorded);
    EXPECT_TRUE(ended);
    const auto back = read_back(dir, received);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->events.size(), 1u);
    EXPECT_TRUE(back->trailer);
}

} // namespace
} // namespace rcuscope::test
