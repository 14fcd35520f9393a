// SPDX-License-Identifier: BSD-2-Clause
#include "capture/input_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rcuscope {

static tl::unexpected<Error> cannot_read_path(const std::string& path, std::string why, std::string hint = {}) {
    return fail(ExitCode::bad_input, "cannot read " + path, std::move(why), std::move(hint));
}

Result<InputFile> InputFile::open(const std::string& path) {
    // O_NONBLOCK: open() does not wait for the writer of a FIFO, which of() then refuses.
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
        const int error_number = errno;
        return cannot_read_path(
            path, errno_text(error_number),
            error_number == EACCES
                ? "a capture can be read by its owner only: make it yours (sudo chown), or ask for a copy"
                : "");
    }
    return of(std::move(fd), path);
}

Result<InputFile> InputFile::of(Fd fd, const std::string& path) {
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0)
        return cannot_read_path(path, errno_text(errno));
    if (S_ISDIR(status.st_mode))
        return cannot_read_path(path, errno_text(EISDIR), "name a capture file in it");
    if (!S_ISREG(status.st_mode))
        return cannot_read_path(path, "it is not a regular file", "save the capture to a file first");
    return InputFile(path, std::move(fd), static_cast<std::uint64_t>(status.st_size));
}

Result<InputFile> InputFile::again() const {
    Fd same(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
    return same ? of(std::move(same), path_) : cannot_read(errno_text(errno));
}

bool InputFile::read_at(std::uint64_t offset, std::span<std::byte> out) const {
    while (!out.empty()) {
        const ssize_t got = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        out = out.subspan(static_cast<std::size_t>(got));
        offset += static_cast<std::uint64_t>(got);
    }
    return true;
}

bool InputFile::only_as(const OutputTarget& target) const {
    struct stat own {};
    struct stat named {};
    return target.is_file() && ::fstat(fd_.get(), &own) == 0 && own.st_nlink == 1 &&
           ::fstatat(target.folder(), target.name().c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           FileId::of(named) == FileId::of(own);
}

tl::unexpected<Error> InputFile::cannot_read(std::string why, std::string hint) const {
    return cannot_read_path(path_, std::move(why), std::move(hint));
}

} // namespace rcuscope
