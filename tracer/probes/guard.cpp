// SPDX-License-Identifier: BSD-2-Clause
#include "probes/guard.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <set>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rcuscope {

namespace {

constexpr std::string_view group_prefix = "rcuscope_";

// "GROUP/NAME" of every kprobe event of tracefs whose group starts with `group`.
// A line reads "p:GROUP/NAME PLACE", for a return probe "r64:GROUP/NAME PLACE".
std::set<std::string> events_of(const std::string& tracefs, std::string_view group) {
    const std::string text = read_file(tracefs + "/kprobe_events").value_or("");
    std::set<std::string> events;
    for (const std::string_view line : split_lines(text)) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos)
            continue;
        const std::string_view event = line.substr(colon + 1, line.find(' ') - colon - 1);
        if (event.starts_with(group))
            events.emplace(event);
    }
    return events;
}

bool remove_event(const std::string& tracefs, const std::string& event) {
    return write_existing(tracefs + "/kprobe_events", "-:" + event + "\n", true).has_value();
}

// Until they are gone: the kernel refuses while a descriptor is still being
// closed, which for a killed process takes a moment.
bool remove_events(const std::string& tracefs, const std::string& group) {
    constexpr int tries = 1500;
    for (int i = 0; i < tries; i++) {
        const auto events = events_of(tracefs, group + "/");
        if (events.empty())
            return true;
        for (const std::string& event : events)
            remove_event(tracefs, event);
        if (i > 0) {
            const timespec pause{0, 20'000'000};
            ::nanosleep(&pause, nullptr);
        }
    }
    return false;
}

[[noreturn]] void guard_main(const std::string& tracefs, const std::string& group, int pipe) {
    // Ctrl-C goes to the terminal's whole foreground group; the guard must outlive it.
    ::setsid();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
        ::signal(signal, SIG_IGN);
    ::prctl(PR_SET_NAME, "rcuscope-guard");
    // Nothing of the recorder's may stay open here but the pipe.
    ::dup2(pipe, 3);
    const int null = ::open("/dev/null", O_RDWR);
    for (const int standard : {0, 1, 2})
        ::dup2(null, standard);
    ::close_range(4, ~0U, 0);
    for (;;) {
        char byte;
        const ssize_t got = ::read(3, &byte, 1);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
    }
    ::_exit(remove_events(tracefs, group) ? 0 : 1);
}

} // namespace

std::string probe_group() {
    return std::string(group_prefix) + std::to_string(::getpid());
}

Result<ProbeGuard> ProbeGuard::start(const std::string& tracefs) {
    const std::string group = probe_group();
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
        guard_main(tracefs, group, reading.get());
    }
    return ProbeGuard(std::move(writing), pid);
}

ProbeGuard::ProbeGuard(ProbeGuard&& other) noexcept
    : pipe_(std::move(other.pipe_)), pid_(std::exchange(other.pid_, -1)) {}

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
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return {};
    return fail(ExitCode::cannot_here, "cannot remove the probes of " + probe_group(),
                "the kernel says that they are in use", "look at kprobe_events in tracefs, and remove them there");
}

void remove_stale_probes(const std::string& tracefs) {
    for (const std::string& event : events_of(tracefs, group_prefix)) {
        pid_t owner = 0;
        const char* const from = event.data() + group_prefix.size();
        const auto [end, error] = std::from_chars(from, event.data() + event.size(), owner);
        const bool ours = error == std::errc() && owner > 0 && end != event.data() + event.size() && *end == '/';
        if (ours && ::kill(owner, 0) != 0 && errno == ESRCH)
            remove_event(tracefs, event);
    }
}

} // namespace rcuscope
