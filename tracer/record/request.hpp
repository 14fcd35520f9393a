// SPDX-License-Identifier: BSD-2-Clause
//
// The request for a recording: the part that both modes have.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernel/module_file.hpp"
#include "probes/hooks.hpp"
#include "probes/reader_functions.hpp"
#include "record/end_signals.hpp"
#include "review/reading.hpp"

namespace rcuscope {

// The BPF programs send events (event_recorder.hpp), or count (summary_recorder.hpp).
enum class RecordMode { events, summary };

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
    std::uint32_t ring_bytes = 0; // bytes of each CPU's ring; in summary mode: of the table of queueing times
    bool stacks = false;          // record stacks where callbacks are queued and where tasks wait
    bool stats = false;           // measure what the recording costs
    bool progress = false;        // a status line on stderr
    std::vector<EndSignals::FileName> earlier; // earlier files of the outputs' names; a second signal removes them
    std::string tool_version;                  // written to the metadata
};

} // namespace rcuscope
