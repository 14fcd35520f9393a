// SPDX-License-Identifier: BSD-2-Clause
#include "cli/finish.hpp"

#include <algorithm>

#include "base/text_out.hpp"
#include "cli/firing.hpp"
#include "cli/hazard_options.hpp"
#include "cli/load.hpp"
#include "cli/summary.hpp"

namespace rcuscope {

namespace {

void say_what_there_is(const FinishRequest& request, const Timeline& timeline, bool whole) {
    StandardError out;
    print_firing(timeline, out);
    if (whole)
        print_summary(timeline, out);
    out << "Written:";
    for (const OutputTarget& output : request.outputs)
        out << " " << output.path();
    out << "\n";
}

} // namespace

bool is_capture(const std::string& path) {
    return path.ends_with(".rcu");
}

CapturePlace capture_place(const std::vector<OutputTarget>& outputs) {
    for (const OutputTarget& output : outputs)
        if (is_capture(output.path()))
            return {output, false};
    for (const OutputTarget& output : outputs)
        if (output.is_file())
            return {output.beside(".rcu"), true};
    return {std::nullopt, true};
}

Outcome finish_recording(const FinishRequest& request, CaptureWriter& capture, bool whole) {
    const auto asked_for = [](const OutputTarget& output) { return is_capture(output.path()); };
    // What went into a pipe is not here any more; and reading a large recording takes long.
    if (!capture.is_file() || (request.quiet && request.fail_on.empty() && !request.strict &&
                               std::ranges::all_of(request.outputs, asked_for)))
        return ExitCode::done;
    auto loaded = load_timeline(capture.read_back(), request.limits);
    if (!loaded)
        return tl::unexpected(capture.with_what_is_left(loaded.error()));
    for (const OutputTarget& output : request.outputs)
        if (!asked_for(output))
            if (auto written = export_timeline(loaded->timeline, request.options, output); !written)
                return tl::unexpected(capture.with_what_is_left(written.error()));
    if (std::ranges::none_of(request.outputs, asked_for))
        capture.discard();
    if (!request.quiet)
        say_what_there_is(request, loaded->timeline, whole);
    const auto reason = reason_to_fail(loaded->timeline.hazards, request.fail_on);
    if (reason)
        StandardError() << "rcuscope: " << *reason << "\n";
    if (request.strict && !loaded->timeline.capture.lost.empty()) {
        StandardError() << "rcuscope: records were lost (--strict): a larger --buffer may help\n";
        return ExitCode::does_not_hold;
    }
    return reason ? ExitCode::does_not_hold : ExitCode::done;
}

} // namespace rcuscope
