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
    const auto writer = capture_at(dir.file("a.rcu"), metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    EXPECT_EQ(writer->path(), dir.file("a.rcu.part"));
    EXPECT_EQ(mode_of(dir.file("a.rcu.part")), 0600u);
}

TEST(Writer, AnEarlierFileStaysUntilTheNewOneIsWhole) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    write_file(path, bytes_of_text("an earlier one"));
    ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
    auto writer = capture_at(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
    ASSERT_TRUE(writer->flush(true));
    EXPECT_EQ(read_file(path), bytes_of_text("an earlier one"));
    ASSERT_TRUE(writer->finish({}));
    EXPECT_EQ(writer->path(), path);
    EXPECT_EQ(mode_of(path), 0600u);
    EXPECT_EQ(std::filesystem::file_size(path), writer->bytes_written());
    EXPECT_EQ(read_back(path)->events.size(), 1u);
    EXPECT_EQ(dir.files(), 1u);
}

TEST(Writer, AnEarlierFileStaysIfItFails) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    write_file(path, bytes_of_text("an earlier one"));
    {
        auto writer = capture_at(path, metadata_of_cpus(1));
        ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
        const Error error =
            writer->add_partial_file_hint({ExitCode::cannot_write, "cannot write", "no room", "make some"});
        EXPECT_EQ(error.hint, "make some; the records up to then are kept: rcuscope info " + path + ".part");
    }
    EXPECT_EQ(read_file(path), bytes_of_text("an earlier one"));
    EXPECT_EQ(read_back(path + ".part")->events.size(), 1u);
}

TEST(Writer, WhatAnotherRecordingHasLeftStays) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    write_file(path + ".part", bytes_of_text("evidence"));
    std::filesystem::create_symlink(dir.file("nowhere"), path + ".part-2");
    auto writer = capture_at(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    EXPECT_EQ(writer->path(), path + ".part-3");
    ASSERT_TRUE(writer->finish({}));
    EXPECT_EQ(read_file(path + ".part"), bytes_of_text("evidence"));
    EXPECT_FALSE(std::filesystem::exists(dir.file("nowhere")));
    EXPECT_EQ(dir.files(), 3u);
}

TEST(Writer, WhatIsDiscardedIsGone) {
    const TempDir dir;
    {
        auto writer = capture_at(dir.file("a.rcu"), metadata_of_cpus(1));
        ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
        writer->discard();
    }
    EXPECT_EQ(dir.files(), 0u);
}

TEST(Writer, WhatIsOnlyPassingIsReadBackAndHasNoOtherName) {
    const TempDir dir;
    const auto target = OutputTarget::resolve(dir.file("a.json"));
    for (const CaptureDestination& place :
         {CaptureDestination{target->beside(".rcu"), true}, CaptureDestination{std::nullopt, true}}) {
        auto writer = CaptureWriter::create(place, metadata_of_cpus(1));
        ASSERT_TRUE(writer);
        ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
        ASSERT_TRUE(writer->finish({}));
        EXPECT_EQ(read_back(writer->read_back())->events.size(), 1u);
        EXPECT_EQ(std::filesystem::exists(dir.file("a.json.rcu.part")), place.target.has_value());
        writer->discard();
        EXPECT_EQ(dir.files(), 0u);
    }
}

TEST(Writer, IsReadBackByItsDescriptor) {
    const TempDir dir;
    auto writer = capture_at(dir.file("a.rcu"), metadata_of_cpus(1));
    ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
    ASSERT_TRUE(writer->finish({}));
    std::filesystem::remove(dir.file("a.rcu"));
    write_file(dir.file("a.rcu"), bytes_of_text("of somebody else"));
    EXPECT_EQ(read_back(writer->read_back())->events.size(), 1u);
}

TEST(Writer, AFileThatWasPutInItsPlaceIsNotGivenItsName) {
    const TempDir dir;
    auto writer = capture_at(dir.file("a.rcu"), metadata_of_cpus(1));
    std::filesystem::rename(dir.file("a.rcu.part"), dir.file("b"));
    write_file(dir.file("a.rcu.part"), bytes_of_text("of somebody else"));
    const Status finished = writer->finish({});
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, ExitCode::cannot_write);
    writer->discard();
    EXPECT_FALSE(std::filesystem::exists(dir.file("a.rcu")));
    EXPECT_EQ(read_file(dir.file("a.rcu.part")), bytes_of_text("of somebody else"));
}

TEST(Writer, RecordsAreHeldBackUntilFlush) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    auto writer = capture_at(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    const auto before = writer->bytes_written();
    ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
    EXPECT_EQ(writer->bytes_written(), before);
    ASSERT_TRUE(writer->flush(true));
    EXPECT_GT(writer->bytes_written(), before);
    const auto back = read_back(writer->path()); // the recording still goes on
    ASSERT_TRUE(back);
    EXPECT_EQ(back->events.size(), 1u);
    EXPECT_FALSE(back->trailer);
}

TEST(Writer, GivingUpEarlyKeepsWhatWasRecorded) {
    const TempDir dir;
    {
        auto writer = capture_at(dir.file("a.rcu"), metadata_of_cpus(1));
        ASSERT_TRUE(writer);
        ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
    }
    EXPECT_EQ(read_back(dir.file("a.rcu.part"))->events.size(), 1u);
}

TEST(Writer, SymbolsComeBeforeTheRecordsHeldBack) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    auto writer = capture_at(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    const auto begin = writer->bytes_written();
    ASSERT_TRUE(writer->record(0, cb_record(1, 1)));
    const SymbolInfo symbol{0x1000, "node_free", 0x12, "rcucmap"};
    ASSERT_TRUE(writer->symbols(std::span(&symbol, 1)));
    ASSERT_TRUE(writer->flush(false));
    ChunkHeader header{};
    const Bytes bytes = read_file(writer->path());
    std::memcpy(&header, bytes.data() + begin, sizeof header);
    EXPECT_EQ(header.type, static_cast<std::uint16_t>(ChunkType::symbols));
}

TEST(Writer, WhatDoesNotCompressIsStoredAsItIs) {
    const TempDir dir;
    const std::string path = dir.file("a.rcu");
    auto writer = capture_at(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    const auto begin = writer->bytes_written();
    std::mt19937_64 random(1);
    Bytes record = cb_record(1, 5);
    for (int i = 0; i < 500; ++i)
        append(record, bytes_of(random()));
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
    const auto missing = capture_at(dir.file("no/such/a.rcu"), metadata_of_cpus(1));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ExitCode::bad_input);
    EXPECT_EQ(missing.error().what, "cannot write " + dir.file("no/such/a.rcu"));
    EXPECT_EQ(missing.error().why, "No such file or directory");
    EXPECT_NE(missing.error().hint, "");
    const auto directory = capture_at(dir.file(""), metadata_of_cpus(1));
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().why, "Is a directory");
}

TEST(Writer, FullDevice) {
    const auto writer = capture_at("/dev/full", metadata_of_cpus(1));
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().code, ExitCode::cannot_write);
    EXPECT_EQ(writer.error().what, "cannot write /dev/full");
    EXPECT_EQ(writer.error().why, "No space left on device");
    EXPECT_THAT(writer.error().hint, HasSubstr("free some space"));
}

// A limit on the size of files stands for a disk that fills up.
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
    auto writer = capture_at(path, metadata_of_cpus(1));
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
    EXPECT_EQ(std::filesystem::file_size(writer->path()), whole);
    EXPECT_EQ(read_back(writer->path())->events.size(), 1u);
}

TEST(Writer, NothingAfterTheEnd) {
    const TempDir dir;
    auto writer = capture_at(dir.file("a.rcu"), metadata_of_cpus(1));
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
    EXPECT_FALSE(capture_at(dir.file("a.rcu"), metadata_of_cpus(max_cpus + 1)));
    auto one = capture_at(dir.file("b.rcu"), metadata_of_cpus(1));
    EXPECT_THAT(one->record(1, cb_record(1, 1)).error().why, HasSubstr("CPU 1"));
    auto large = capture_at(dir.file("c.rcu"), metadata_of_cpus(1));
    EXPECT_TRUE(large->record(0, Bytes(65535)));
    EXPECT_FALSE(large->record(0, Bytes(65536)));
}

TEST(Writer, WritesIntoAFifo) {
    const TempDir dir;
    const std::string fifo = dir.file("fifo");
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    Bytes received;
    std::thread other([&] { received = read_file(fifo); });
    auto writer = capture_at(fifo, metadata_of_cpus(1));
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
