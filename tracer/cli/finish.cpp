// SPDX-License-Identifier: BSD-2-Clause
#include "cli/finish.hpp"

#include <algorithm>
#include <iterator>

#include "base/text_out.hpp"
#include "cli/firing.hpp"
#include "cli/hazard_options.hpp"
#include "cli/load.hpp"
#include "cli/outputs.hpp"
#include "report/summary.hpp"

namespace rcuscope {

namespace {

void say_what_there_is(const FinishRequest& request, const LoadedTimeline& loaded, bool whole) {
    StandardError message;
    TextOut& out = message;
    print_firing(loaded.timeline, loaded.analysis, out);
    if (whole)
        print_summary(loaded.timeline, loaded.analysis, out);
    out << "Written:";
    for (const OutputTarget& output : request.outputs)
        out << " " << output.path();
    out << "\n";
}

std::string strict_text(const Statistics& numbers) {
    if (numbers.lost_records)
        return "records were lost (--strict): a larger --buffer may help";
    return std::to_string(numbers.skipped_runs) + " events were lost (--strict): the kernel skipped the programs of " +
           "their probes; another way of observation (--via) may skip fewer";
}

} // namespace

bool is_capture(const std::string& path) {
    return path.ends_with(".rcu");
}

CaptureDestination capture_place(const std::vector<OutputTarget>& outputs) {
    for (const OutputTarget& output : outputs)
        if (is_capture(output.path()))
            return {output, false};
    for (const OutputTarget& output : outputs)
        if (output.is_file())
            return {output.beside(".rcu"), true};
    return {std::nullopt, true};
}

std::vector<OutputTarget> FinishRequest::exports() const {
    std::vector<OutputTarget> made;
    std::ranges::copy_if(outputs, std::back_inserter(made),
                         [](const OutputTarget& output) { return !is_capture(output.path()); });
    return made;
}

std::vector<std::string> paths_of(const std::vector<OutputTarget>& outputs) {
    std::vector<std::string> paths;
    paths.reserve(outputs.size());
    for (const OutputTarget& output : outputs)
        paths.push_back(output.path());
    return paths;
}

Outcome finish_recording(const FinishRequest& request, CaptureWriter& capture, bool whole,
                         const NotWritten& not_written) {
    // A capture that was written to a pipe cannot be read back.
    if (!capture.is_file())
        return ExitCode::done;
    const Outcome finished = finish_capture(request, capture.read_back(), whole, not_written);
    if (!finished)
        return tl::unexpected(capture.add_partial_file_hint(finished.error()));
    if (request.exports().size() == request.outputs.size())
        capture.discard();
    return *finished;
}

Outcome finish_capture(const FinishRequest& request, Result<InputFile> capture, bool whole,
                       const NotWritten& not_written) {
    std::vector<OutputTarget> missing = request.exports();
    not_written(missing);
    // Nothing needs the contents: skips reading the capture, which takes long if it is large.
    if (request.quiet && request.fail_on.empty() && !request.strict && missing.empty())
        return ExitCode::done;
    Outputs exports(missing);
    auto loaded = load_timeline(std::move(capture), request.limits);
    if (!loaded)
        return exports.give_up(loaded.error());
    const Recording::Binding bound(*loaded->recording);
    const Status written = exports.write([&](const OutputTarget& target) {
        Status done = export_timeline(loaded->timeline, loaded->analysis, request.options, target);
        if (done)
            std::erase_if(missing, [&](const OutputTarget& each) { return each.path() == target.path(); });
        not_written(missing);
        return done;
    });
    if (!written)
        return tl::unexpected(written.error());
    if (!request.quiet)
        say_what_there_is(request, *loaded, whole);
    const auto reason = reason_to_fail(loaded->analysis.hazards, request.fail_on);
    if (reason)
        StandardError() << "rcuscope: " << *reason << "\n";
    if (request.strict && loaded->analysis.statistics.lost() > 0) {
        StandardError() << "rcuscope: " << strict_text(loaded->analysis.statistics) << "\n";
        return ExitCode::does_not_hold;
    }
    return reason ? ExitCode::does_not_hold : ExitCode::done;
}

} // namespace rcuscope
