// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/kernel_log.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

#include "base/text.hpp"

namespace rcuscope {

namespace {

// CONSOLE_EXT_LOG_MAX in kernel/printk. A read() with a shorter buffer fails with EINVAL.
constexpr std::size_t longest_record = 8192;

} // namespace

std::string_view message_of(std::string_view record) {
    const auto prefix = record.find(';');
    return prefix == std::string_view::npos ? std::string_view()
                                            : record.substr(prefix + 1, record.find('\n', prefix) - prefix - 1);
}

Result<KernelLog> KernelLog::open(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!fd || ::lseek(fd.get(), 0, SEEK_END) < 0)
        return fail(ExitCode::cannot_here, "cannot read " + path, errno_text(errno));
    return KernelLog(std::move(fd));
}

// Each read() returns one record.
bool KernelLog::read(const std::function<void(std::string_view message)>& take) const {
    std::vector<char> record(longest_record);
    bool whole = true;
    for (;;) {
        const ssize_t size = ::read(fd_.get(), record.data(), record.size());
        if (size > 0)
            take(message_of({record.data(), static_cast<std::size_t>(size)}));
        else if (size < 0 && errno == EPIPE)
            whole = false; // the next record is the oldest that is left
        else if (size == 0 || errno != EINTR)
            return whole && (size == 0 || errno == EAGAIN);
    }
}

} // namespace rcuscope
