// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"

#include "base/text_out.hpp"

namespace rcuscope {

std::string version_text() {
    return RCUSCOPE_VERSION;
}

CLI::Option* add_repeatable(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                            const std::string& about) {
    return command.add_option(name, values, about)->expected(1)->take_all()->allow_extra_args(false);
}

int report_error(const Error& error) {
    StandardError out;
    out << "rcuscope: ";
    out.lines(error.what + ": " + error.why) << "\n";
    if (!error.hint.empty())
        out << "  hint: " << error.hint << "\n";
    return static_cast<int>(error.code);
}

} // namespace rcuscope
