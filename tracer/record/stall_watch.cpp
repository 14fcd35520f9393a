// SPDX-License-Identifier: BSD-2-Clause
#include "record/stall_watch.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace rcuscope {

namespace {

// A record is "PRIORITY,SEQUENCE,TIME,FLAGS;TEXT", then lines with details, each after a space. Returns the text of a
// record of RCU's; empty: it is another one. Only the kernel writes with facility 0.
std::string_view text_of_rcu(std::string_view record) {
    constexpr unsigned facility_shift = 3;
    unsigned priority = 0;
    const char* const end = record.data() + record.size();
    const auto [rest, error] = std::from_chars(record.data(), end, priority);
    const std::size_t begin = record.find(';');
    if (error != std::errc() || rest == end || *rest != ',' || priority >> facility_shift != 0 ||
        begin == std::string_view::npos)
        return {};
    const std::string_view line = record.substr(begin + 1, record.find('\n') - begin - 1);
    return line.starts_with("rcu: ") ? line : std::string_view();
}

// "rcu_preempt detected stalls on CPUs/tasks:", "detected expedited stalls on", "self-detected stall on CPU"
bool is_warning(std::string_view line) {
    const std::size_t detected = line.find("detected ");
    return line.starts_with("rcu: INFO: ") && line.find("stall", detected) != std::string_view::npos;
}

std::optional<std::uint64_t> number_in(std::string_view line) {
    constexpr std::string_view name = " g=";
    const std::size_t at = line.find(name);
    if (line.find("jiffies") == std::string_view::npos || at == std::string_view::npos)
        return std::nullopt;
    std::int64_t number = 0; // the kernel prints it as a signed one
    const char* const begin = line.data() + at + name.size();
    if (std::from_chars(begin, line.data() + line.size(), number).ec != std::errc())
        return std::nullopt;
    return static_cast<std::uint64_t>(number);
}

} // namespace

void StallReader::take(std::string_view record) {
    const std::string_view line = text_of_rcu(record);
    if (is_warning(line)) {
        if (unnumbered_)
            complete_.push_back(*std::exchange(unnumbered_, std::nullopt));
        Stall stall{std::string(line), std::nullopt};
        if (line.find("expedited") == std::string_view::npos) {
            unnumbered_ = std::move(stall);
            waited_ = false;
        } else {
            complete_.push_back(std::move(stall));
        }
    } else if (const auto number = number_in(line); number && unnumbered_) {
        unnumbered_->gp_seq = number;
        complete_.push_back(*std::exchange(unnumbered_, std::nullopt));
    }
}

std::vector<Stall> StallReader::stalls() {
    if (unnumbered_ && std::exchange(waited_, true))
        complete_.push_back(*std::exchange(unnumbered_, std::nullopt));
    return std::exchange(complete_, {});
}

Result<StallWatch> StallWatch::open() {
    Fd log(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!log || ::lseek(log.get(), 0, SEEK_END) < 0)
        return fail(ExitCode::cannot_here, "cannot wait for the kernel's stall warnings",
                    "/dev/kmsg: " + errno_text(errno), "use the trigger gp>10s instead");
    return StallWatch(std::move(log));
}

std::vector<Stall> StallWatch::read() {
    std::array<char, 8192> record{}; // the kernel's limit for one
    for (;;) {
        const ssize_t size = ::read(log_.get(), record.data(), record.size());
        // EPIPE: records were overwritten before they were read. The next read() returns the oldest one left.
        if (size < 0 && (errno == EPIPE || errno == EINTR))
            continue;
        if (size <= 0)
            return reader_.stalls();
        reader_.take({record.data(), static_cast<std::size_t>(size)});
    }
}

} // namespace rcuscope
