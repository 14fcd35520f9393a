// SPDX-License-Identifier: BSD-2-Clause
//
// Tests that an output file is written completely or not at all.
#include "base/whole_file.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <ostream>

#include "base/new_file.hpp"
#include "two_users.hpp"

namespace rcuscope::test {
namespace {

namespace fs = std::filesystem;

void hello(std::ostream& out) {
    out << "hello";
}

Status write_to(const std::string& path, const std::function<void(std::ostream&)>& write = hello) {
    return OutputTarget::resolve(path).and_then([&](const OutputTarget& target) { return write_whole(target, write); });
}

std::string text_of(const std::string& path) {
    return read_file(path).value_or("?");
}

// Until its last byte is written the file has no name, so there is nothing to clean up.
TEST(WholeFile, OfOneThatIsKilledNothingIsLeft) {
    const TempDir dir;
    dir.write("run.json", "old");
    const pid_t child = ::fork();
    if (child == 0) {
        [[maybe_unused]] const Status killed = write_to(dir.file("run.json"), [](std::ostream& out) {
            out << std::string(1 << 20, 'x') << std::flush;
            std::raise(SIGKILL);
        });
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(text_of(dir.file("run.json")), "old");
    EXPECT_EQ(dir.files(), 1u);
}

TEST(WholeFile, AFileMayBeForItsOwnerOnly) {
    const TempDir dir;
    const auto target = OutputTarget::resolve(dir.file("run.json"));
    ASSERT_TRUE(write_whole(*target, hello, Readers::owner));
    EXPECT_EQ(status_of(dir.file("run.json")).st_mode & 07777, 0600u);
}

TEST(WholeFile, AFolderThatIsThereByThenIsAnError) {
    const TempDir dir;
    const auto target = OutputTarget::resolve(dir.file("run.json"));
    fs::create_directory(dir.file("run.json"));
    EXPECT_FALSE(write_whole(*target, hello));
    EXPECT_EQ(dir.files(), 1u);
}

TEST(WholeFile, OfOneThatFailsNothingIsLeft) {
    const TempDir dir;
    const Status failed = write_to(dir.file("run.json"), [](std::ostream& out) { out.setstate(std::ios::badbit); });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ExitCode::cannot_write);
    EXPECT_EQ(dir.files(), 0u);
}

class WrittenBesideOthers : public TwoUsers {};

TEST_F(WrittenBesideOthers, ALinkThatCameMeanwhileIsReplacedNotFollowed) {
    const auto target = OutputTarget::resolve(shared + "/run.json");
    ASSERT_TRUE(target);
    link(secret, shared + "/run.json", mallory);
    ASSERT_TRUE(write_whole(*target, hello));
    EXPECT_EQ(text_of(secret), "secret");
    EXPECT_FALSE(fs::is_symlink(shared + "/run.json"));
    EXPECT_EQ(text_of(shared + "/run.json"), "hello");
}

TEST_F(WrittenBesideOthers, AFolderThatIsALinkByThenIsNotFollowed) {
    fs::create_directory(shared + "/sub");
    const auto target = OutputTarget::resolve(shared + "/sub/secret");
    ASSERT_TRUE(target);
    fs::rename(shared + "/sub", shared + "/moved");
    link(folder.path(), shared + "/sub", mallory);
    ASSERT_TRUE(write_whole(*target, hello));
    EXPECT_EQ(text_of(secret), "secret");
    EXPECT_EQ(text_of(shared + "/moved/secret"), "hello");
}

// A file that another user has prepared remains that user's, and receives no output.
TEST_F(WrittenBesideOthers, AFileOfAnotherUserIsReplacedNotWrittenInto) {
    const std::string path = folder.write("shared/run.json", "his");
    give(path, mallory);
    fs::permissions(path, fs::perms(0666));
    const Fd his(::open(path.c_str(), O_RDONLY));
    ASSERT_TRUE(write_to(path));
    std::array<char, 16> text{};
    EXPECT_EQ(::read(his.get(), text.data(), text.size()), 3);
    EXPECT_EQ(std::string(text.data()), "his");
    EXPECT_EQ(status_of(path).st_uid, 0u);
    EXPECT_EQ(status_of(path).st_mode & 07777, 0644u);
}

TEST_F(WrittenBesideOthers, OfAFileWithTwoNamesOneIsReplaced) {
    fs::create_hard_link(secret, shared + "/run.json");
    ASSERT_TRUE(write_to(shared + "/run.json"));
    EXPECT_EQ(text_of(secret), "secret");
}

TEST_F(WrittenBesideOthers, InAFolderOfAnotherUserNothingElseIsTouched) {
    const std::string his = folder.file("his");
    fs::create_directory(his);
    give(his, mallory);
    link(secret, his + "/run.json.part", mallory);
    link(secret, his + "/run.json.tmp", mallory);
    ASSERT_TRUE(write_to(his + "/run.json"));
    EXPECT_EQ(status_of(his + "/run.json").st_uid, 0u);
    const auto target = OutputTarget::resolve(his + "/run.json");
    auto part = NewFile::part(*target, 0600);
    ASSERT_TRUE(part);
    EXPECT_EQ(part->path(), his + "/run.json.part-2");
    // The other user moves it away and replaces it by another file.
    fs::rename(his + "/run.json.part-2", his + "/taken");
    folder.write("his/run.json.part-2", "his");
    EXPECT_FALSE(part->put_in_place());
    part->discard();
    EXPECT_EQ(text_of(his + "/run.json.part-2"), "his");
    EXPECT_EQ(text_of(his + "/run.json"), "hello");
    EXPECT_EQ(text_of(secret), "secret");
}

TEST_F(WrittenBesideOthers, UnderSudoFilesBelongToWhoCalledIt) {
    const auto target = OutputTarget::resolve(shared + "/run.json");
    call_by_sudo("41001", "41003");
    ASSERT_TRUE(write_whole(*target, hello));
    EXPECT_EQ(status_of(shared + "/run.json").st_uid, alice);
    EXPECT_EQ(status_of(shared + "/run.json").st_gid, 41003u);
    EXPECT_EQ(as(alice, [&] { return text_of(shared + "/run.json") == "hello" ? 0 : 1; }), 0);
    const auto part = NewFile::part(*target, 0600);
    EXPECT_EQ(status_of(part->path()).st_uid, alice);
    EXPECT_EQ(status_of(part->path()).st_mode & 07777, 0600u);
    for (const auto& [user, group] : {std::pair{"41001", ""}, {"41001x", "41003"}, {"", "41003"}, {"0", "41003"}}) {
        call_by_sudo(user, group);
        ASSERT_TRUE(write_whole(*target, hello));
        EXPECT_EQ(status_of(shared + "/run.json").st_uid, 0u) << user << ":" << group;
    }
}

} // namespace
} // namespace rcuscope::test
