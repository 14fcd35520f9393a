// SPDX-License-Identifier: BSD-2-Clause
#include "record/child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/end_signals.hpp"

namespace rcuscope {

namespace {

struct Pipe {
    Fd reading;
    Fd writing;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(ExitCode::cannot_here, "cannot make a pipe", errno_text(errno));
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

tl::unexpected<Error> cannot_start(const std::string& program, int error_number) {
    return fail(ExitCode::bad_input, "cannot start " + program, errno_text(error_number),
                "give the command after --, as you would type it: -- insmod rcucmap.ko");
}

// Returns 0, or the errno that says why the file cannot be executed.
int executable(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return EACCES; // as execve() reports for a folder
    return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

// Runs between fork() and exec(), where only async-signal-safe functions may be called.
[[noreturn]] void child_main(char* const* words, int go, int failed) {
    char word = 0;
    ssize_t got = 0;
    while ((got = ::read(go, &word, 1)) < 0 && errno == EINTR) {
    }
    if (got != 1)
        ::_exit(0); // the recorder gave up, or died
    ::signal(SIGPIPE, SIG_DFL);
    EndSignals::restore();
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvp(words[0], words);
    const int error_number = errno;
    (void)!::write(failed, &error_number, sizeof(error_number));
    ::_exit(127);
}

// Blocks all signals in the child, which must not run the recorder's handlers.
pid_t fork_blocked() {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);
    const pid_t pid = ::fork();
    if (pid != 0)
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
    return pid;
}

} // namespace

// Searches PATH as execvp() does.
Status can_start(const std::string& program) {
    if (program.find('/') != std::string::npos) {
        const int error = executable(program);
        return error == 0 ? Status() : cannot_start(program, error);
    }
    const char* const variable = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe): nothing sets it
    std::string_view folders = variable ? variable : "/bin:/usr/bin";
    int error = ENOENT;
    for (bool more = !program.empty(); more;) {
        const auto colon = folders.find(':');
        std::string path(folders.substr(0, colon));
        path += path.empty() ? program : "/" + program; // an empty entry is the current folder
        const int found = executable(path);
        if (found == 0)
            return {};
        // A file without execute permission decides the error if no other is found.
        error = found == EACCES ? EACCES : error;
        more = colon != std::string_view::npos;
        folders.remove_prefix(more ? colon + 1 : 0);
    }
    return cannot_start(program, error);
}

Result<Child> Child::prepare(const std::vector<std::string>& command) {
    auto go = make_pipe();
    auto failed = make_pipe();
    if (!go || !failed)
        return tl::unexpected((go ? failed : go).error());
    Child child;
    child.name_ = command.front();
    std::vector<char*> words;
    words.reserve(command.size() + 1);
    for (const std::string& text : command)
        words.push_back(const_cast<char*>(text.c_str())); // execvp() does not write to them
    words.push_back(nullptr);
    child.pid_ = fork_blocked();
    if (child.pid_ < 0)
        return fail(ExitCode::cannot_here, "cannot start a process", errno_text(errno));
    if (child.pid_ == 0) {
        go->writing.reset();
        failed->reading.reset();
        child_main(words.data(), go->reading.get(), failed->writing.get());
    }
    child.pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0)));
    if (!child.pidfd_)
        return fail(ExitCode::cannot_here, "cannot watch a process", errno_text(errno));
    child.go_ = std::move(go->writing);
    child.failed_ = std::move(failed->reading);
    return child;
}

Child::Child(Child&& other) noexcept
    : name_(std::move(other.name_)), pid_(std::exchange(other.pid_, -1)), running_(other.running_),
      pidfd_(std::move(other.pidfd_)), go_(std::move(other.go_)), failed_(std::move(other.failed_)) {}

Child::~Child() {
    if (pid_ < 0 || running_)
        return;
    go_.reset();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

Status Child::go() {
    running_ = true;
    const char word = 'g';
    if (::write(go_.get(), &word, 1) != 1)
        return fail(ExitCode::cannot_here, "cannot start " + name_, errno_text(errno));
    go_.reset();
    // A successful exec closes it.
    int error_number = 0;
    ssize_t got = 0;
    while ((got = ::read(failed_.get(), &error_number, sizeof(error_number))) < 0 && errno == EINTR) {
    }
    if (got == sizeof(error_number))
        return cannot_start(name_, error_number);
    return {};
}

std::optional<int> Child::status() {
    int status = 0;
    if (pid_ < 0 || ::waitpid(pid_, &status, WNOHANG) != pid_)
        return std::nullopt;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace rcuscope
