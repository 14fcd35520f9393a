// SPDX-License-Identifier: BSD-2-Clause
//
// A recording of events: drains the rings into a capture, at once or when a trigger fires (flight_recorder.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "capture/writer.hpp"
#include "record/end_signals.hpp"
#include "record/flight_recorder.hpp"
#include "record/request.hpp"

namespace rcuscope {

struct EventOutput {
    CaptureDestination capture;                           // the file to write
    std::optional<FlightRecorderRequest> flight_recorder; // set: keep only the last seconds
    std::vector<std::string> exports; // paths of exports to write later, for the text of the second signal
};

struct EventRecording {
    std::optional<int> command_status;
    std::string end_reason;
    std::optional<CaptureWriter> capture; // finished; empty if no trigger fired, or with several files
};

// The text of the second signal: which exports are not written, and the command that makes them from this capture.
std::string at_once_text(const std::string& capture, const std::vector<std::string>& exports);

// Returns nothing if a signal came before the recording began. Every probe is removed when this returns, on every path.
// A capture gets its final name only on success; an earlier file of that name stays until then. If the recording fails
// later, its records stay in the file under the temporary name, which the error gives. If it fails before anything is
// recorded, no file is left.
Result<std::optional<EventRecording>> record_events(const RecordRequest& request, const EventOutput& output,
                                                    const EndSignals& signals);

} // namespace rcuscope
