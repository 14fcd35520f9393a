// SPDX-License-Identifier: BSD-2-Clause
//
// Subcommands: each adds itself to the program's command line and leaves what
// it came to in `result`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace rcuscope {

// What a subcommand came to: an exit code, or an error to print.
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

// An option that may be given more than once, and takes one value each time: CLI11's options of a list take all
// values that follow, and with them the files that were meant for something else.
CLI::Option* add_repeatable(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                            const std::string& about);

// "rcuscope: WHAT: WHY" and the hint, on stderr; returns the exit code.
int report_error(const Error& error);

std::string version_text();

} // namespace rcuscope
