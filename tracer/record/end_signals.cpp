// SPDX-License-Identifier: BSD-2-Clause
#include "record/end_signals.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <memory>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace rcuscope {

namespace {

constexpr std::array end_signals{SIGINT, SIGTERM, SIGHUP};

struct Words {
    struct Helper {
        pid_t pid;
        std::string at_second;
    };
    std::string at_first;
    std::string at_second;
    std::vector<EndSignals::FileName> removed;
    std::vector<Helper> helpers;
};

// The handler's state. A Words object is constant once the handler can see it, and lives until the destructor.
std::atomic<int> first_signal{0};
std::atomic<const Words*> spoken{nullptr};
std::atomic<int> woken_fd{-1};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<const Words*>::is_always_lock_free);
std::array<struct sigaction, end_signals.size()> actions_before{};
std::vector<std::unique_ptr<const Words>> all_words; // used by the main thread only

void tell(const std::string& text) {
    if (!text.empty())
        (void)!::write(STDERR_FILENO, text.data(), text.size());
}

bool runs(pid_t pid) {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

[[noreturn]] void die_by(int signal) {
    struct sigaction default_action {};
    default_action.sa_handler = SIG_DFL;
    ::sigaction(signal, &default_action, nullptr);
    sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    ::kill(::getpid(), signal);
    ::_exit(128 + signal); // unreachable: the signal is unblocked in this thread
}

// Async-signal-safe.
void on_signal(int signal) {
    const int error_number = errno;
    const Words* const words = spoken.load();
    int none = 0;
    if (first_signal.compare_exchange_strong(none, signal)) {
        const std::uint64_t one = 1;
        (void)!::write(woken_fd.load(), &one, sizeof(one));
        if (words)
            tell(words->at_first);
        errno = error_number;
        return;
    }
    if (words) {
        tell(words->at_second);
        for (const EndSignals::FileName& file : words->removed)
            ::unlinkat(file.folder, file.name.c_str(), 0);
        for (const Words::Helper& helper : words->helpers)
            if (runs(helper.pid)) {
                tell(helper.at_second);
                ::kill(helper.pid, SIGTERM);
            }
    }
    die_by(signal);
}

void speak(Words words) {
    all_words.push_back(std::make_unique<const Words>(std::move(words)));
    spoken.store(all_words.back().get());
}

Words words_now() {
    const Words* const words = spoken.load();
    return words ? *words : Words{};
}

} // namespace

Result<EndSignals> EndSignals::take(Obeyed obeyed) {
    Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd)
        return fail(ExitCode::cannot_here, "cannot wait for signals", errno_text(errno));
    first_signal = obeyed == Obeyed::at_once ? SIGTERM : 0;
    woken_fd = fd.get();
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    for (const int signal : end_signals) // each blocks the others while its handler runs
        ::sigaddset(&action.sa_mask, signal);
    for (std::size_t i = 0; i < end_signals.size(); i++) {
        ::sigaction(end_signals[i], &action, &actions_before[i]);
        // nohup ignores SIGHUP, which stays ignored. A shell ignores SIGINT in every background job, but a user who
        // sends SIGINT to a recorder means it.
        if ((end_signals[i] == SIGHUP || obeyed == Obeyed::at_once) && actions_before[i].sa_handler == SIG_IGN)
            ::sigaction(end_signals[i], &actions_before[i], nullptr);
    }
    return EndSignals(std::move(fd));
}

EndSignals::EndSignals(EndSignals&& other) noexcept = default;

EndSignals::~EndSignals() {
    if (!fd_)
        return;
    restore();
    spoken = nullptr;
    woken_fd = -1;
    all_words.clear();
}

bool EndSignals::taken() {
    return woken_fd != -1;
}

bool EndSignals::came() {
    return first_signal != 0;
}

void EndSignals::say(std::string at_first, std::string at_second, std::vector<FileName> removed) {
    Words words = words_now();
    words.at_first = std::move(at_first);
    words.at_second = std::move(at_second);
    words.removed = std::move(removed);
    speak(std::move(words));
}

void EndSignals::add_helper(pid_t pid, std::string at_second) {
    Words words = words_now();
    words.helpers.push_back({pid, std::move(at_second)});
    speak(std::move(words));
}

void EndSignals::remove_helper(pid_t pid) {
    Words words = words_now();
    std::erase_if(words.helpers, [pid](const Words::Helper& helper) { return helper.pid == pid; });
    speak(std::move(words));
}

void EndSignals::restore() {
    for (std::size_t i = 0; i < end_signals.size(); i++)
        ::sigaction(end_signals[i], &actions_before[i], nullptr);
}

void EndSignals::die() {
    die_by(first_signal);
}

} // namespace rcuscope
