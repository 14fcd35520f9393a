// SPDX-License-Identifier: BSD-2-Clause
#include "base/whole_file.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <ostream>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd_stream.hpp"
#include "base/temporary_file.hpp"
#include "base/write_error.hpp"

namespace rcuscope {

namespace {

namespace fs = std::filesystem;

bool is_stdout(std::string_view path) {
    return path == "-" || path == "/dev/stdout";
}

// 0, or the errno of what failed.
int write_to(int fd, const std::function<void(std::ostream&)>& write) {
    FdBuffer buffer(fd);
    std::ostream out(&buffer);
    write(out);
    if (!buffer.flush())
        return buffer.error();
    return out.good() ? 0 : EIO;
}

// A file beside the one that is to be, gone again unless it was put in place.
class Temporary {
public:
    explicit Temporary(const std::string& target) : target_(target) {}
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary() {
        if (exists_)
            ::unlink(path_.c_str());
    }

    // Not mkstemp(), which makes files that only their owner may read: here the
    // umask decides. -1 with errno if it cannot be made.
    int create() {
        for (int attempt = 0; attempt < 1000; ++attempt) {
            path_ = target_ + ".tmp-" + std::to_string(::getpid()) + '-' + std::to_string(attempt);
            const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
            exists_ = fd >= 0;
            if (exists_ || errno != EEXIST)
                return fd;
        }
        return -1;
    }

    bool put_in_place() {
        exists_ = std::rename(path_.c_str(), target_.c_str()) != 0;
        return !exists_;
    }

private:
    std::string target_;
    std::string path_;
    bool exists_ = false;
};

Status replace_file(const std::function<void(std::ostream&)>& write, const std::string& path) {
    // Of a symbolic link the file that it leads to is replaced, not the link.
    std::error_code none;
    const fs::path real = fs::canonical(path, none);
    Temporary temporary(none ? path : real.string());
    Fd fd(temporary.create());
    if (fd.get() < 0)
        return write_error(path, errno);
    if (const int error = write_to(fd.get(), write); error != 0)
        return write_error(path, error);
    if (!fd.close() || !temporary.put_in_place())
        return write_error(path, errno);
    return {};
}

Status write_directly(const std::function<void(std::ostream&)>& write, const std::string& path) {
    Fd fd(is_stdout(path) ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : ::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (fd.get() < 0)
        return write_error(path, errno);
    if (const int error = write_to(fd.get(), write); error != 0)
        return write_error(path, error);
    if (!fd.close())
        return write_error(path, errno);
    return {};
}

} // namespace

bool names_a_device(std::string_view path) {
    const fs::path folder = fs::path(path).parent_path();
    return is_stdout(path) || folder == "/dev" || folder == "/dev/fd";
}

Status write_whole(const std::string& path, const std::function<void(std::ostream&)>& write) {
    std::error_code none;
    const fs::file_status status = fs::status(path, none);
    const bool replaceable = !fs::exists(status) || fs::is_regular_file(status);
    return names_a_device(path) || !replaceable ? write_directly(write, path) : replace_file(write, path);
}

Result<Fd> write_unnamed(const std::function<void(std::ostream&)>& write) {
    Fd fd = temporary_file();
    int error = fd ? 0 : errno;
    if (fd)
        error = write_to(fd.get(), write);
    if (error != 0)
        return fail(ExitCode::cannot_write, "cannot write a temporary file in " + temporary_folder(), errno_text(error),
                    "make room there, or name another folder in TMPDIR");
    return fd;
}

} // namespace rcuscope
