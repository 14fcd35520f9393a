// SPDX-License-Identifier: BSD-2-Clause
//
// A whole recording: places the probes, runs the command, drains the rings into a capture, and removes the probes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "capture/kernel_summary.hpp"
#include "capture/metadata.hpp"
#include "kernel/module_file.hpp"
#include "probes/hooks.hpp"
#include "probes/reader_functions.hpp"
#include "record/end_signals.hpp"
#include "record/flight_recorder.hpp"
#include "review/reading.hpp"

namespace rcuscope {

struct RecordRequest {
    std::vector<ModuleFile> modules;               // to follow
    std::map<std::string, OtherWaits> other_waits; // by name of the module, as far as known
    std::vector<std::string> functions;            // patterns: functions whose calls are recorded
    ReaderFunctions reader_functions;              // functions whose calls are read-side sections
    std::vector<std::string> command;              // empty: records until another end condition
    bool all_callbacks = false;
    bool until_unload = false;
    std::optional<Way> via;
    std::chrono::nanoseconds linger{};
    std::optional<std::chrono::nanoseconds> duration;
    bool summary = false;         // count in the kernel: no events, and no capture
    std::uint32_t ring_bytes = 0; // bytes of each CPU's ring; with `summary`: of the table of queueing times
    bool stacks = false;          // record stacks where callbacks are queued and where tasks wait
    bool stats = false;           // measure what the recording costs
    bool progress = false;        // a status line on stderr
    CaptureDestination capture;   // the file to write
    std::optional<FlightRecorderRequest> catching; // set: keep only the last seconds
    std::vector<std::string> exports;              // paths of exports to write later, for the text of the second signal
    std::vector<EndSignals::FileName> earlier;     // earlier files of these names; a second signal removes them
    std::string tool_version;                      // written to the capture
};

// The result of a recording that counts in the kernel.
struct CountedRecording {
    Metadata metadata;
    Trailer trailer;
    KernelSummary counts;
};

struct RecordOutcome {
    bool began = true; // false if a signal came before the recording began: nothing is recorded
    std::optional<int> command_status;
    std::string end_reason;
    std::optional<CaptureWriter> capture;      // finished; empty if no trigger fired, or with several files
    std::optional<CountedRecording> counted{}; // set with RecordRequest::summary
};

// The text of the second signal: which exports are not written, and the command that makes them from this capture.
std::string at_once_text(const std::string& capture, const std::vector<std::string>& exports);

// Every probe is removed when this returns, on every path. A capture gets its final name only on success; an earlier
// file of that name stays until then. If the recording fails later, its records stay in the file under the temporary
// name, which the error gives. If it fails before anything is recorded, no file is left.
Result<RecordOutcome> record(const RecordRequest& request, const EndSignals& signals);

} // namespace rcuscope
