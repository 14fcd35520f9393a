// SPDX-License-Identifier: BSD-2-Clause
//
// Reads messages of the kernel log from /dev/kmsg (Documentation/ABI/testing/dev-kmsg).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

class KernelLog {
public:
    // Opens the log at its end: read() gives later messages only. Needs root or CAP_SYSLOG (ExitCode::cannot_here).
    static Result<KernelLog> open(const std::string& path = "/dev/kmsg");

    // Passes each message since the last call once, in order. Returns false if some are lost (the log is a ring
    // buffer) or if reading fails.
    bool read(const std::function<void(std::string_view message)>& take) const;

private:
    explicit KernelLog(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
};

// The message of a record "PRIORITY,SEQUENCE,TIME,FLAGS;MESSAGE\n KEY=VALUE\n..."; empty if the text is no record.
std::string_view message_of(std::string_view record);

} // namespace rcuscope
