// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/digest_json.hpp"
#include "base/whole_file.hpp"
#include "cli/cli.hpp"
#include "cli/hazard_options.hpp"
#include "cli/load.hpp"

namespace rcuscope {

namespace {

struct SummarizeArguments {
    std::string capture;
    std::string output = "-";
    HazardLimits limits;
};

Outcome run_summarize(const SummarizeArguments& arguments) {
    auto loaded = load_numbers(arguments.capture, arguments.limits);
    if (!loaded)
        return tl::unexpected(loaded.error());
    const Digest digest = digest_of(loaded->timeline, loaded->numbers, version_text());
    if (auto written = write_whole(arguments.output, [&](std::ostream& out) { write_digest(digest, out); }); !written)
        return tl::unexpected(written.error());
    return ExitCode::done;
}

} // namespace

void add_summarize(CLI::App& app, Outcome& result) {
    auto* command = app.add_subcommand("summarize", "Write a recording's distributions, to compare others with");
    auto arguments = std::make_shared<SummarizeArguments>();
    command->add_option("CAPTURE", arguments->capture, "The recording (.rcu)")->required();
    command->add_option("-o,--output", arguments->output, "Where to (schema rcuscope.summary/1); - is standard output")
        ->type_name("FILE")
        ->capture_default_str();
    add_hazard_limits(*command, arguments->limits);
    command->footer("It holds how long grace periods, callbacks, readers and waits took, what was counted, and what\n"
                    "machine it was: some kilobytes, whatever the recording's size, with percentiles to 0.8 %.\n\n"
                    "Examples:\n"
                    "  rcuscope summarize run.rcu -o base.json\n"
                    "  rcuscope summarize run.rcu | jq '.durations.gp.max_ns'");
    command->callback([arguments, &result] { result = run_summarize(*arguments); });
}

} // namespace rcuscope
