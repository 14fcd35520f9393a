// SPDX-License-Identifier: BSD-2-Clause
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

#include "export/exporter.hpp"
#include "export/golden.hpp"
#include "export/rich_timeline.hpp"

namespace rcuscope {
namespace {

namespace fs = std::filesystem;

Status export_to(const test::Analysed& timeline, const ExportOptions& options, const std::string& path) {
    return OutputTarget::resolve(path).and_then(
        [&](const OutputTarget& target) { return export_timeline(timeline, timeline.found, options, target); });
}

class Exporter : public testing::Test {
protected:
    Exporter() {
        std::string name = (fs::temp_directory_path() / "rcuscope-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no temporary folder");
        folder_ = name;
    }
    ~Exporter() override { fs::remove_all(folder_); }

    std::string in_folder(const char* name) const { return (folder_ / name).string(); }
    std::ptrdiff_t files() const { return std::distance(fs::directory_iterator(folder_), fs::directory_iterator()); }

    static std::string expected_json() {
        std::ostringstream out;
        const test::Analysed timeline = test::rich_timeline();
        write_json(timeline, timeline.found, {}, out);
        return out.str();
    }

private:
    fs::path folder_;
};

TEST(FormatForFile, TakesTheLongestEnding) {
    EXPECT_EQ((*format_for_file("run.json"))->name, "json");
    EXPECT_EQ((*format_for_file("run.chrome.json"))->name, "chrome");
    EXPECT_EQ((*format_for_file("a.json/run.pftrace"))->name, "perfetto");
}

TEST(FormatForFile, ListsLongerEndingsFirst) {
    const auto formats = export_formats();
    for (std::size_t i = 1; i < formats.size(); ++i)
        EXPECT_GE(formats[i - 1].ending.size(), formats[i].ending.size());
}

TEST(FormatForFile, WritesJsonToWhatHasNoEnding) {
    for (const char* path : {"-", "/dev/stdout", "/dev/null", "/dev/fd/3"})
        EXPECT_EQ((*format_for_file(path))->name, "json") << path;
}

TEST(FormatForFile, NamesTheEndingsThereAre) {
    for (const char* path : {"run", "run.rcu", "run.JSON", "json", "", "/dev/shm/run"}) {
        const auto format = format_for_file(path);
        ASSERT_FALSE(format) << path;
        EXPECT_EQ(format.error().code, ExitCode::bad_input);
        for (const char* ending : {".chrome.json", ".pftrace", ".html", ".json"})
            EXPECT_NE(format.error().hint.find(ending), std::string::npos) << path;
    }
}

TEST_F(Exporter, WritesTheFileAndNothingElse) {
    const std::string path = in_folder("run.json");
    const mode_t mask = ::umask(027);
    const Status status = export_to(test::rich_timeline(), {}, path);
    ::umask(mask);
    ASSERT_TRUE(status) << status.error().why;
    EXPECT_EQ(test::file_text(path), expected_json());
    EXPECT_EQ(files(), 1);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms(0640));
}

TEST_F(Exporter, ReplacesAFileThroughALink) {
    std::ofstream(in_folder("old.json")) << "old";
    fs::create_symlink("old.json", in_folder("link.json"));
    ASSERT_TRUE(export_to(test::rich_timeline(), {}, in_folder("link.json")));
    EXPECT_TRUE(fs::is_symlink(in_folder("link.json")));
    EXPECT_EQ(test::file_text(in_folder("old.json")), expected_json());
    EXPECT_EQ(files(), 2);
}

TEST_F(Exporter, LeavesTheOldFileWhenTheFormatIsUnknown) {
    std::ofstream(in_folder("old.txt")) << "old";
    EXPECT_FALSE(export_to({}, {}, in_folder("old.txt")));
    EXPECT_EQ(test::file_text(in_folder("old.txt")), "old");
}

TEST_F(Exporter, LeavesTheOldFileAndNoTemporaryWhenWritingFails) {
    std::ofstream(in_folder("run.json")) << "old";
    // The file may grow to 100 bytes, so write() fails midway, as with a full disk.
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit small = before;
    small.rlim_cur = 100;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const Status status = export_to(test::rich_timeline(), {}, in_folder("run.json"));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().why, errno_text(EFBIG));
    EXPECT_EQ(test::file_text(in_folder("run.json")), "old");
    EXPECT_EQ(files(), 1);
}

TEST_F(Exporter, SaysWhyAFileCannotBeMade) {
    const Status status = export_to({}, {}, in_folder("none/run.json"));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().why, errno_text(ENOENT));
    EXPECT_FALSE(status.error().hint.empty());
    fs::create_directory(in_folder("folder.json"));
    const Status folder = export_to({}, {}, in_folder("folder.json"));
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().code, ExitCode::bad_input);
    EXPECT_EQ(folder.error().why, errno_text(EISDIR));
    EXPECT_EQ(files(), 1);
}

TEST_F(Exporter, ReportsAFullDevice) {
    const Status status = export_to(test::rich_timeline(), {}, "/dev/full");
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ExitCode::cannot_write);
    EXPECT_EQ(status.error().why, errno_text(ENOSPC));
    EXPECT_EQ(status.error().what, "cannot write /dev/full");
    EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(Exporter, WritesDirectlyToWhatIsNoFile) {
    EXPECT_TRUE(export_to(test::rich_timeline(), {}, "/dev/null"));
    EXPECT_TRUE(fs::is_character_file("/dev/null"));

    const std::string pipe = in_folder("pipe.json");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    std::string read;
    std::thread reader([&] { read = test::file_text(pipe); });
    EXPECT_TRUE(export_to(test::rich_timeline(), {}, pipe));
    reader.join();
    EXPECT_EQ(read, expected_json());
    EXPECT_TRUE(fs::is_fifo(pipe));
    EXPECT_EQ(files(), 1);
}

TEST_F(Exporter, WritesToStandardOutput) {
    testing::internal::CaptureStdout();
    const Status status = export_to(test::rich_timeline(), {}, "-");
    EXPECT_EQ(testing::internal::GetCapturedStdout(), expected_json());
    EXPECT_TRUE(status);
}

} // namespace
} // namespace rcuscope
