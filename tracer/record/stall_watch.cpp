// SPDX-License-Identifier: BSD-2-Clause
#include "record/stall_watch.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>

namespace rcuscope {

// A record is "PRIORITY,SEQUENCE,TIME,FLAGS;TEXT", then lines with details, each after a space. Only the kernel writes
// with facility 0.
std::optional<std::string> stall_warning(std::string_view record) {
    constexpr unsigned facility_shift = 3;
    unsigned priority = 0;
    const char* const end = record.data() + record.size();
    const auto [rest, error] = std::from_chars(record.data(), end, priority);
    const std::size_t begin = record.find(';');
    if (error != std::errc() || rest == end || *rest != ',' || priority >> facility_shift != 0 ||
        begin == std::string_view::npos)
        return std::nullopt;
    const std::string_view line = record.substr(begin + 1, record.find('\n') - begin - 1);
    // "rcu_preempt detected stalls on CPUs/tasks:", "detected expedited stalls on", "self-detected stall on CPU"
    const std::size_t detected = line.find("detected ");
    if (!line.starts_with("rcu: INFO: ") || line.find("stall", detected) == std::string_view::npos)
        return std::nullopt;
    return std::string(line);
}

Result<StallWatch> StallWatch::open() {
    Fd log(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!log || ::lseek(log.get(), 0, SEEK_END) < 0)
        return fail(ExitCode::cannot_here, "cannot wait for the kernel's stall warnings",
                    "/dev/kmsg: " + errno_text(errno), "use the trigger gp>10s instead");
    return StallWatch(std::move(log));
}

std::vector<std::string> StallWatch::read() {
    std::vector<std::string> warnings;
    std::array<char, 8192> record{}; // the kernel's limit for one
    for (;;) {
        const ssize_t size = ::read(log_.get(), record.data(), record.size());
        // EPIPE: records were overwritten before they were read. The next read() returns the oldest one left.
        if (size < 0 && (errno == EPIPE || errno == EINTR))
            continue;
        if (size <= 0)
            return warnings;
        if (auto warning = stall_warning({record.data(), static_cast<std::size_t>(size)}))
            warnings.push_back(std::move(*warning));
    }
}

} // namespace rcuscope
