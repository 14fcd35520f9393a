// SPDX-License-Identifier: BSD-2-Clause
//
// The options of `record` for triggers: keep the last seconds in memory, and write them when a trigger fires.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "record/flight_recorder.hpp"

namespace rcuscope {

struct FlightRecorderArguments {
    std::string keep_last;
    std::vector<std::string> triggers;
    std::vector<std::string> stops;
    std::uint64_t keep_memory_mib = 256;
    std::uint32_t max_files = 10;
};

void add_flight_recorder_options(CLI::App& command, FlightRecorderArguments& arguments);

// Returns nothing if the options ask for no trigger and no limit, so that the recording keeps everything. `follows`:
// whether a module is followed, which some triggers need. Errors are ExitCode::bad_input.
Result<std::optional<FlightRecorderRequest>> flight_recorder_request(const FlightRecorderArguments& arguments,
                                                                     bool follows);

} // namespace rcuscope
