// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommand `summarize`: writes the digest of a recording as JSON (docs/summary.schema.json), for `check`.
#include <array>

#include "analysis/digest_json.hpp"
#include "cli/cli.hpp"
#include "cli/hazard_options.hpp"
#include "cli/load.hpp"
#include "cli/outputs.hpp"

namespace rcuscope {

namespace {

constexpr std::array<std::string_view, 1> summary_endings{".json"};

struct SummarizeArguments {
    std::string capture;
    std::vector<std::string> outputs;
    HazardLimits limits;
};

Outcome run_summarize(const SummarizeArguments& arguments) {
    if (auto fine = check_endings(arguments.outputs, summary_endings); !fine)
        return tl::unexpected(fine.error());
    auto targets = resolve_outputs(arguments.outputs.empty() ? std::vector<std::string>{"-"} : arguments.outputs,
                                   {arguments.capture});
    if (!targets)
        return tl::unexpected(targets.error());
    Outputs outputs(std::move(*targets));
    auto loaded = load_timeline(arguments.capture, arguments.limits);
    if (!loaded)
        return outputs.give_up(loaded.error());
    const Recording::Binding bound(*loaded->recording);
    const Digest digest = digest_of(loaded->timeline, loaded->analysis, version_text());
    const auto write = [&](std::string_view, std::ostream& out) { write_digest(digest, out); };
    if (auto written = write_forms(outputs, summary_endings, write); !written)
        return tl::unexpected(written.error());
    return ExitCode::done;
}

} // namespace

void add_summarize(CLI::App& app, Outcome& result) {
    auto* command =
        app.add_subcommand("summarize", "Write a recording's distributions, for comparisons with other recordings");
    auto arguments = std::make_shared<SummarizeArguments>();
    command->add_option("CAPTURE", arguments->capture, "The recording (.rcu)")->required();
    add_output_option(*command, arguments->outputs, summary_endings);
    add_hazard_limits(*command, arguments->limits);
    command->footer("Writes JSON (schema rcuscope.summary/1): the durations of grace periods, callbacks, readers and "
                    "waits, counts,\nand the machine's settings. The file has some kilobytes for a recording of any "
                    "size; percentiles are exact to 0.8 %.\n\n"
                    "Examples:\n"
                    "  rcuscope summarize run.rcu -o base.json\n"
                    "  rcuscope summarize run.rcu | jq '.durations.gp.max_ns'");
    command->callback([arguments, &result] { result = run_summarize(*arguments); });
}

} // namespace rcuscope
