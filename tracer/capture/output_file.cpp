// SPDX-License-Identifier: BSD-2-Clause
#include "capture/output_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

#include "base/write_error.hpp"

namespace rcuscope {
namespace {

// Takes off the front of the vectors what was written, with the vectors that are empty then.
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

Result<OutputFile> OutputFile::create(const std::string& path) {
    constexpr mode_t owner_only = S_IRUSR | S_IWUSR;
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, owner_only));
    struct stat status {};
    if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) {
        return write_error(path, errno);
    }
    const bool regular = S_ISREG(status.st_mode);
    // A file that was there keeps its mode, which may let others read it.
    if (regular && (status.st_mode & 07777) != owner_only && ::fchmod(fd.get(), owner_only) != 0) {
        return write_error(path, errno);
    }
    return OutputFile(path, std::move(fd), regular);
}

Status OutputFile::append(std::initializer_list<std::span<const std::byte>> parts) {
    std::vector<iovec> vectors;
    std::uint64_t size = 0;
    for (const auto part : parts) {
        // writev() does not write to it; iovec has no const.
        vectors.push_back({const_cast<std::byte*>(part.data()), part.size()});
        size += part.size();
    }
    for (auto rest = without(vectors, 0); !rest.empty();) {
        const ssize_t written = ::writev(fd_.get(), rest.data(), static_cast<int>(rest.size()));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            const int error_number = errno;
            // Best effort: a reader copes with a piece of a chunk at the end.
            [[maybe_unused]] const bool cut = regular_ && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) == 0;
            return failed(error_number);
        }
        rest = without(rest, static_cast<std::size_t>(written));
    }
    size_ += size;
    return {};
}

Status OutputFile::sync() {
    while (::fdatasync(fd_.get()) != 0) {
        if (errno == EINVAL || errno == EROFS || errno == ENOTSUP) {
            return {}; // a pipe, a terminal: nothing to sync
        }
        if (errno != EINTR) {
            return failed(errno);
        }
    }
    return {};
}

Status OutputFile::give_to(uid_t user, gid_t group) {
    return ::fchown(fd_.get(), user, group) == 0 ? Status{} : failed(errno);
}

std::uint64_t OutputFile::free_bytes() const {
    struct statvfs room {};
    return ::fstatvfs(fd_.get(), &room) == 0 ? std::uint64_t{room.f_bavail} * room.f_frsize : 0;
}

Status OutputFile::close() {
    // Not again after EINTR: Linux has released the descriptor then.
    if (::close(fd_.release()) != 0 && errno != EINTR) {
        return failed(errno);
    }
    return {};
}

} // namespace rcuscope
