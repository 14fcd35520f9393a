// SPDX-License-Identifier: BSD-2-Clause
#include "export/exporter.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <ostream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "export/fd_stream.hpp"

namespace rcuscope {
namespace {

namespace fs = std::filesystem;

constexpr std::array<ExportFormat, 4> formats{{
    {"chrome", ".chrome.json", "Chrome's JSON trace format, for chrome://tracing and other viewers", write_chrome},
    {"perfetto", ".pftrace", "Perfetto's native trace format, for ui.perfetto.dev", write_perfetto},
    {"html", ".html", "a page that shows and explains it in any browser, offline", write_html, html_can_be_written},
    {"json", ".json", "the timeline as JSON (schema rcuscope.timeline/1), for programs", write_json},
}};

bool is_stdout(std::string_view path) {
    return path == "-" || path == "/dev/stdout";
}

// A device's name has no ending to ask for a format with. By the folder, as
// files in /dev/shm are plain files.
bool names_a_device(std::string_view path) {
    const fs::path folder = fs::path(path).parent_path();
    return is_stdout(path) || folder == "/dev" || folder == "/dev/fd";
}

class Fd {
public:
    explicit Fd(int fd) : fd_(fd) {}
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() {
        if (fd_ >= 0)
            ::close(fd_);
    }
    int get() const { return fd_; }
    // Some file systems tell only here that what was written could not be stored.
    bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

private:
    int fd_;
};

tl::unexpected<Error> cannot_write(const std::string& path, int error) {
    std::string hint;
    if (error == ENOSPC || error == EDQUOT)
        hint = "free some space, or name a file on another file system";
    else if (error == ENOENT || error == ENOTDIR)
        hint = "create the folder first";
    else if (error == EACCES || error == EPERM || error == EROFS)
        hint = "name a file in a folder that you may write to";
    return fail(ExitCode::bad_input, "cannot write " + path, errno_text(error), std::move(hint));
}

// 0, or the errno of what failed.
int write_to(int fd, const ExportFormat& format, const Timeline& timeline, const ExportOptions& options) {
    FdBuffer buffer(fd);
    std::ostream out(&buffer);
    format.write(timeline, options, out);
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

Status replace_file(const ExportFormat& format, const Timeline& timeline, const ExportOptions& options,
                    const std::string& path) {
    // Of a symbolic link the file that it leads to is replaced, not the link.
    std::error_code none;
    const fs::path real = fs::canonical(path, none);
    Temporary temporary(none ? path : real.string());
    Fd fd(temporary.create());
    if (fd.get() < 0)
        return cannot_write(path, errno);
    if (const int error = write_to(fd.get(), format, timeline, options); error != 0)
        return cannot_write(path, error);
    if (!fd.close() || !temporary.put_in_place())
        return cannot_write(path, errno);
    return {};
}

Status write_directly(const ExportFormat& format, const Timeline& timeline, const ExportOptions& options,
                      const std::string& path) {
    Fd fd(is_stdout(path) ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : ::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (fd.get() < 0)
        return cannot_write(path, errno);
    if (const int error = write_to(fd.get(), format, timeline, options); error != 0)
        return cannot_write(path, error);
    if (!fd.close())
        return cannot_write(path, errno);
    return {};
}

} // namespace

std::span<const ExportFormat> export_formats() {
    return formats;
}

Result<const ExportFormat*> format_for_file(std::string_view path) {
    std::string endings;
    for (const ExportFormat& format : formats) {
        if (path.ends_with(format.ending)) {
            if (format.can_be_written != nullptr)
                if (auto can = format.can_be_written(); !can)
                    return tl::unexpected(can.error());
            return &format;
        }
        if (!endings.empty())
            endings += ", ";
        endings += format.ending;
    }
    if (names_a_device(path))
        return &formats.back();
    return fail(ExitCode::bad_input, "cannot export to " + std::string(path),
                "the ending of its name asks for no format", "end the name in one of " + endings);
}

Status export_timeline(const Timeline& timeline, const ExportOptions& options, const std::string& path) {
    const auto format = format_for_file(path);
    if (!format)
        return tl::unexpected(format.error());
    std::error_code none;
    const fs::file_status status = fs::status(path, none);
    const bool replaceable = !fs::exists(status) || fs::is_regular_file(status);
    if (names_a_device(path) || !replaceable)
        return write_directly(**format, timeline, options, path);
    return replace_file(**format, timeline, options, path);
}

} // namespace rcuscope
