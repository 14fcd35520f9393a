// SPDX-License-Identifier: BSD-2-Clause
//
// A recording: probes in, command run, buffers drained into a capture file,
// probes out.
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
#include "record/catcher.hpp"
#include "record/end_signals.hpp"
#include "review/reading.hpp"

namespace rcuscope {

struct RecordRequest {
    std::vector<ModuleFile> modules;               // to follow
    std::map<std::string, OtherWaits> other_waits; // of these, by name, as far as they are known
    std::vector<std::string> functions;            // patterns of their functions to follow
    ReaderFunctions reader_functions;              // and of those whose calls are read-side sections
    std::vector<std::string> command;              // none: records until it is ended otherwise
    bool all_callbacks = false;
    bool until_unload = false;
    std::optional<Way> via;
    std::chrono::nanoseconds linger{};
    std::optional<std::chrono::nanoseconds> duration;
    bool summary = false;                 // count in the kernel: no events, and no capture
    std::uint32_t ring_bytes = 0;         // of each CPU; where nothing is sent, of when its callbacks were queued
    bool stacks = false;                  // of who queues callbacks and who waits
    bool stats = false;                   // measure what the recording costs
    bool progress = false;                // a status line on stderr
    CapturePlace capture;                 // the file to write
    std::optional<CatchRequest> catching; // only the last seconds are kept
    std::vector<std::string> exports;     // other formats that are to be made of the capture: named if they cannot be
    std::vector<EndSignals::FileName> earlier; // files of their names, which a second signal removes
    std::string tool_version;                  // goes into the file
};

// What was counted in the kernel.
struct CountedRecording {
    Metadata metadata;
    Trailer trailer;
    KernelSummary counts;
};

struct RecordOutcome {
    bool began = true; // not if a signal came before: then nothing is recorded
    std::optional<int> command_status;
    std::string end_reason;
    std::optional<CaptureWriter> capture;      // finished; none if what was waited for did not happen
    std::optional<CountedRecording> counted{}; // RecordRequest::summary
};

// The text of the second signal: what is not written, and how to make it of this capture.
std::string at_once_text(const std::string& capture, const std::vector<std::string>& exports);

// Every probe is gone when this returns, however it ends. A capture has its name only if it succeeds; an earlier file
// of that name stays until then. What was recorded before it failed is kept by the name that it had so far, which the
// error tells. If it failed before anything was recorded, nothing is left.
Result<RecordOutcome> record(const RecordRequest& request, const EndSignals& signals);

} // namespace rcuscope
