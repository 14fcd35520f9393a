// SPDX-License-Identifier: BSD-2-Clause
//
// The options about hazards that several subcommands share.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analysis/hazards.hpp"

namespace rcuscope {

// Adds --long-reader and --callback-flood.
void add_hazard_limits(CLI::App& command, HazardLimits& limits);

// Adds --fail-on: "hazard" for any hazard, or the lowest severity that counts. Empty: no hazard counts.
void add_fail_on(CLI::App& command, std::string& fail_on);

// Why a recording with these hazards fails the check, or nothing if it passes: "2 hazards were found: 1 fatal, 1 latent
// (--fail-on latent)".
std::optional<std::string> reason_to_fail(const std::vector<Hazard>& hazards, const std::string& fail_on);

} // namespace rcuscope
