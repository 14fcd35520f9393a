// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommand `export`: converts a recording to other formats (export/exporter.hpp).
#include "cli/cli.hpp"
#include "cli/hazard_options.hpp"
#include "cli/load.hpp"
#include "cli/outputs.hpp"
#include "export/exporter.hpp"

namespace rcuscope {

namespace {

struct ExportArguments {
    std::string capture;
    std::vector<std::string> outputs;
    ExportOptions options;
    HazardLimits limits;
};

Outcome run_export(const ExportArguments& arguments) {
    // Reports a name without a known format before any work.
    for (const std::string& output : arguments.outputs)
        if (auto format = format_for_file(output); !format)
            return tl::unexpected(format.error());
    auto targets = resolve_outputs(arguments.outputs, {arguments.capture});
    if (!targets)
        return tl::unexpected(targets.error());
    Outputs outputs(std::move(*targets));
    auto loaded = load_timeline(arguments.capture, arguments.limits);
    if (!loaded)
        return outputs.give_up(loaded.error());
    const Recording::Binding bound(*loaded->recording);
    const Status written = outputs.write([&](const OutputTarget& target) {
        return export_timeline(loaded->timeline, loaded->analysis, arguments.options, target);
    });
    return written.map([] { return ExitCode::done; });
}

} // namespace

void add_export(CLI::App& app, Outcome& result) {
    auto* command = app.add_subcommand("export", "Write a recording's timeline in another format");
    auto arguments = std::make_shared<ExportArguments>();
    command->add_option("CAPTURE", arguments->capture, "The recording (.rcu)")->required();
    std::string formats = "The file to write; its ending selects the format:";
    for (const ExportFormat& format : export_formats())
        formats += " " + std::string(format.ending) + " (" + std::string(format.about) + ")";
    add_repeatable(*command, "-o,--output", arguments->outputs, formats + "; may be given more than once")->required();
    command->add_flag("--addresses", arguments->options.addresses,
                      "Include kernel addresses, which are a secret of the machine");
    add_hazard_limits(*command, arguments->limits);
    command->footer("Examples:\n"
                    "  rcuscope export run.rcu -o run.json\n"
                    "  rcuscope export run.rcu -o run.pftrace -o run.chrome.json\n"
                    "  rcuscope export run.rcu -o run.html\n"
                    "Open a .pftrace in https://ui.perfetto.dev: your browser reads it and sends it nowhere.");
    command->callback([arguments, &result] { result = run_export(*arguments); });
}

} // namespace rcuscope
