// SPDX-License-Identifier: BSD-2-Clause
#include "cli/outputs.hpp"

#include <algorithm>
#include <utility>

#include "base/text_out.hpp"
#include "base/whole_file.hpp"
#include "cli/cli.hpp"

namespace rcuscope {

namespace {

void add_name(std::string& list, const std::string& name) {
    list += (list.empty() ? "" : ", ") + name;
}

} // namespace

Result<std::string_view> ending_of(std::string_view path, std::span<const std::string_view> endings) {
    std::string known;
    for (const std::string_view ending : endings) {
        if (path.ends_with(ending))
            return ending;
        known += (known.empty() ? "" : ", ") + std::string(ending);
    }
    if (names_a_device(path))
        return endings.front();
    return fail(ExitCode::bad_input, "cannot write " + std::string(path),
                "the ending of the name does not select a format",
                "end the name in " + std::string(endings.size() > 1 ? "one of " : "") + known);
}

bool is_standard_output(std::string_view path) {
    return path == "-" || path == "/dev/stdout";
}

Status check_endings(std::span<const std::string> paths, std::span<const std::string_view> endings,
                     std::string_view printed) {
    for (const std::string& path : paths) {
        if (auto ending = ending_of(path, endings); !ending)
            return tl::unexpected(ending.error());
        if (!printed.empty() && is_standard_output(path))
            return fail(ExitCode::bad_input, std::string(printed) + " and -o " + path,
                        "both cannot go to standard output", "leave out one of the two");
    }
    return {};
}

void add_output_option(CLI::App& command, std::vector<std::string>& paths, std::span<const std::string_view> endings) {
    std::string about = "Write to this file; its ending selects the format: ";
    for (const std::string_view ending : endings)
        about += (ending == endings.front() ? "" : ", ") + std::string(ending);
    add_repeatable(command, "-o,--output", paths,
                   about + "; - is standard output; may be given more than once [standard output]")
        ->type_name("FILE");
}

std::vector<EndSignals::FileName> file_names(const std::vector<OutputTarget>& targets) {
    std::vector<EndSignals::FileName> names;
    for (const OutputTarget& target : targets)
        if (target.is_file())
            names.push_back({target.folder(), target.name()});
    return names;
}

Outputs::Outputs(std::vector<OutputTarget> targets) {
    for (OutputTarget& target : targets)
        outputs_.push_back({std::move(target)});
    if (outputs_.empty() || EndSignals::taken())
        return;
    // If the signals cannot be taken, the command works without them.
    if (auto signals = EndSignals::take(EndSignals::Obeyed::at_once)) {
        signals_.emplace(std::move(*signals));
        tell_signals();
    }
}

void Outputs::tell_signals() const {
    if (!signals_)
        return;
    std::vector<OutputTarget> earlier;
    std::string gone;
    for (const Output& output : outputs_)
        if (!output.written && !output.refused && output.target.is_there()) {
            earlier.push_back(output.target);
            add_name(gone, output.target.path());
        }
    EndSignals::say("", gone.empty() ? "" : "rcuscope: ended by a signal; removed: " + printable(gone) + "\n",
                    file_names(earlier));
}

Outputs::~Outputs() {
    if (const std::string told = remove_stale(); !told.empty())
        StandardError() << "rcuscope: " << told.substr(2) << "\n";
}

Status Outputs::write(const std::function<Status(const OutputTarget& target)>& write_one) {
    Status first;
    for (Output& output : outputs_) {
        if (output.written)
            continue;
        const Status written = write_one(output.target);
        output.written = written.has_value();
        output.refused = !written && written.error().code == ExitCode::bad_input;
        tell_signals();
        if (first && !written)
            first = written;
    }
    return first ? first : Status(give_up(first.error()));
}

tl::unexpected<Error> Outputs::give_up(Error error) {
    error.why += remove_stale();
    return tl::unexpected<Error>(std::move(error));
}

std::vector<std::string> Outputs::not_written() const {
    std::vector<std::string> paths;
    for (const Output& output : outputs_)
        if (!output.written)
            paths.push_back(output.target.path());
    return paths;
}

std::string Outputs::remove_stale() {
    std::string is_new;
    std::string gone;
    std::string earlier;
    const std::vector<Output> outputs = std::exchange(outputs_, {});
    // Keeps the handlers and the open folders until the end of this function: a signal uses both.
    const std::optional<EndSignals> signals = std::exchange(signals_, std::nullopt);
    if (std::all_of(outputs.begin(), outputs.end(), [](const Output& output) { return output.written; }))
        return "";
    for (const Output& output : outputs)
        if (output.written)
            add_name(is_new, output.target.path());
        else if (const auto removed = output.refused ? std::nullopt : output.target.remove_earlier())
            add_name(*removed ? gone : earlier, output.target.path());
    std::string told;
    for (const auto& [what, names] : {std::pair("new: ", &is_new), std::pair("removed: ", &gone),
                                      std::pair("left from an earlier run: ", &earlier)})
        if (!names->empty())
            told += "; " + (what + *names);
    return told;
}

Status write_forms(Outputs& outputs, std::span<const std::string_view> endings,
                   const std::function<void(std::string_view ending, std::ostream& out)>& write) {
    return outputs.write([&](const OutputTarget& target) {
        return ending_of(target.path(), endings).and_then([&](std::string_view ending) {
            return write_whole(
                target, [&](std::ostream& out) { write(ending, out); });
        });
    });
}

} // namespace rcuscope
