// SPDX-License-Identifier: BSD-2-Clause
#include "cli/finish.hpp"

#include <algorithm>
#include <iostream>
#include <sstream>

#include "cli/firing.hpp"
#include "cli/hazard_options.hpp"
#include "cli/load.hpp"
#include "cli/summary.hpp"

namespace rcuscope {

namespace {

std::string text_of(const FinishRequest& request, const Timeline& timeline, bool whole) {
    std::ostringstream text;
    print_firing(timeline, text);
    if (whole)
        print_summary(timeline, text);
    text << "Written:";
    for (const std::string& output : request.outputs)
        text << " " << output;
    text << "\n";
    return text.str();
}

} // namespace

bool is_capture(const std::string& path) {
    return path.ends_with(".rcu");
}

Outcome finish_recording(const FinishRequest& request, const std::string& capture, bool whole) {
    // Reading a large recording takes long.
    if (request.quiet && request.fail_on.empty() && !request.strict &&
        std::all_of(request.outputs.begin(), request.outputs.end(), is_capture))
        return ExitCode::done;
    auto loaded = load_timeline(capture, request.limits);
    if (!loaded)
        return tl::unexpected(loaded.error());
    for (const std::string& output : request.outputs)
        if (!is_capture(output))
            if (auto written = export_timeline(loaded->timeline, request.options, output); !written)
                return tl::unexpected(written.error());
    // At once: others may write to the terminal, too.
    if (!request.quiet)
        std::cerr << text_of(request, loaded->timeline, whole) << std::flush;
    const auto reason = reason_to_fail(loaded->timeline.hazards, request.fail_on);
    if (reason)
        std::cerr << "rcuscope: " + *reason + "\n";
    if (request.strict && !loaded->timeline.capture.lost.empty()) {
        std::cerr << "rcuscope: records were lost (--strict): a larger --buffer may help\n";
        return ExitCode::does_not_hold;
    }
    return reason ? ExitCode::does_not_hold : ExitCode::done;
}

} // namespace rcuscope
