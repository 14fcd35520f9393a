// SPDX-License-Identifier: BSD-2-Clause
#include "base/whole_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <ostream>
#include <unistd.h>

#include "base/fd_stream.hpp"
#include "base/new_file.hpp"
#include "base/temporary_file.hpp"
#include "base/write_error.hpp"

namespace rcuscope {

namespace {

// Returns 0 or an errno.
int write_to(int fd, const std::function<void(std::ostream&)>& write) {
    FdBuffer buffer(fd);
    std::ostream out(&buffer);
    write(out);
    if (!buffer.flush())
        return buffer.error();
    return out.good() ? 0 : EIO;
}

Status replace_file(const OutputTarget& target, const std::function<void(std::ostream&)>& write, Readers readers) {
    auto file = NewFile::hidden(target, static_cast<mode_t>(readers));
    if (!file)
        return tl::unexpected(file.error());
    if (const int error = write_to(file->fd(), write); error != 0)
        return write_error(target.path(), error);
    // Some file systems report only at close() that data could not be stored.
    if (Fd same(::fcntl(file->fd(), F_DUPFD_CLOEXEC, 0)); !same || !same.close())
        return write_error(target.path(), errno);
    return file->put_in_place();
}

Status write_directly(const OutputTarget& target, const std::function<void(std::ostream&)>& write) {
    auto fd = target.open();
    if (!fd)
        return tl::unexpected(fd.error());
    if (const int error = write_to(fd->get(), write); error != 0)
        return write_error(target.path(), error);
    if (!fd->close())
        return write_error(target.path(), errno);
    return {};
}

} // namespace

Status write_whole(const OutputTarget& target, const std::function<void(std::ostream&)>& write, Readers readers) {
    return target.is_file() ? replace_file(target, write, readers) : write_directly(target, write);
}

Status write_to_stdout(const std::function<void(std::ostream&)>& write) {
    return OutputTarget::resolve("-").and_then([&](const OutputTarget& target) { return write_whole(target, write); });
}

Result<Fd> write_unnamed(const std::function<void(std::ostream&)>& write) {
    Fd fd = temporary_file();
    int error = fd ? 0 : errno;
    if (fd)
        error = write_to(fd.get(), write);
    if (error != 0)
        return fail(ExitCode::cannot_write, "cannot write a temporary file in " + temporary_folder(), errno_text(error),
                    "free some space there, or name another folder in TMPDIR");
    return fd;
}

} // namespace rcuscope
