// SPDX-License-Identifier: BSD-2-Clause
#include "base/file.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace rcuscope {

namespace {

Error cannot(const char* verb, const std::string& path, int error_number) {
    const bool rights = error_number == EACCES || error_number == EPERM;
    return Error{rights ? ExitCode::cannot_here : ExitCode::bad_input,
                 std::string("cannot ") + verb + " " + path,
                 errno_text(error_number),
                 {}};
}

} // namespace

void Fd::reset() {
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = -1;
}

bool Fd::close() {
    return ::close(release()) == 0;
}

Result<std::string> read_file(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return tl::unexpected(cannot("read", path, errno));
    std::string text;
    std::array<char, 1 << 16> part;
    for (;;) {
        const ssize_t got = ::read(fd.get(), part.data(), part.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tl::unexpected(cannot("read", path, errno));
        if (got == 0)
            return text;
        text.append(part.data(), static_cast<std::size_t>(got));
    }
}

std::string read_line_or_empty(const std::string& path) {
    std::string text = read_file(path).value_or("");
    const auto last = text.find_last_not_of(" \t\r\n");
    text.resize(last == std::string::npos ? 0 : last + 1);
    return text;
}

Status write_existing(const std::string& path, std::string_view text, bool append) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | (append ? O_APPEND : 0)));
    if (!fd)
        return tl::unexpected(cannot("write", path, errno));
    const ssize_t put = ::write(fd.get(), text.data(), text.size());
    if (put < 0)
        return tl::unexpected(cannot("write", path, errno));
    if (static_cast<std::size_t>(put) != text.size())
        return fail(ExitCode::cannot_here, "cannot write " + path, "only part of the text was written");
    return {};
}

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto stop = text.find('\n');
        lines.push_back(text.substr(0, stop));
        text.remove_prefix(stop == std::string_view::npos ? text.size() : stop + 1);
    }
    return lines;
}

std::string base_name(std::string_view path) {
    const auto slash = path.find_last_of('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

} // namespace rcuscope
