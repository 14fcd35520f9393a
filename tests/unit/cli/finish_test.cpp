// SPDX-License-Identifier: BSD-2-Clause
//
// Tests what `record` does after the recording: exports, summary, verdict.
#include "cli/finish.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/finish_command.hpp"
#include "cli/numbered_outputs.hpp"
#include "cli/program.hpp"
#include "export/golden.hpp"
#include "record/end_signals.hpp"
#include "record/event_recorder.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Finish : public testing::Test {
protected:
    Finish() { std::filesystem::copy_file(RCUSCOPE_SOURCE_DIR "/tests/viz/recordings/demo.rcu", capture); }

    int run(std::vector<std::string> words) {
        std::vector<char*> argv;
        argv.reserve(words.size() + 1);
        for (std::string& word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        testing::internal::CaptureStderr();
        const int code = run_program(static_cast<int>(words.size()), argv.data());
        said = testing::internal::GetCapturedStderr();
        return code;
    }

    static std::vector<OutputTarget> targets(const std::vector<std::string>& paths) {
        return resolve_outputs(paths, {}).value();
    }
    // Opens the capture as descriptor 3, as the process gets it.
    int run_to_finish(const FinishRequest& request) {
        const Fd file(::open(capture.c_str(), O_RDONLY | O_CLOEXEC));
        const Fd saved(::fcntl(capture_descriptor, F_DUPFD_CLOEXEC, 10)); // invalid if descriptor 3 is not open
        if (file.get() != capture_descriptor)
            ::dup2(file.get(), capture_descriptor);
        const int code = run(finish_arguments(request, capture, true));
        if (saved)
            ::dup2(saved.get(), capture_descriptor);
        return code;
    }

    // A capture that a trigger wrote.
    static CaptureWriter finished_capture(NumberedOutputs& outputs) {
        auto writer = CaptureWriter::create(outputs.next().value(), Metadata{});
        EXPECT_TRUE(writer && writer->finish({}));
        return std::move(writer.value());
    }

    TempDir folder;
    const std::string capture = folder.file("demo.rcu");
    const std::string json = folder.file("demo.json");
    const std::string trace = folder.file("demo.pftrace");
    std::string said;
};

TEST_F(Finish, SaysWhatIsMissingBeforeEachOutput) {
    FinishRequest request{.outputs = targets({json, capture, trace})};
    request.quiet = true;
    std::vector<std::vector<std::string>> missing;
    ASSERT_TRUE(finish_capture(request, InputFile::open(capture), true,
                               [&](const auto& outputs) { missing.push_back(paths_of(outputs)); }));
    EXPECT_THAT(missing, ElementsAre(ElementsAre(json, trace), ElementsAre(trace), std::vector<std::string>{}));
    EXPECT_EQ(at_once_text("my run.rcu", {"a.json", "b c.html"}),
              "rcuscope: ended at once: not written: a.json, b c.html\n"
              "  hint: rcuscope export 'my run.rcu' -o a.json -o 'b c.html'\n");
    EXPECT_EQ(at_once_text("x.rcu.part", {}), "rcuscope: ended at once: the recorded events are in x.rcu.part\n"
                                              "  hint: rcuscope info x.rcu.part\n");
}

// A pipe that is open and not read blocks the process in its write. The first signal changes nothing, the second ends
// it.
TEST_F(Finish, ASecondSignalNamesWhatIsNotWritten) {
    const std::string pipe = folder.file("pipe.json");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const Fd reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const std::string words = folder.write("words", "");
    const std::string begun = folder.file("begun");
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (!::freopen(words.c_str(), "w", stderr))
            ::_exit(2);
        const auto signals = EndSignals::take();
        if (!signals)
            ::_exit(3);
        FinishRequest request{.outputs = targets({pipe, trace})};
        request.quiet = true;
        const auto done = finish_capture(request, InputFile::open(capture), true, [&](const auto& missing) {
            EndSignals::say("first\n", at_once_text(capture, paths_of(missing)));
            folder.write("begun", "");
        });
        ::_exit(done ? 0 : 1);
    }
    for (int i = 0; i < 3000 && !std::filesystem::exists(begun); i++)
        ::usleep(10'000);
    ::kill(pid, SIGINT);
    for (int i = 0; i < 1000 && file_text(words) != "first\n"; i++)
        ::usleep(10'000);
    EXPECT_EQ(file_text(words), "first\n");
    EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), 0);
    ::kill(pid, SIGTERM);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
    EXPECT_EQ(file_text(words), "first\n" + at_once_text(capture, {pipe, trace}));
    EXPECT_FALSE(std::filesystem::exists(trace));
}

TEST_F(Finish, AsACommandDoesTheSame) {
    FinishRequest request{.outputs = targets({json, trace})};
    request.limits.long_reader = 1;
    request.limits.callback_flood = 5;
    request.fail_on = "hazard";
    request.quiet = true;
    EXPECT_EQ(run_to_finish(request), 1); // only these limits find the hazards
    EXPECT_THAT(said, HasSubstr("(--fail-on hazard)"));
    EXPECT_THAT(said, Not(HasSubstr("Written:")));
    EXPECT_TRUE(std::filesystem::exists(json));
    EXPECT_TRUE(std::filesystem::exists(trace));
    EXPECT_FALSE(std::filesystem::exists(capture)) << "nobody asked for it";
}

TEST_F(Finish, ARecordingIsKeptUntilItsOutputsAreWritten) {
    std::filesystem::create_directory(folder.file("none"));
    FinishRequest request{.outputs = targets({folder.file("none/x.json")})};
    std::filesystem::remove(folder.file("none"));
    EXPECT_EQ(run_to_finish(request), 2);
    EXPECT_TRUE(std::filesystem::exists(capture));
}

// The parent process has blocked signals, handlers and open descriptors. The shell script reads /proc by builtins,
// because the shell blocks signals while it starts a command.
TEST_F(Finish, AFileOfATriggerIsFinishedByACleanProcess) {
    const std::string out = folder.file("out");
    const std::string program = folder.write(
        "program", "#!/bin/sh\n"
                   "{ while read -r line; do case $line in Sig[BIC]*) echo \"$line\";; esac; done </proc/$$/status\n"
                   "ls /proc/$$/fd; cut -d' ' -f5 /proc/$$/stat; echo $$\n"
                   "printf '%s\\n' \"$@\"; } >" +
                       out + "\nexit 2\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    const Fd left_open(::fcntl(STDIN_FILENO, F_DUPFD, 20)); // NOLINT: without O_CLOEXEC
    sigset_t blocked;
    sigset_t before;
    ::sigfillset(&blocked);
    ::sigprocmask(SIG_SETMASK, &blocked, &before);
    const auto signals = EndSignals::take();
    NumberedOutputs outputs(FinishRequest{.outputs = targets({folder.file("x.rcu")})}, program);
    auto written = finished_capture(outputs);
    outputs.written(written);
    EXPECT_EQ(outputs.finish(), ExitCode::bad_input);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    std::ifstream in(out);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    ASSERT_GE(lines.size(), 9) << file_text(out);
    EXPECT_THAT(lines[0], HasSubstr("0000000000000000")); // blocked signals
    const auto ignored = std::stoull(lines[1].substr(lines[1].find('\t')), nullptr, 16);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
        EXPECT_FALSE(ignored >> (signal - 1) & 1) << signal;
    const auto has = [&](const std::string& line) { return std::count(lines.begin(), lines.end(), line); };
    EXPECT_GT(left_open.get(), capture_descriptor);
    EXPECT_EQ(has(std::to_string(capture_descriptor)), 1) << file_text(out);
    EXPECT_EQ(has(std::to_string(left_open.get())), 0) << file_text(out);
    const auto pid = std::find(lines.begin(), lines.end(), "finish-recording") - 1;
    EXPECT_EQ(*pid, *(pid - 1)) << "Ctrl-C reaches it";
    EXPECT_EQ(lines.back(), folder.file("x-1.rcu"));
}

TEST_F(Finish, OneThatCannotBeStartedIsNoSuccess) {
    NumberedOutputs outputs(FinishRequest{.outputs = targets({folder.file("x.rcu")})}, folder.file("nowhere"));
    auto written = finished_capture(outputs);
    testing::internal::CaptureStderr();
    outputs.written(written);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("cannot start a process to finish"));
    EXPECT_NE(outputs.finish(), ExitCode::done);
}

// This error comes before all others, also before the one about privileges, and before anything is changed.
TEST_F(Finish, ACommandThatIsNotThereLeavesAnEarlierRecordingAlone) {
    const std::string before = file_text(capture);
    EXPECT_EQ(run({"rcuscope", "record", "-o", capture, "--", "/no/such/command"}), 2);
    EXPECT_THAT(said, HasSubstr("cannot start /no/such/command: No such file or directory"));
    EXPECT_EQ(file_text(capture), before);
}

} // namespace
} // namespace rcuscope::test
