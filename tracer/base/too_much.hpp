// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <stdexcept>
#include <utility>

#include "base/error.hpp"

namespace rcuscope {

// Thrown where input exceeds a limit, by who has no result to return it in.
class TooMuch : public std::runtime_error {
public:
    explicit TooMuch(Error error) : std::runtime_error(error.what + ": " + error.why), error_(std::move(error)) {}
    const Error& error() const { return error_; }

private:
    Error error_;
};

} // namespace rcuscope
