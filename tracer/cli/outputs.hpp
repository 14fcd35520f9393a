// SPDX-License-Identifier: BSD-2-Clause
//
// The files that a command is asked for with -o. Each name's ending asks for a form; each file is new when the command
// ends, or gone: an earlier file of that name is not to be taken for what this command made.
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

// The one of `endings` that a file's name has. "-" and devices have none: the first.
Result<std::string_view> ending_of(std::string_view path, std::span<const std::string_view> endings);
// All of them, before any work: a wrong name is wrong at once. `printed`: the flag for which standard output is taken,
// or nothing.
Status check_endings(std::span<const std::string> paths, std::span<const std::string_view> endings,
                     std::string_view printed = {});
bool is_standard_output(std::string_view path);

// -o, which takes one file each time it is given.
void add_output_option(CLI::App& command, std::vector<std::string>& paths, std::span<const std::string_view> endings);

// For the handler of signals, as long as the targets are there.
std::vector<EndSignals::FileName> file_names(const std::vector<OutputTarget>& targets);

class Outputs {
public:
    // Touches nothing. From now on a signal that ends the command removes what was there of those that are not written
    // yet, unless the caller has taken the signals itself.
    explicit Outputs(std::vector<OutputTarget> targets);
    Outputs(const Outputs&) = delete;
    Outputs& operator=(const Outputs&) = delete;
    ~Outputs(); // as give_up(), for an exception: says on stderr which are gone

    // Writes those that are not written yet; one that fails keeps no other from being written. The error is the first
    // one's, and says which are new and which are gone.
    Status write(const std::function<Status(const OutputTarget& target)>& write_one);
    // The command failed otherwise. The error says in addition which are gone.
    tl::unexpected<Error> give_up(Error error);

    std::vector<std::string> not_written() const;

private:
    struct Output {
        OutputTarget target;
        bool written = false;
        bool refused = false; // its name cannot be used: what is there is none of ours
    };
    // Removes earlier files of what is not written: "; new: a.json; gone: b.json". Empty if there is nothing to say.
    std::string settle();
    void tell_signals() const;

    std::vector<Output> outputs_;
    std::optional<EndSignals> signals_; // none: they are the caller's
};

// Writes each output in the form that its ending asks for.
Status write_forms(Outputs& outputs, std::span<const std::string_view> endings,
                   const std::function<void(std::string_view ending, std::ostream& out)>& write);

} // namespace rcuscope
