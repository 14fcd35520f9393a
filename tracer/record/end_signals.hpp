// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <csignal>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

// SIGINT and its kin as a descriptor; as before when it goes.
class EndSignals {
public:
    static Result<EndSignals> take();
    EndSignals(EndSignals&&) noexcept = default;
    EndSignals& operator=(EndSignals&&) noexcept = delete;
    ~EndSignals();

    int fd() const { return fd_.get(); }
    bool came() const;

private:
    EndSignals() = default;
    sigset_t set_{};
    sigset_t before_{};
    Fd fd_;
};

} // namespace rcuscope
