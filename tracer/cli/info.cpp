// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommand `info`: prints what a recording contains, as text (info_text.hpp) or JSON.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json_text.hpp"
#include "base/whole_file.hpp"
#include "cli/cli.hpp"
#include "cli/hazard_options.hpp"
#include "cli/info_text.hpp"
#include "cli/outputs.hpp"

namespace rcuscope {

namespace {

constexpr std::array<std::string_view, 2> info_endings{".txt", ".json"};

struct InfoArguments {
    std::string capture;
    std::vector<std::string> outputs;
    bool json = false;
    HazardLimits limits;
};

// Gives only the number of the callbacks or sections concerned in the recording. `rcuscope export` lists them.
nlohmann::ordered_json hazards_json(const std::vector<Hazard>& hazards) {
    auto rows = nlohmann::ordered_json::array();
    for (const Hazard& hazard : hazards) {
        rows.push_back(
            {{"kind", hazard.kind},
             {"severity", hazard.severity},
             {"module", hazard.module.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(hazard.module)},
             {"at_ns", hazard.at},
             {"count", std::max(hazard.callbacks.size(), hazard.read_sections.size())},
             {"text", hazard.text}});
    }
    return rows;
}

void print_json(const LoadedTimeline& loaded, std::ostream& to) {
    const Timeline& timeline = loaded.timeline;
    const Statistics& numbers = loaded.analysis.statistics;
    const CallbackStatistics& callbacks = numbers.all_callbacks;
    nlohmann::ordered_json out;
    out["schema"] = "rcuscope.info/1";
    out["kernel"] = timeline.host.kernel;
    out["cpus"] = timeline.host.cpus;
    out["duration_ns"] = timeline.capture.end;
    out["complete"] = timeline.capture.complete;
    out["end_reason"] = timeline.capture.end_reason;
    out["command"] = timeline.capture.command;
    out["followed"] = timeline.capture.followed;
    out["file"] = {{"bytes", loaded.extent.file_bytes},
                   {"valid_bytes", loaded.extent.valid_bytes},
                   {"event_bytes", loaded.extent.event_bytes},
                   {"cut", loaded.extent.cut_reason.empty() ? nlohmann::ordered_json()
                                                            : nlohmann::ordered_json(loaded.extent.cut_reason)}};
    out["grace_periods"] = timeline.grace_periods.size();
    out["callbacks"] = {{"queued", callbacks.queued},
                        {"done", callbacks.done},
                        {"pending", callbacks.pending},
                        {"unknown", callbacks.unknown}};
    out["read_sections"] = timeline.read_sections.size();
    out["waits"] = timeline.waits.size();
    out["function_calls"] = timeline.function_calls.size();
    out["hazards"] = hazards_json(loaded.analysis.hazards);
    out["lost"] = numbers.lost();
    to << JsonText(out, 2).text() << "\n";
}

Outcome run_info(const InfoArguments& arguments) {
    if (auto fine = check_endings(arguments.outputs, info_endings, arguments.json ? "--json" : ""); !fine)
        return tl::unexpected(fine.error());
    auto targets = resolve_outputs(arguments.outputs, {arguments.capture});
    if (!targets)
        return tl::unexpected(targets.error());
    Outputs outputs(std::move(*targets));
    auto loaded = load_timeline(arguments.capture, arguments.limits);
    if (!loaded)
        return outputs.give_up(loaded.error());
    const Recording::Binding bound(*loaded->recording);
    const auto print = [&](std::string_view ending, std::ostream& out) {
        if (ending == ".json")
            print_json(*loaded, out);
        else
            print_info(arguments.capture, *loaded, out);
    };
    if (auto written = write_forms(outputs, info_endings, print); !written)
        return tl::unexpected(written.error());
    if (arguments.json || arguments.outputs.empty())
        if (auto printed = write_to_stdout([&](std::ostream& out) { print(arguments.json ? ".json" : ".txt", out); });
            !printed)
            return tl::unexpected(printed.error());
    return ExitCode::done;
}

} // namespace

void add_info(CLI::App& app, Outcome& result) {
    auto* command = app.add_subcommand("info", "Show what is in a recording");
    auto arguments = std::make_shared<InfoArguments>();
    command->add_option("CAPTURE", arguments->capture, "The recording (.rcu)")->required();
    command->add_flag("--json", arguments->json, "Print JSON (schema rcuscope.info/1)");
    add_output_option(*command, arguments->outputs, info_endings);
    add_hazard_limits(*command, arguments->limits);
    command->footer("Examples:\n"
                    "  rcuscope info run.rcu\n"
                    "  rcuscope info run.rcu --json | jq .callbacks\n"
                    "  rcuscope info run.rcu -o run.txt -o run-info.json\n"
                    "  rcuscope info run.rcu --long-reader 100ms --callback-flood 1000");
    command->callback([arguments, &result] { result = run_info(*arguments); });
}

} // namespace rcuscope
