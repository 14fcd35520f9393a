// SPDX-License-Identifier: BSD-2-Clause
#include "record/recording_session.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <poll.h>
#include <sys/resource.h>
#include <utility>

#include "kernel/host.hpp"
#include "record/describe.hpp"
#include "record/own_share.hpp"

namespace rcuscope {

namespace {

using namespace std::chrono_literals;

std::uint64_t nanoseconds(const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_usec) * 1'000;
}

} // namespace

Result<bool> RecordingSession::open() {
    // Each step leaves nothing behind if it fails: the destructors undo the ones before it.
    for (auto step : {&RecordingSession::look, &RecordingSession::place, &RecordingSession::open_window}) {
        if (EndSignals::came())
            return false;
        if (auto done = (this->*step)(); !done)
            return tl::unexpected(done.error());
    }
    describe_window();
    return true;
}

Status RecordingSession::place() {
    if (!request_.command.empty()) {
        auto child = Child::prepare(request_.command);
        if (!child)
            return tl::unexpected(child.error());
        child_.emplace(std::move(*child));
    }
    EndSignals::say("", "rcuscope: ended at once, before the recording began: nothing is recorded\n");
    return probe_setup_.place(request_, status_);
}

// Reads the values from which the counts of the window begin.
Status RecordingSession::open_window() {
    if (request_.stats) {
        auto measuring = BpfSession::measure_programs();
        if (!measuring)
            return tl::unexpected(measuring.error());
        measuring_ = std::move(*measuring);
        stats_before_ = run_stats();
    }
    hits_before_ = probe_setup_.hits();
    metadata_.clocks = {boottime_ns(), monotonic_ns(), realtime_ns()};
    auto opened = probe_setup_.sequences();
    if (!opened)
        return tl::unexpected(opened.error());
    opened_ = *opened;
    lost_before_ = bpf().lost_callbacks();
    return {};
}

// Fills in all metadata that is known before the command starts.
void RecordingSession::describe_window() {
    metadata_.tool_version = request_.tool_version;
    metadata_.host = kernel().host;
    metadata_.start_ns = opened_.ns;
    metadata_.sequences = if_exact(opened_);
    describe(metadata_, request_, plan());
    if (!probe_setup_.idle())
        metadata_.missing.push_back({"own share", "which of the first grace periods are the tracer's own: RCU-tasks "
                                                  "was not idle when the recording began"});
    if (const auto& sites = probe_setup_.sites()) {
        metadata_.sites = sites->sites;
        metadata_.missing.insert(metadata_.missing.end(), sites->refused.begin(), sites->refused.end());
    }
}

Status RecordingSession::start_command() {
    status_.clear();
    started_ = Clock::now();
    return child_ ? child_->go() : Status();
}

Status RecordingSession::wait(std::chrono::milliseconds limit) {
    std::array<pollfd, 3> waits{pollfd{signals_.fd(), POLLIN, 0}, pollfd{bpf().wakeup_fd(), POLLIN, 0},
                                pollfd{waits_for_command() ? child_->ended_fd() : -1, POLLIN, 0}};
    if (::poll(waits.data(), waits.size(), static_cast<int>(limit.count())) < 0) {
        if (errno == EINTR)
            return {};
        return fail(ExitCode::cannot_here, "cannot wait for events", errno_text(errno));
    }
    if (waits[2].revents & POLLIN)
        command_status_ = child_->status();
    return {};
}

void RecordingSession::check_end(const std::string& reason) {
    end_reason_ = EndSignals::came() ? "interrupted" : !reason.empty() ? reason : why_to_end();
}

std::string RecordingSession::why_to_end() {
    const auto now = Clock::now();
    if (request_.duration && now - started_ >= *request_.duration)
        return "duration over";
    if (waits_for_command())
        return "";
    const bool by_command = child_ && !request_.until_unload;
    // The kernel's counts are used, because records may be lost.
    bool all_freed = true;
    bool any_loaded = false;
    for (std::size_t i = 0; i < request_.modules.size(); i++) {
        const ModuleCounts counts = bpf().module(i);
        all_freed = all_freed && counts.freed > 0;
        any_loaded = any_loaded || counts.loaded > 0;
    }
    const bool by_unload = request_.until_unload && all_freed;
    // The command failed before it loaded a module, so no unload will come.
    const bool hopeless = request_.until_unload && child_ && *command_status_ != 0 && !any_loaded;
    if (!by_command && !by_unload && !hopeless)
        return "";
    std::string reason = hopeless ? "command failed" : by_command ? "command ended" : "module freed";
    const CallbackCounts counts = bpf().callbacks();
    if (!lingering_since_) {
        lingering_since_ = now;
        linger_target_ = counts.queued;
    }
    if (counts.done >= linger_target_)
        return reason;
    if (now - *lingering_since_ >= request_.linger)
        return reason + (bpf().losses().empty() ? "; callbacks still pending"
                                                : "; the ends of some callbacks were not recorded");
    return "";
}

void RecordingSession::show_progress(std::uint64_t bytes) {
    const auto running = Clock::now() - started_;
    if (running < 2s)
        return;
    const CallbackCounts counts = bpf().callbacks();
    status_.show("recording " + std::to_string(running / 1s) + " s: " + std::to_string(counts.queued) +
                 " callbacks queued, " + std::to_string(counts.done) + " done, " + std::to_string(bytes / 1024) +
                 " KiB" + (lingering_since_ ? "; waiting for pending callbacks" : "") + " (Ctrl-C ends)");
}

RunStats RecordingSession::run_stats() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return {bpf().program_runs(), nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime)};
}

Result<std::uint64_t> RecordingSession::close_window() {
    auto closed = probe_setup_.sequences();
    if (!closed)
        return tl::unexpected(closed.error());
    closed_ = *closed;
    return closed_.ns;
}

void RecordingSession::read_counts() {
    const CallbackLosses lost = bpf().lost_callbacks();
    trailer_ = {closed_.ns, end_reason_, command_status_, probe_setup_.hits(), {}, if_exact(closed_)};
    if (request_.stats)
        trailer_.stats = run_stats_since(stats_before_, run_stats());
    measuring_.reset();
    trailer_.lost_callbacks = {lost.queued - lost_before_.queued, lost.invoked - lost_before_.invoked,
                               lost.done - lost_before_.done};
    for (std::size_t i = 0; i < trailer_.hits.size(); i++) {
        trailer_.hits[i].hits -= hits_before_[i].hits;
        trailer_.hits[i].missed -= hits_before_[i].missed;
    }
}

void RecordingSession::detach() {
    status_.show("removing probes");
    bpf().detach();
}

Result<Trailer> RecordingSession::finish() {
    trailer_.lost = bpf().losses();
    if (auto refused = probe_setup_.refused_at_load(); !refused.empty())
        trailer_.missing = std::move(refused);
    if (auto removed = probe_setup_.remove_sites(); !removed)
        return tl::unexpected(removed.error());
    auto after = bpf().sequences();
    if (!after)
        return tl::unexpected(after.error());
    trailer_.own_share = own_share(probe_setup_.before(), opened_, closed_, *after);
    return std::move(trailer_);
}

} // namespace rcuscope
