// SPDX-License-Identifier: BSD-2-Clause
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.hpp"
#include "cli/program.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Each command with its outputs, as a separate process.
class Outputs : public testing::Test {
protected:
    Outputs() { fs::copy_file(RCUSCOPE_SOURCE_DIR "/tests/viz/recordings/demo.rcu", capture); }

    // Returns the exit code; stderr is in `error`.
    int rcuscope(std::vector<std::string> arguments, const std::string& standard_output = "/dev/null") {
        const int status = wait_for(start(std::move(arguments), standard_output));
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    pid_t start(std::vector<std::string> arguments, const std::string& standard_output = "/dev/null") const {
        arguments.insert(arguments.begin(), "rcuscope");
        const pid_t child = ::fork();
        if (child == 0) {
            ::dup2(::open(standard_output.c_str(), O_WRONLY | O_APPEND), STDOUT_FILENO);
            ::dup2(::open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
            std::vector<char*> pointers;
            pointers.reserve(arguments.size() + 1);
            for (std::string& each : arguments)
                pointers.push_back(each.data());
            pointers.push_back(nullptr);
            ::_exit(run_program(static_cast<int>(arguments.size()), pointers.data()));
        }
        return child;
    }
    int wait_for(pid_t child) {
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        error = ::rcuscope::read_file(errors).value_or("");
        fs::remove(errors);
        return status;
    }

    TempDir folder;
    std::string capture = folder.file("run.rcu");
    std::string errors = folder.file("stderr");
    std::string error;
};

TEST_F(Outputs, NoCommandDestroysItsInput) {
    const std::string before = ::rcuscope::read_file(capture).value();
    for (const char* name : {"link.json", "link.chrome.json", "link.xml", "link.md"})
        fs::create_symlink("run.rcu", folder.file(name));
    fs::create_hard_link(capture, folder.file("hard.json"));
    const std::vector<std::vector<std::string>> commands{
        {"report", capture, "-o", folder.file("link.md")},
        {"info", capture, "-o", folder.file("link.json")},
        {"summarize", capture, "-o", folder.file("link.json")},
        {"summarize", capture, "-o", folder.file("hard.json")},
        {"export", capture, "-o", folder.file("new.json"), "-o", folder.file("link.chrome.json")},
        {"check", capture, "--budget", "gp.p99<50ms", "-o", folder.file("link.json")},
        {"check", capture, "--budget", "gp.p99<50ms", "-o", folder.file("link.xml")},
        {"check", "/dev/null", "--baseline", folder.file("run.*"), "-o", folder.file("hard.json")},
        {"record", "-m", capture, "-o", folder.file("link.json"), "--", "true"},
    };
    for (const auto& command : commands) {
        EXPECT_EQ(rcuscope(command), 2) << command.front();
        EXPECT_THAT(error, HasSubstr("it is also an input file")) << command.front();
        EXPECT_TRUE(::rcuscope::read_file(capture).value() == before) << command.front();
        EXPECT_EQ(folder.files(), 6u) << command.front();
    }
    EXPECT_EQ(rcuscope({"report", capture}, capture), 2) << "rcuscope report run.rcu >>run.rcu";
    EXPECT_TRUE(::rcuscope::read_file(capture).value() == before);
}

TEST_F(Outputs, NothingIsReadBeforeOutputsAreRefused) {
    const std::string text = folder.write("text.json", "no recording at all");
    EXPECT_EQ(rcuscope({"report", text, "-o", text}), 2);
    EXPECT_THAT(error, HasSubstr("it is also an input file"));
}

TEST_F(Outputs, TwoOutputsOfOneNameAreRefused) {
    EXPECT_EQ(rcuscope({"export", capture, "-o", folder.file("a.json"), "-o", folder.file("./a.json")}), 2);
    EXPECT_THAT(error, HasSubstr("a.json, which is another output"));
    EXPECT_EQ(folder.files(), 1u);
}

TEST_F(Outputs, AFullDiskHasOneExitCode) {
    const std::vector<std::vector<std::string>> commands{
        {"info", capture},
        {"info", "--json", capture},
        {"report", capture},
        {"doctor"},
        {"summarize", capture},
        {"export", capture, "-o", "-"},
        {"check", "--help"},
        {"export", capture, "-o", "/dev/full"},
        {"check", capture, "--budget", "gp.p99<50ms"},
    };
    for (const auto& command : commands) {
        EXPECT_EQ(rcuscope(command, "/dev/full"), 4) << command.front();
        EXPECT_THAT(error, HasSubstr("No space left on device")) << command.front();
    }
}

// A pipe that is open and not read blocks each command in its write.
TEST_F(Outputs, WhatASignalKeptFromBeingWrittenIsGone) {
    const std::string pipe = folder.file("pipe.json");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const std::string done = folder.file("done.json");
    const std::string earlier = folder.file("earlier.json");
    const std::string none = folder.file("none.json");
    for (const char* command : {"export", "report"}) {
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
            folder.write("earlier.json", "earlier");
            folder.write("done.json", "earlier");
            const Fd reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
            ASSERT_EQ(::fcntl(reader.get(), F_SETPIPE_SZ, 4096), 4096);
            const pid_t child = start({command, capture, "-o", done, "-o", pipe, "-o", earlier, "-o", none});
            for (int i = 0, held = 0; i < 3000 && held < 4096; i++, ::usleep(10'000))
                ::ioctl(reader.get(), FIONREAD, &held);
            EXPECT_EQ(::kill(child, signal), 0);
            const int status = wait_for(child);
            EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << status;
            EXPECT_EQ(error, "rcuscope: ended by a signal; removed: " + earlier + "\n");
            EXPECT_FALSE(fs::exists(earlier));
            EXPECT_NE(::rcuscope::read_file(done).value(), "earlier");
        }
    }
}

// As with nohup, and with a shell's background jobs.
TEST_F(Outputs, ASignalThatIsIgnoredStaysIgnored) {
    const std::string pipe = folder.file("pipe.json");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const Fd reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    ASSERT_EQ(::fcntl(reader.get(), F_SETPIPE_SZ, 4096), 4096);
    const auto before = ::signal(SIGINT, SIG_IGN);
    const pid_t child = start({"export", capture, "-o", pipe});
    ::signal(SIGINT, before);
    for (int i = 0, held = 0; i < 3000 && held < 4096; i++, ::usleep(10'000))
        ::ioctl(reader.get(), FIONREAD, &held);
    EXPECT_EQ(::kill(child, SIGINT), 0);
    ::kill(child, SIGTERM);
    const int status = wait_for(child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
}

} // namespace
} // namespace rcuscope::test
