// SPDX-License-Identifier: BSD-2-Clause
//
// The output files of a command (-o). The ending of a name selects the format. When the command ends, each file is new
// or does not exist: if an output cannot be written, its earlier file is removed, so that it does not look like the
// result of this command.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/output_target.hpp"
#include "record/end_signals.hpp"

namespace rcuscope {

// Which of `endings` the name has. "-" and devices get the first. ExitCode::bad_input for any other name.
Result<std::string_view> ending_of(std::string_view path, std::span<const std::string_view> endings);
// Checks all names before any work. `printed`: the flag ("--json") that prints to standard output, which then cannot be
// an output file too; empty if none is given.
Status check_endings(std::span<const std::string> paths, std::span<const std::string_view> endings,
                     std::string_view printed = {});
bool is_standard_output(std::string_view path);

// Adds -o, which takes one file each time it is given.
void add_output_option(CLI::App& command, std::vector<std::string>& paths, std::span<const std::string_view> endings);

// The files that a signal removes, for EndSignals::say(). Valid as long as the targets exist.
std::vector<EndSignals::FileName> file_names(const std::vector<OutputTarget>& targets);

class Outputs {
public:
    // Changes no file. From now on, a signal that ends the command removes the earlier files of the outputs that are
    // not written yet, unless the caller handles the signals itself (EndSignals::taken()).
    explicit Outputs(std::vector<OutputTarget> targets);
    Outputs(const Outputs&) = delete;
    Outputs& operator=(const Outputs&) = delete;
    ~Outputs(); // after an exception does the same as give_up(), and says on stderr which files are gone

    // Writes the outputs that are not written yet, also after one has failed. The error is the first one; it says in
    // addition which files are new and which are gone.
    Status write(const std::function<Status(const OutputTarget& target)>& write_one);
    // Call this when the command fails for another reason. Removes the earlier files of the outputs that are not
    // written, and adds to the error which files are gone.
    tl::unexpected<Error> give_up(Error error);

    std::vector<std::string> not_written() const;

private:
    struct Output {
        OutputTarget target;
        bool written = false;
        bool refused = false; // its name cannot be used, so the existing file stays
    };
    // Removes the earlier files of outputs that are not written. Returns "; new: a.json; gone: b.json"; empty if all
    // outputs are written.
    std::string remove_stale();
    void tell_signals() const;

    std::vector<Output> outputs_;
    std::optional<EndSignals> signals_; // none if the caller handles the signals
};

// Writes each output in the format that its ending selects.
Status write_forms(Outputs& outputs, std::span<const std::string_view> endings,
                   const std::function<void(std::string_view ending, std::ostream& out)>& write);

} // namespace rcuscope
