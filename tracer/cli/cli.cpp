// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"

#include <iostream>

#include "base/file.hpp"
#include "base/text.hpp"

namespace rcuscope {

namespace {

std::string printable_lines(const std::string& text) {
    std::string shown;
    for (const std::string_view line : split_lines(text))
        shown += (shown.empty() ? "" : "\n") + printable(line);
    return shown;
}

} // namespace

std::string version_text() {
    return RCUSCOPE_VERSION;
}

CLI::Option* add_repeatable(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                            const std::string& about) {
    return command.add_option(name, values, about)->expected(1)->take_all()->allow_extra_args(false);
}

int report_error(const Error& error) {
    // Names from files and kernels are among the words. Lines are the error's own.
    std::cerr << "rcuscope: " << printable_lines(error.what + ": " + error.why) << "\n";
    if (!error.hint.empty())
        std::cerr << "  hint: " << printable(error.hint) << "\n";
    return static_cast<int>(error.code);
}

} // namespace rcuscope
