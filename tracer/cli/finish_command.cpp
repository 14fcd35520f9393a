// SPDX-License-Identifier: BSD-2-Clause
#include "cli/finish_command.hpp"

#include <unistd.h>

#include "base/text.hpp"
#include "cli/hazard_options.hpp"

namespace rcuscope {

namespace {

constexpr const char* finish_subcommand = "finish-recording";

struct FinishArguments {
    std::string capture;
    std::vector<std::string> outputs;
    bool temporary = false;
    FinishRequest request;
};

Outcome run_finish(FinishArguments arguments) {
    auto outputs = resolve_outputs(arguments.outputs, {});
    if (!outputs)
        return tl::unexpected(outputs.error());
    arguments.request.outputs = std::move(*outputs);
    // A low priority, because the recording goes on.
    constexpr int below = 10;
    [[maybe_unused]] const int nice = ::nice(below);
    // Reads the descriptor and not the path, where another process may have put another file.
    auto opened = InputFile::of(Fd(capture_descriptor), arguments.capture);
    Outcome outcome = finish_capture(arguments.request, std::move(opened), false, [](const auto&) {});
    // A capture without a name vanishes with its last descriptor.
    if (arguments.temporary && outcome)
        if (const auto named = OutputTarget::resolve(arguments.capture))
            (void)named->remove_earlier();
    return outcome;
}

} // namespace

std::vector<std::string> finish_arguments(const FinishRequest& request, const std::string& capture, bool temporary) {
    std::vector<std::string> words{"rcuscope", finish_subcommand};
    for (const OutputTarget& output : request.outputs)
        words.push_back("--output=" + output.path());
    if (!request.fail_on.empty())
        words.push_back("--fail-on=" + request.fail_on);
    words.push_back("--long-reader=" + std::to_string(request.limits.long_reader) + "ns");
    words.push_back("--callback-flood=" + std::to_string(request.limits.callback_flood));
    for (const auto& [is, flag] :
         {std::pair(request.strict, "--strict"), std::pair(request.quiet, "--quiet"),
          std::pair(request.options.addresses, "--addresses"), std::pair(temporary, "--temporary")})
        if (is)
            words.emplace_back(flag);
    words.emplace_back("--");
    words.push_back(capture);
    return words;
}

void add_finish(CLI::App& app, Outcome& result) {
    auto* command =
        app.add_subcommand(finish_subcommand, "Finish a file of a trigger for record, in a process of its own");
    command->group(""); // hidden
    auto arguments = std::make_shared<FinishArguments>();
    FinishRequest& request = arguments->request;
    command->add_option("CAPTURE", arguments->capture, "The recording's name; it is read by descriptor 3")->required();
    add_repeatable(*command, "--output", arguments->outputs, "As with record")->required();
    add_fail_on(*command, request.fail_on);
    add_hazard_limits(*command, request.limits);
    command->add_flag("--strict", request.strict, "As with record");
    command->add_flag("--quiet", request.quiet, "As with record");
    command->add_flag("--addresses", request.options.addresses, "As with record");
    command->add_flag("--temporary", arguments->temporary,
                      "The recording itself is not an output: remove it afterwards");
    command->callback([arguments, &result] { result = run_finish(*arguments); });
}

} // namespace rcuscope
