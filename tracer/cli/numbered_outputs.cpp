// SPDX-License-Identifier: BSD-2-Clause
#include "cli/numbered_outputs.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text_out.hpp"
#include "cli/finish_command.hpp"
#include "cli/numbered.hpp"
#include "record/end_signals.hpp"
#include "record/event_recorder.hpp"

namespace rcuscope {

namespace {

// Starts a program with default signal handling and with the capture as its only descriptor beside the standard ones.
// The program gets its own process group, so that Ctrl-C in a terminal ends the recording and not the program. Returns
// 0 or an errno.
int start(const std::string& program, const std::vector<std::string>& arguments, int capture, pid_t& pid) {
    std::vector<char*> words;
    words.reserve(arguments.size() + 1);
    for (const std::string& word : arguments)
        words.push_back(const_cast<char*>(word.c_str())); // posix_spawn() does not write to them
    words.push_back(nullptr);
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_init(&actions);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
        ::sigaddset(&signals, signal);
    ::posix_spawnattr_setsigdefault(&attributes, &signals);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    // This process opens its descriptors with O_CLOEXEC. closefrom closes those that its parent left open.
    ::posix_spawn_file_actions_adddup2(&actions, capture, capture_descriptor);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, capture_descriptor + 1);
    const int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    return error;
}

// Whether the file exists, or a .part file that a killed recorder has left.
bool is_there(const std::string& path) {
    std::error_code none;
    for (const char* ending : {"", ".part", ".rcu.part"})
        if (std::filesystem::exists(std::filesystem::symlink_status(path + ending, none)))
            return true;
    return false;
}

} // namespace

Result<CaptureDestination> NumberedOutputs::next() {
    std::vector<std::string> paths;
    bool taken = true;
    while (taken) {
        number_++;
        taken = false;
        paths.clear();
        for (const OutputTarget& output : request_.outputs) {
            paths.push_back(numbered(output.path(), number_));
            taken = taken || (paths.back() != output.path() && is_there(paths.back()));
        }
    }
    auto outputs = resolve_outputs(paths, {});
    if (!outputs)
        return tl::unexpected(outputs.error());
    outputs_ = std::move(*outputs);
    return capture_place(outputs_);
}

void NumberedOutputs::written(CaptureWriter& capture) {
    FinishRequest request = request_;
    request.outputs = outputs_;
    const bool temporary = request.exports().size() == request.outputs.size();
    const std::string path = capture.path();
    pid_t pid = 0;
    if (const int error = start(program_, finish_arguments(request, path, temporary), capture.fd(), pid); error != 0) {
        failed_ = true;
        StandardError() << "rcuscope: cannot start a process to finish " << path << ": " << errno_text(error)
                        << "\n  hint: rcuscope info " << shell_word(path) << "\n";
        return;
    }
    finishers_.push_back(pid);
    EndSignals::add_helper(pid, at_once_text(path, paths_of(request.exports())));
}

ExitCode NumberedOutputs::finish() {
    int worst = static_cast<int>(failed_ ? ExitCode::does_not_hold : ExitCode::done);
    for (const pid_t pid : finishers_) {
        // WNOWAIT keeps the zombie until remove_helper(). The kernel may reuse the pid of a reaped process, and the
        // second signal would then kill another process.
        siginfo_t info{};
        while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
        }
        EndSignals::remove_helper(pid);
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        worst = std::max(worst, WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ExitCode::does_not_hold));
    }
    finishers_.clear();
    return static_cast<ExitCode>(worst);
}

} // namespace rcuscope
