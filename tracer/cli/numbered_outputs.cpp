// SPDX-License-Identifier: BSD-2-Clause
#include "cli/numbered_outputs.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text_out.hpp"
#include "cli/numbered.hpp"

namespace rcuscope {

namespace {

// Below everybody else, and without what keeps the recorder's probes alive.
[[noreturn]] void finish_aside(const FinishRequest& request, CaptureWriter& capture) {
    constexpr int below = 10;
    std::vector<int> kept{STDERR_FILENO, capture.fd()};
    for (const OutputTarget& output : request.outputs)
        kept.push_back(output.folder());
    std::ranges::sort(kept);
    for (std::size_t i = 0; i < kept.size(); i++) {
        const bool last = i + 1 == kept.size();
        if (last || kept[i] + 1 < kept[i + 1])
            ::close_range(static_cast<unsigned>(kept[i]) + 1, last ? ~0U : static_cast<unsigned>(kept[i + 1]) - 1, 0);
    }
    [[maybe_unused]] const int nice = ::nice(below);
    const Outcome outcome = finish_recording(request, capture, false);
    ::_exit(outcome ? static_cast<int>(*outcome) : report_error(outcome.error()));
}

// A file of it, or what a recorder that was killed has left of it.
bool is_there(const std::string& path) {
    std::error_code none;
    for (const char* ending : {"", ".part", ".rcu.part"})
        if (std::filesystem::exists(std::filesystem::symlink_status(path + ending, none)))
            return true;
    return false;
}

} // namespace

Result<CapturePlace> NumberedOutputs::next() {
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
    const pid_t pid = ::fork();
    if (pid == 0)
        finish_aside(request, capture);
    if (pid > 0)
        finishers_.push_back(pid);
    else
        StandardError() << "rcuscope: cannot finish " << capture.path() << ": " << errno_text(errno) << "\n";
}

ExitCode NumberedOutputs::finish() {
    int worst = 0;
    for (const pid_t pid : finishers_) {
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        worst = std::max(worst, WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ExitCode::cannot_here));
    }
    finishers_.clear();
    return static_cast<ExitCode>(worst);
}

} // namespace rcuscope
