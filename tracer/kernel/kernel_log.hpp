// SPDX-License-Identifier: BSD-2-Clause
//
// What the kernel says in its log (Documentation/ABI/testing/dev-kmsg).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

class KernelLog {
public:
    // Its messages from now on. Needs root or CAP_SYSLOG (ExitCode::cannot_here).
    static Result<KernelLog> open(const std::string& path = "/dev/kmsg");

    // What was said since, in its order; each message once. False: some of it is lost, because the log is a ring.
    bool read(const std::function<void(std::string_view message)>& take) const;

private:
    explicit KernelLog(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
};

// The message of a record "PRIORITY,SEQUENCE,TIME,FLAGS;MESSAGE\n KEY=VALUE\n..."; empty if it is none.
std::string_view message_of(std::string_view record);

} // namespace rcuscope
