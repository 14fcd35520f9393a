// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommands. Each add_...() adds one to the command line (CLI11); the subcommand stores its outcome in `result`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace rcuscope {

// The outcome of a subcommand: an exit code, or an error to print.
using Outcome = Result<ExitCode>;

void add_record(CLI::App& app, Outcome& result);
void add_export(CLI::App& app, Outcome& result);
void add_open(CLI::App& app, Outcome& result);
void add_info(CLI::App& app, Outcome& result);
void add_report(CLI::App& app, Outcome& result);
void add_summarize(CLI::App& app, Outcome& result);
void add_check(CLI::App& app, Outcome& result);
void add_review(CLI::App& app, Outcome& result);
void add_doctor(CLI::App& app, Outcome& result);

// Adds an option that may be given more than once and takes one value each time. CLI11's list options take all values
// that follow, and so also files that are meant as positional arguments.
CLI::Option* add_repeatable(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                            const std::string& about);

// Prints "rcuscope: WHAT: WHY" and the hint on stderr. Returns the exit code.
int report_error(const Error& error);

std::string version_text();

} // namespace rcuscope
