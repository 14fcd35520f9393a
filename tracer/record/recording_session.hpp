// SPDX-License-Identifier: BSD-2-Clause
//
// The part that all recordings have in common, whatever they keep: probes, the command, the window, the end conditions,
// and what the recording itself costs. Its users are the recorders of both modes (event_recorder.hpp,
// summary_recorder.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "capture/metadata.hpp"
#include "probes/session.hpp"
#include "record/child.hpp"
#include "record/end_signals.hpp"
#include "record/probe_setup.hpp"
#include "record/request.hpp"
#include "record/status_line.hpp"

namespace rcuscope {

// Call the functions in the order in which they stand here. The window is the time that is recorded: from open() to
// close_window(). The destructor removes all probes.
class RecordingSession {
public:
    // Both references must outlive the object.
    RecordingSession(RecordMode mode, const RecordRequest& request, const EndSignals& signals)
        : request_(request), signals_(signals), status_(request.progress), probe_setup_(mode) {}
    RecordingSession(const RecordingSession&) = delete;
    RecordingSession& operator=(const RecordingSession&) = delete;
    ~RecordingSession() = default;

    // Places the probes, opens the window and fills in metadata(). Returns false if a signal came before the window was
    // open: the recording has not begun.
    Result<bool> open();
    // Starts the command, if there is one, and the clock of --duration.
    Status start_command();

    // Longest wait() when nothing wakes the recorder.
    static constexpr std::chrono::milliseconds longest_wait{50};
    // Waits until programs of the kernel wake the recorder, the command ends, a signal comes or the time is over.
    Status wait(std::chrono::milliseconds limit);
    // Decides whether the recording ends. Call it after each wait(), once the kernel's data was taken. `reason`: why
    // the recorder itself ends it; empty: it does not.
    void check_end(const std::string& reason);
    // Why the recording is over; empty while it goes on.
    const std::string& end_reason() const { return end_reason_; }
    // `bytes`: kept so far.
    void show_progress(std::uint64_t bytes);

    // Returns the time at which the window closes. The recorder drops everything later.
    Result<std::uint64_t> close_window();
    // Reads the programs' counts for the trailer. Call it soon after close_window().
    void read_counts();
    // Detaches the programs. Data of programs that were interrupted may still come.
    void detach();
    // Removes the probes in modules. Returns the trailer, which is then complete.
    Result<Trailer> finish();
    // Frees the programs and their maps.
    void unload() { probe_setup_.unload(); }

    const Metadata& metadata() const { return metadata_; }
    // Valid from open() to unload().
    BpfSession& bpf() { return probe_setup_.session(); }
    ThisKernel& kernel() { return probe_setup_.kernel(); }
    const AttachPlan& plan() const { return probe_setup_.plan(); }
    StatusLine& status() { return status_; }
    std::optional<int> command_status() const { return command_status_; }

private:
    using Clock = std::chrono::steady_clock;

    Status look() { return probe_setup_.look(request_); }
    Status place();
    Status open_window();
    void describe_window();
    RunStats run_stats();
    std::string why_to_end();
    bool waits_for_command() const { return child_ && !command_status_; }

    const RecordRequest& request_;
    const EndSignals& signals_;
    StatusLine status_;
    Metadata metadata_;
    ProbeSetup probe_setup_;
    std::optional<Child> child_;

    std::optional<int> command_status_;
    Clock::time_point started_;
    std::optional<Clock::time_point> lingering_since_;
    std::uint64_t linger_target_ = 0; // callbacks queued when lingering began
    std::string end_reason_;

    Fd measuring_; // with --stats: the kernel measures run times while this is open
    // When the window opened.
    RunStats stats_before_;
    std::vector<ProbeHits> hits_before_;
    SequencesAt opened_;
    CallbackLosses lost_before_;
    // When it closed.
    SequencesAt closed_;
    Trailer trailer_;
};

} // namespace rcuscope
