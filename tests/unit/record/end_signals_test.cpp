// SPDX-License-Identifier: BSD-2-Clause
#include "record/end_signals.hpp"

#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "temp_dir.hpp"

namespace rcuscope {
namespace {

constexpr int survived = 7;

// Each test runs in a separate process, because signal dispositions belong to the process.
[[noreturn]] void with_signals(void (*body)(const EndSignals& signals), sighandler_t hangup = SIG_DFL) {
    ::signal(SIGHUP, hangup); // independent of a test run under nohup
    {
        const auto signals = EndSignals::take();
        if (signals)
            body(*signals);
    }
    ::_exit(survived);
}

bool readable(const EndSignals& signals) {
    pollfd wait{signals.fd(), POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
}

TEST(EndSignals, TheFirstIsTakenWhicheverItIs) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        static int sent = 0;
        sent = signal;
        EXPECT_EXIT(with_signals([](const EndSignals& signals) {
                        if (EndSignals::came() || readable(signals))
                            ::_exit(1);
                        EndSignals::say("first\n", "second\n");
                        ::raise(sent);
                        if (!EndSignals::came() || !readable(signals))
                            ::_exit(2);
                    }),
                    testing::ExitedWithCode(survived), "^first\n$");
    }
}

TEST(EndSignals, TheSecondIsObeyedAtOnce) {
    EXPECT_EXIT(with_signals([](const EndSignals&) {
                    EndSignals::say("", "before\n");
                    EndSignals::say("", "not written: x\n");
                    ::raise(SIGINT);
                    ::raise(SIGTERM);
                }),
                testing::KilledBySignal(SIGTERM), "^not written: x\n$");
    EXPECT_EXIT(with_signals([](const EndSignals&) {
                    ::raise(SIGINT);
                    ::raise(SIGINT);
                }),
                testing::KilledBySignal(SIGINT), "^$");
}

// An earlier file must not be mistaken for the output that was not written.
TEST(EndSignals, TheSecondRemovesEarlierFiles) {
    const test::TempDir folder;
    static std::string earlier;
    earlier = folder.write("run.json", "earlier");
    static int place = -1;
    const Fd opened(::open(folder.path().c_str(), O_PATH | O_DIRECTORY));
    place = opened.get();
    EXPECT_EXIT(with_signals([](const EndSignals&) {
                    EndSignals::say("", "", {{place, "run.json"}});
                    ::raise(SIGINT);
                    if (::access(earlier.c_str(), F_OK) != 0)
                        ::_exit(1);
                    ::raise(SIGINT);
                }),
                testing::KilledBySignal(SIGINT), "");
    EXPECT_NE(::access(earlier.c_str(), F_OK), 0);
}

TEST(EndSignals, TheSecondEndsHelpersThatStillRun) {
    EXPECT_EXIT(with_signals([](const EndSignals&) {
                    const pid_t ended = ::fork();
                    if (ended == 0)
                        ::_exit(0);
                    siginfo_t info{};
                    ::waitid(P_PID, static_cast<id_t>(ended), &info, WEXITED | WNOWAIT);
                    int ready[2];
                    if (::pipe(ready) != 0)
                        ::_exit(1);
                    const pid_t runs = ::fork();
                    if (runs == 0) {
                        EndSignals::restore(); // like exec()
                        (void)!::write(ready[1], "", 1);
                        ::pause();
                    }
                    char byte = 0;
                    if (::read(ready[0], &byte, 1) != 1)
                        ::_exit(1);
                    EndSignals::add_helper(ended, "one that has ended\n");
                    EndSignals::add_helper(runs, "one that runs\n");
                    EndSignals::say("", "second\n");
                    ::raise(SIGINT);
                    ::raise(SIGINT);
                }),
                testing::KilledBySignal(SIGINT), "^second\none that runs\n$");
}

TEST(EndSignals, AreAsBeforeAfterwards) {
    EXPECT_EXIT(
        {
            { const auto signals = EndSignals::take(); }
            ::raise(SIGTERM);
            ::_exit(survived);
        },
        testing::KilledBySignal(SIGTERM), "^$");
    EXPECT_EXIT(with_signals([](const EndSignals&) {
                    ::raise(SIGHUP);
                    EndSignals::die();
                }),
                testing::KilledBySignal(SIGHUP), "^$");
}

TEST(EndSignals, OfACommandThatHasNoSecond) {
    EXPECT_EXIT(
        {
            ::signal(SIGINT, SIG_IGN);
            const auto signals = EndSignals::take(EndSignals::Obeyed::at_once);
            if (!EndSignals::taken())
                ::_exit(1);
            EndSignals::say("", "gone\n");
            ::raise(SIGINT);
            ::raise(SIGTERM);
        },
        testing::KilledBySignal(SIGTERM), "^gone\n$");
    EXPECT_FALSE(EndSignals::taken());
}

// A background job of a shell ignores SIGINT, but an explicit SIGINT must end the recording; a SIGHUP under nohup
// must not.
TEST(EndSignals, OfAShellsBackgroundJobAndOfNohup) {
    EXPECT_EXIT(
        {
            ::signal(SIGINT, SIG_IGN);
            with_signals(
                [](const EndSignals&) {
                    ::raise(SIGHUP);
                    if (EndSignals::came())
                        ::_exit(1);
                    ::raise(SIGINT);
                    if (!EndSignals::came())
                        ::_exit(2);
                },
                SIG_IGN);
        },
        testing::ExitedWithCode(survived), "");
}

} // namespace
} // namespace rcuscope
