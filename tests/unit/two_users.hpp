// SPDX-License-Identifier: BSD-2-Clause
//
// A test fixture with root and two other users in a world-writable folder.
#pragma once

#include <cstdlib>
#include <functional>
#include <grp.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "temp_dir.hpp"

namespace rcuscope::test {

inline struct stat status_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
}

// Needs root. Without root the test is skipped, which is a failure in CI.
class TwoUsers : public testing::Test {
protected:
    static constexpr uid_t alice = 41001;
    static constexpr uid_t mallory = 41002;

    void SetUp() override {
        if (::geteuid() != 0)
            GTEST_SKIP() << "not root: two users cannot be had";
        ::unsetenv("SUDO_UID");
        ::unsetenv("SUDO_GID");
        ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
        ASSERT_EQ(::mkdir(shared.c_str(), 0755), 0);
        ASSERT_EQ(::chmod(shared.c_str(), 01777), 0);
        folder.write("secret", "secret");
    }
    void TearDown() override {
        ::unsetenv("SUDO_UID");
        ::unsetenv("SUDO_GID");
    }

    static void give(const std::string& path, uid_t user) { ASSERT_EQ(::lchown(path.c_str(), user, user), 0) << path; }
    // Creates a symbolic link that this user owns.
    std::string link(const std::string& target, const std::string& path, uid_t user) const {
        EXPECT_EQ(::symlink(target.c_str(), path.c_str()), 0) << path;
        give(path, user);
        return path;
    }
    // Runs `run` in a process of this user and returns its result; 255 if the process was killed.
    static int as(uid_t user, const std::function<int()>& run) {
        const pid_t child = ::fork();
        if (child == 0) {
            if (::setgroups(0, nullptr) != 0 || ::setresgid(user, user, user) != 0 ||
                ::setresuid(user, user, user) != 0)
                ::_exit(254);
            ::_exit(run());
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
    }
    static void call_by_sudo(const char* user, const char* group) {
        ::setenv("SUDO_UID", user, 1);
        ::setenv("SUDO_GID", group, 1);
    }

    TempDir folder;
    std::string shared = folder.file("shared"); // sticky, world-writable
    std::string secret = folder.file("secret"); // owned by root
};

} // namespace rcuscope::test
