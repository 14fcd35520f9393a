// SPDX-License-Identifier: BSD-2-Clause
#include "base/output_target.hpp"

#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <sys/sysmacros.h>

#include "temp_dir.hpp"
#include "two_users.hpp"

namespace rcuscope::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// "" if accepted, else the reason of the refusal.
std::string why_not(const std::vector<std::string>& outputs, const std::vector<std::string>& inputs = {}) {
    const auto resolved = resolve_outputs(outputs, inputs);
    if (resolved)
        return "";
    EXPECT_EQ(resolved.error().code, ExitCode::bad_input);
    EXPECT_EQ(resolved.error().what, "cannot write " + outputs.back());
    return resolved.error().why;
}

TEST(OutputTarget, IsANameInAFolder) {
    const TempDir dir;
    fs::create_directory(dir.file("sub"));
    const auto target = OutputTarget::resolve(dir.file("sub/../sub/./run.json"));
    ASSERT_TRUE(target) << target.error().why;
    EXPECT_TRUE(target->is_file());
    EXPECT_EQ(target->name(), "run.json");
    struct stat folder {};
    ASSERT_EQ(::fstat(target->folder(), &folder), 0);
    EXPECT_EQ(folder.st_ino, status_of(dir.file("sub")).st_ino);
    EXPECT_TRUE(OutputTarget::resolve("in-this-folder.json"));
}

TEST(OutputTarget, ANameThatCannotBeUsedIsWrongUse) {
    const TempDir dir;
    dir.write("file", "");
    fs::create_directory(dir.file("sub"));
    EXPECT_EQ(why_not({""}), errno_text(ENOENT));
    EXPECT_EQ(why_not({dir.file("none/run.json")}), errno_text(ENOENT));
    EXPECT_EQ(why_not({dir.file("file/run.json")}), errno_text(ENOTDIR));
    for (const char* name : {"sub", "sub/", "sub/.", "sub/.."})
        EXPECT_EQ(why_not({dir.file(name)}), errno_text(EISDIR)) << name;
    EXPECT_EQ(why_not({dir.file(std::string(300, 'x'))}), errno_text(ENAMETOOLONG));
    fs::create_symlink("loop", dir.file("loop"));
    EXPECT_EQ(why_not({dir.file("loop")}), errno_text(ELOOP));
    EXPECT_EQ(why_not({dir.file("loop/run.json")}), errno_text(ELOOP));
}

TEST(OutputTarget, AnInputIsRefusedByWhateverName) {
    const TempDir dir;
    const std::string input = dir.write("run.rcu", "recording");
    dir.write("other.rcu", "another");
    fs::create_directory(dir.file("sub"));
    fs::create_symlink("run.rcu", dir.file("link.rcu"));
    fs::create_symlink("link.rcu", dir.file("link-of-link.rcu"));
    fs::create_symlink(".", dir.file("here"));
    fs::create_hard_link(input, dir.file("sub/hard.rcu"));
    for (const char* name :
         {"run.rcu", "./run.rcu", "sub/../run.rcu", "link.rcu", "link-of-link.rcu", "here/run.rcu", "sub/hard.rcu"}) {
        EXPECT_THAT(why_not({dir.file(name)}, {dir.file("other.rcu"), input}), HasSubstr("it is also an input file"))
            << name;
        EXPECT_THAT(why_not({input}, {dir.file(name)}), HasSubstr("it is also an input file")) << name;
    }
    EXPECT_EQ(why_not({dir.file("new.rcu")}, {input}), "");
    EXPECT_EQ(why_not({dir.file("other.rcu")}, {input, dir.file("missing")}), "");
    EXPECT_EQ(why_not({"/dev/null"}, {"/dev/null"}), "");
}

TEST(OutputTarget, StandardOutputMayBeAnInputToo) {
    const TempDir dir;
    const std::string input = dir.write("run.rcu", "recording");
    const Fd appended(::open(input.c_str(), O_WRONLY | O_APPEND));
    const std::string by_number = "/dev/fd/" + std::to_string(appended.get());
    EXPECT_THAT(why_not({by_number}, {input}), HasSubstr("it is also an input file"));
    EXPECT_EQ(why_not({by_number}, {dir.write("other.rcu", "")}), "");
}

TEST(OutputTarget, TwoOutputsAreTwoFiles) {
    const TempDir dir;
    fs::create_directory(dir.file("sub"));
    fs::create_symlink("sub", dir.file("link"));
    fs::create_symlink("../new.json", dir.file("sub/leads-to-new.json"));
    dir.write("old.json", "");
    fs::create_hard_link(dir.file("old.json"), dir.file("hard.json"));
    const auto twice = HasSubstr("which is another output");
    EXPECT_THAT(why_not({dir.file("new.json"), dir.file("new.json")}), twice);
    EXPECT_THAT(why_not({dir.file("sub/a.json"), dir.file("link/./a.json")}), twice);
    EXPECT_THAT(why_not({dir.file("new.json"), dir.file("sub/leads-to-new.json")}), twice);
    EXPECT_THAT(why_not({dir.file("old.json"), dir.file("hard.json")}), twice);
    EXPECT_THAT(why_not({"-", "/dev/stdout"}), twice);
    EXPECT_EQ(why_not({dir.file("a.json"), dir.file("sub/a.json")}), "");
    EXPECT_EQ(why_not({"/dev/null", "/dev/null"}), "");
}

TEST(OutputTarget, ADescriptorMustBeOpenForWriting) {
    EXPECT_EQ(why_not({"/dev/fd/999"}), errno_text(EBADF));
    const Fd reading(::open("/dev/null", O_RDONLY));
    EXPECT_EQ(why_not({"/dev/fd/" + std::to_string(reading.get())}), "it is not open for writing");
    const Fd path(::open("/", O_PATH));
    EXPECT_EQ(why_not({"/proc/self/fd/" + std::to_string(path.get())}), "it is not open for writing");
}

TEST(OutputTarget, APipeThatNobodyReadsIsNotWaitedForForLong) {
    const TempDir dir;
    ASSERT_EQ(::mkfifo(dir.file("pipe").c_str(), 0600), 0);
    const auto target = OutputTarget::resolve(dir.file("pipe"));
    ASSERT_TRUE(target);
    EXPECT_FALSE(target->is_file());
    const auto opened = target->open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ExitCode::cannot_write);
    EXPECT_EQ(opened.error().why, "it is a pipe that no process reads");
    const Fd reader(::open(dir.file("pipe").c_str(), O_RDONLY | O_NONBLOCK));
    EXPECT_TRUE(target->open());
    fs::remove(dir.file("pipe"));
    ASSERT_EQ(::mkfifo(dir.file("pipe").c_str(), 0600), 0);
    const Fd another(::open(dir.file("pipe").c_str(), O_RDONLY | O_NONBLOCK));
    EXPECT_EQ(target->open().error().why, "it was replaced by another file while the command ran");
}

class Outputs : public TwoUsers {
protected:
    void refuse(const std::string& path, const std::string& why) const {
        EXPECT_THAT(why_not({path}), HasSubstr(why)) << path;
    }
};

TEST_F(Outputs, AFinalLinkIsFollowedForItsOwnerOnly) {
    refuse(link(secret, shared + "/run.json", mallory),
           "run.json is a symbolic link that belongs to another user (user id 41002)");
    refuse(link("nothing", shared + "/leads-nowhere.json", mallory), "is a symbolic link that belongs to another user");
    const auto own = OutputTarget::resolve(link(secret, shared + "/own.json", 0));
    ASSERT_TRUE(own);
    EXPECT_EQ(own->name(), "secret");
    EXPECT_EQ(own->file_path(), fs::canonical(folder.path()).string() + "/secret");
    // The user's own link leads to a link of another user.
    refuse(link("run.json", shared + "/own-to-theirs.json", 0),
           "run.json is a symbolic link that belongs to another user");
    // The kernel follows root's links for root only.
    EXPECT_EQ(as(alice, [&] { return OutputTarget::resolve(shared + "/own.json") ? 0 : 2; }), 2);
    link(shared + "/new.json", shared + "/hers.json", alice);
    EXPECT_EQ(as(alice, [&] { return OutputTarget::resolve(shared + "/hers.json") ? 0 : 2; }), 0);
}

TEST_F(Outputs, ALinkInTheMiddleIsFollowedForItsOwnerAndIfItIsRoots) {
    fs::create_directory(folder.file("etc"));
    refuse(link(folder.file("etc"), shared + "/sub", mallory) + "/run.json",
           "sub is a symbolic link that belongs to another user (user id 41002)");
    EXPECT_TRUE(OutputTarget::resolve(link("../etc", shared + "/own", 0) + "/run.json"));
    EXPECT_EQ(as(
                  alice, [&] { return OutputTarget::resolve(shared + "/own/../shared/a.json") ? 0 : 2; }),
              0);
    EXPECT_EQ(as(alice, [&] { return OutputTarget::resolve(shared + "/sub/../shared/a.json") ? 0 : 2; }), 2);
}

TEST_F(Outputs, UnderSudoAlsoTheLinksOfWhoCalledIt) {
    const std::string hers = link(secret, shared + "/hers.json", alice);
    refuse(hers, "symbolic link that belongs to another user");
    call_by_sudo("41001", "41001");
    EXPECT_TRUE(OutputTarget::resolve(hers));
    refuse(link(secret, shared + "/his.json", mallory), "symbolic link that belongs to another user");
    for (const char* wrong : {"", "41001x", " 41001", "-1", "4294967295", "41001000000000", "0"}) {
        call_by_sudo(wrong, "41001");
        refuse(hers, "symbolic link that belongs to another user");
    }
    // Any user can set these variables.
    call_by_sudo("41001", "41001");
    EXPECT_EQ(as(mallory, [&] { return OutputTarget::resolve(hers) ? 0 : 2; }), 2);
}

TEST_F(Outputs, AnotherUsersPipeIsNeitherOpenedNorWaitedFor) {
    const std::string pipe = shared + "/run.json";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0666), 0);
    give(pipe, mallory);
    refuse(pipe, "it is a pipe that belongs to another user (user id 41002)");
    give(pipe, 0);
    EXPECT_TRUE(OutputTarget::resolve(pipe));
}

TEST_F(Outputs, ABlockDeviceAndASocketAreNoOutputs) {
    ASSERT_EQ(::mknod(folder.file("disk").c_str(), S_IFBLK | 0600, ::makedev(7, 0)), 0) << errno_text(errno);
    refuse(folder.file("disk"), "it is a block device");
    ASSERT_EQ(::mknod(folder.file("socket").c_str(), S_IFSOCK | 0600, 0), 0);
    refuse(folder.file("socket"), "it is a socket");
}

TEST_F(Outputs, WhereNoFileCanBeMadeIsKnownBeforehand) {
    folder.write("shared/his.json", "his");
    give(shared + "/his.json", mallory);
    // In a sticky folder only root can remove files of other users.
    EXPECT_EQ(as(alice,
                 [&] {
                     const auto target = OutputTarget::resolve(shared + "/his.json");
                     return target ? 0 : static_cast<int>(target.error().code);
                 }),
              static_cast<int>(ExitCode::cannot_write));
    EXPECT_EQ(as(alice,
                 [&] {
                     const auto target = OutputTarget::resolve(folder.file("new.json"));
                     return target ? 0 : static_cast<int>(target.error().code);
                 }),
              static_cast<int>(ExitCode::cannot_write));
    EXPECT_TRUE(OutputTarget::resolve(shared + "/his.json"));
}

} // namespace
} // namespace rcuscope::test
