// SPDX-License-Identifier: BSD-2-Clause
#include "record/child.hpp"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <poll.h>

#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

class CanStart : public testing::Test {
protected:
    CanStart() {
        std::filesystem::permissions(program, std::filesystem::perms::owner_all);
        std::filesystem::create_directory(folder.file("d"));
        ::setenv("PATH", (folder.file("nowhere") + ":" + folder.path()).c_str(), 1);
    }
    ~CanStart() override { ::setenv("PATH", path.c_str(), 1); }

    TempDir folder;
    const std::string path = std::getenv("PATH");
    const std::string program = folder.write("program", "#!/bin/sh\n");
    const std::string text = folder.write("text", "x");
};

TEST_F(CanStart, WhatExecWouldFind) {
    EXPECT_TRUE(can_start(program));
    EXPECT_TRUE(can_start("program"));
    ::unsetenv("PATH");
    EXPECT_TRUE(can_start("sh"));
}

TEST_F(CanStart, NothingElse) {
    for (const std::string& name : {folder.file("none"), std::string("none"), std::string(""), program + "/x"}) {
        const auto found = can_start(name);
        ASSERT_FALSE(found) << name;
        EXPECT_EQ(found.error().code, ExitCode::bad_input);
        EXPECT_THAT(found.error().hint, HasSubstr("after --"));
    }
    for (const std::string& name : {text, std::string("text"), folder.file("d"), std::string("d")}) {
        const auto found = can_start(name);
        ASSERT_FALSE(found) << name;
        EXPECT_EQ(found.error().why, errno_text(EACCES)) << name;
    }
}

TEST(Child, StartsWhenItIsLetGo) {
    auto child = Child::prepare({"/bin/sh", "-c", "exit 7"});
    ASSERT_TRUE(child);
    ASSERT_TRUE(child->go());
    pollfd ended{child->ended_fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&ended, 1, 10'000), 1);
    EXPECT_EQ(child->status(), 7);
}

} // namespace
} // namespace rcuscope::test
