// SPDX-License-Identifier: BSD-2-Clause
//
// What `record` is asked to wait for.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "record/catcher.hpp"

namespace rcuscope {

struct CatchArguments {
    std::string keep_last;
    std::vector<std::string> triggers;
    std::vector<std::string> stops;
    std::uint64_t keep_memory_mib = 256;
    std::uint32_t max_files = 10;
};

void add_catch_options(CLI::App& command, CatchArguments& arguments);

// Nothing if everything is to be kept. `follows`: a module is.
Result<std::optional<CatchRequest>> catch_request(const CatchArguments& arguments, bool follows);

} // namespace rcuscope
