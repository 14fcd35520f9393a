// SPDX-License-Identifier: BSD-2-Clause
#include "capture/output_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

#include "base/temporary_file.hpp"
#include "base/write_error.hpp"

namespace rcuscope {
namespace {

// Removes the written bytes from the front of the vectors, and the vectors that are then empty.
std::span<iovec> without(std::span<iovec> parts, std::size_t written) {
    while (!parts.empty() && written >= parts.front().iov_len) {
        written -= parts.front().iov_len;
        parts = parts.subspan(1);
    }
    if (!parts.empty()) {
        parts.front().iov_base = static_cast<std::byte*>(parts.front().iov_base) + written;
        parts.front().iov_len -= written;
    }
    return parts;
}

} // namespace

tl::unexpected<Error> OutputFile::failed(int error_number) const {
    return write_error(path_, error_number);
}

static constexpr mode_t owner_only = S_IRUSR | S_IWUSR;

Result<OutputFile> OutputFile::part(const OutputTarget& target) {
    if (!target.is_file())
        return target.open().map([&](Fd fd) { return OutputFile(target.path(), std::nullopt, std::move(fd), false); });
    return NewFile::part(target, owner_only).map([&](NewFile file) {
        return OutputFile(target.path(), std::move(file), Fd(), true);
    });
}

Result<OutputFile> OutputFile::hidden(const OutputTarget& target) {
    return NewFile::hidden(target, owner_only).map([&](NewFile file) {
        return OutputFile(target.path(), std::move(file), Fd(), true);
    });
}

Result<OutputFile> OutputFile::temporary() {
    const std::string path = temporary_folder() + " (temporary file)";
    Fd fd = temporary_file();
    if (!fd)
        return write_error(path, errno);
    return OutputFile(path, std::nullopt, std::move(fd), true);
}

Status OutputFile::append(std::initializer_list<std::span<const std::byte>> parts) {
    std::vector<iovec> vectors;
    std::uint64_t size = 0;
    for (const auto part : parts) {
        // writev() only reads the data, but iovec has no const.
        vectors.push_back({const_cast<std::byte*>(part.data()), part.size()});
        size += part.size();
    }
    for (auto rest = without(vectors, 0); !rest.empty();) {
        const ssize_t written = ::writev(fd(), rest.data(), static_cast<int>(rest.size()));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            const int error_number = errno;
            // Best effort: a reader ignores a partial chunk at the end.
            [[maybe_unused]] const bool cut = regular_ && ::ftruncate(fd(), static_cast<off_t>(size_)) == 0;
            return failed(error_number);
        }
        rest = without(rest, static_cast<std::size_t>(written));
    }
    size_ += size;
    return {};
}

Status OutputFile::sync() {
    while (::fdatasync(fd()) != 0) {
        if (errno == EINVAL || errno == EROFS || errno == ENOTSUP)
            return {}; // a pipe, a terminal: nothing to sync
        if (errno != EINTR)
            return failed(errno);
    }
    return {};
}

std::uint64_t OutputFile::free_bytes() const {
    struct statvfs room {};
    return ::fstatvfs(fd(), &room) == 0 ? std::uint64_t{room.f_bavail} * room.f_frsize : 0;
}

Status OutputFile::put_in_place() {
    if (!regular_) {
        // Close it now: the reader of a pipe waits for the end of the data.
        return other_.close() || errno == EINTR ? Status() : failed(errno);
    }
    // Some file systems report a write error only at a close, so a duplicate is closed here. No retry after EINTR:
    // Linux has released the descriptor then.
    Fd same(::fcntl(fd(), F_DUPFD_CLOEXEC, 0));
    if (!same || (!same.close() && errno != EINTR))
        return failed(errno);
    return file_ ? file_->put_in_place() : Status();
}

void OutputFile::discard() {
    if (file_)
        file_->discard();
}

Result<Fd> OutputFile::reopened() const {
    Fd same(::fcntl(fd(), F_DUPFD_CLOEXEC, 0));
    return same ? Result<Fd>(std::move(same)) : failed(errno);
}

} // namespace rcuscope
