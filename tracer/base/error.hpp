// SPDX-License-Identifier: BSD-2-Clause
//
// Errors as values: a function that can fail returns Result<T> or Status. Error says what failed, why, and what to do.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace rcuscope {

// The exit codes of every command.
enum class ExitCode : int {
    done = 0,
    does_not_hold = 1, // a check failed: a regression, a hazard, loss under --strict
    bad_input = 2,     // wrong use, or input that cannot be used
    cannot_here = 3,   // this kernel or these privileges do not allow it
    cannot_write = 4,  // an output could not be written: no space, no permission, a disk error, a closed pipe
};

// Printed as
//     rcuscope: WHAT: WHY
//       HINT
struct Error {
    ExitCode code = ExitCode::bad_input;
    std::string what; // what failed: "cannot read run.rcu"
    std::string why;  // the cause: "No such file or directory"
    std::string hint; // what to do next; may be empty
};

template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

inline tl::unexpected<Error> fail(ExitCode code, std::string what, std::string why, std::string hint = {}) {
    return tl::unexpected<Error>(Error{code, std::move(what), std::move(why), std::move(hint)});
}

// The text of an errno value. Unlike strerror() it is thread-safe.
std::string errno_text(int error_number);

} // namespace rcuscope
