// SPDX-License-Identifier: BSD-2-Clause
//
// An Error as an exception, for code that cannot return a Result.
#pragma once

#include <stdexcept>
#include <utility>

#include "base/error.hpp"

namespace rcuscope {

// Thrown when a limit (of an input, of the disk) is reached in a function that returns no Result.
class LimitError : public std::runtime_error {
public:
    explicit LimitError(Error error) : std::runtime_error(error.what + ": " + error.why), error_(std::move(error)) {}
    const Error& error() const { return error_; }

private:
    Error error_;
};

} // namespace rcuscope
