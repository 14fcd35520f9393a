// SPDX-License-Identifier: BSD-2-Clause
#include "probes/guard.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rcuscope {

namespace {

// Tries until the events are gone. The kernel refuses to remove an event while a descriptor is still being closed,
// which takes a moment for a killed process.
bool remove_events(const KprobeEvents& events, const KernelName& group) {
    constexpr int tries = 1500;
    for (int i = 0; i < tries; i++) {
        const auto left = events.of_groups(group.text() + "/");
        if (left.empty())
            return true;
        for (const KprobeEvent& event : left)
            (void)events.remove(event);
        if (i > 0) {
            const timespec pause{0, 20'000'000};
            ::nanosleep(&pause, nullptr);
        }
    }
    return false;
}

constexpr int kept_pipe = 3;
constexpr int kept_lock = 4;

// Moves the two descriptors to fixed numbers and closes all others. Each is copied first because it may have the
// other's fixed number.
void keep_only(int pipe, int lock) {
    const int pipe_copy = ::fcntl(pipe, F_DUPFD, kept_lock + 1);
    const int lock_copy = ::fcntl(lock, F_DUPFD, kept_lock + 1);
    ::dup2(pipe_copy, kept_pipe);
    ::dup2(lock_copy, kept_lock);
    const int null = ::open("/dev/null", O_RDWR);
    for (const int standard : {0, 1, 2})
        ::dup2(null, standard);
    ::close_range(kept_lock + 1, ~0U, 0);
}

[[noreturn]] void guard_main(const KprobeEvents& events, const EventGroup& group, int pipe) {
    // Ctrl-C goes to the terminal's whole foreground process group. The guard must survive it.
    ::setsid();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
        ::signal(signal, SIG_IGN);
    ::prctl(PR_SET_NAME, "rcuscope-guard");
    // Close all of the recorder's descriptors except the pipe and the lock: the guard owns the group until it is
    // empty.
    keep_only(pipe, group.lock_fd());
    for (;;) {
        char byte;
        const ssize_t got = ::read(kept_pipe, &byte, 1);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
    }
    ::_exit(remove_events(events, group.name()) ? 0 : 1);
}

} // namespace

Result<ProbeGuard> ProbeGuard::start(const KprobeEvents& events) {
    auto group = EventGroup::take(events);
    if (!group)
        return tl::unexpected(group.error());
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(ExitCode::cannot_here, "cannot make a pipe", errno_text(errno));
    Fd reading(ends[0]);
    Fd writing(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail(ExitCode::cannot_here, "cannot start a process", errno_text(errno));
    if (pid == 0) {
        writing.reset();
        guard_main(events, *group, reading.get());
    }
    return ProbeGuard(events, std::move(*group), std::move(writing), pid);
}

ProbeGuard::ProbeGuard(ProbeGuard&& other) noexcept
    : events_(std::move(other.events_)), group_(std::move(other.group_)), pipe_(std::move(other.pipe_)),
      pid_(std::exchange(other.pid_, -1)) {}

ProbeGuard::~ProbeGuard() {
    (void)finish();
}

Status ProbeGuard::finish() {
    if (pid_ < 0)
        return {};
    pipe_.reset();
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    const auto left = events_.of_groups(group().text() + "/");
    if (left.empty())
        return {};
    std::string commands;
    for (const KprobeEvent& event : left)
        commands += (commands.empty() ? "" : "; ") + events_.removing_command(event);
    return fail(ExitCode::cannot_here, "cannot remove the probes of " + group().text(),
                WIFEXITED(status) ? "the kernel reports that they are in use"
                                  : "the process that removes them was killed",
                "remove them, as root: " + commands);
}

std::vector<std::string> remove_stale_probes(const KprobeEvents& events) {
    std::vector<std::string> left;
    for (const KprobeEvent& event : events.of_groups(EventGroup::prefix)) {
        const GroupOwner owner = EventGroup::owner_of(event.group, events);
        std::string why = "it is unknown whether their recorder runs";
        if (owner == GroupOwner::lives)
            continue;
        if (owner == GroupOwner::is_gone) {
            const auto removed = events.remove(event);
            if (removed)
                continue;
            why = "their recorder is gone, and the kernel does not remove them: " + removed.error().why;
        }
        left.push_back("probes of " + event.group.text() + " are left: " + why +
                       "; if no recorder needs them, remove them as root: " + events.removing_command(event));
    }
    return left;
}

} // namespace rcuscope
