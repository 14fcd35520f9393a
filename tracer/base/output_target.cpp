// SPDX-License-Identifier: BSD-2-Clause
#include "base/output_target.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <fcntl.h>
#include <filesystem>
#include <thread>
#include <unistd.h>

#include "base/caller.hpp"
#include "base/write_error.hpp"

namespace rcuscope {

namespace {

// The kernel's limit, MAXSYMLINKS.
constexpr int max_links = 40;

// open() waits for a reader that is about to open the pipe ("cat pipe & rcuscope ...").
constexpr std::chrono::milliseconds reader_patience{2000};
constexpr std::chrono::milliseconds between_looks{10};

tl::unexpected<Error> refused(const std::string& path, std::string why, std::string hint) {
    return fail(ExitCode::bad_input, "cannot write " + path, std::move(why), std::move(hint));
}

// The descriptor that a path names. Such a path is not resolved: the process that opened the descriptor chose its
// file.
std::optional<int> descriptor_named(std::string_view path) {
    if (path == "-" || path == "/dev/stdout")
        return STDOUT_FILENO;
    if (path == "/dev/stderr")
        return STDERR_FILENO;
    for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
        int fd = -1;
        if (!path.starts_with(folder))
            continue;
        const char* end = path.data() + path.size();
        if (const auto [rest, error] = std::from_chars(path.data() + folder.size(), end, fd);
            error == std::errc() && rest == end && fd >= 0)
            return fd;
    }
    return std::nullopt;
}

std::string whose(uid_t owner) {
    return owner == 0 ? "root" : "another user (user id " + std::to_string(owner) + ")";
}

Result<std::string> text_of_link(int link, const std::string& path) {
    std::array<char, PATH_MAX> text{};
    const ssize_t length = ::readlinkat(link, "", text.data(), text.size());
    if (length <= 0 || static_cast<std::size_t>(length) == text.size())
        return write_error(path, length < 0 ? errno : ENAMETOOLONG);
    return std::string(text.data(), static_cast<std::size_t>(length));
}

// For messages only: the folder may move at any time.
std::string path_of_folder(int folder) {
    std::error_code none;
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(folder), none);
    return none ? std::string() : (path / "").string();
}

} // namespace

// The state of the resolution of a path: `at` is the folder reached so far, `rest` the part of the path after it.
struct OutputTarget::Walk {
    const std::string& path; // for messages
    std::string rest;
    Fd at;
    int links = 0;
    std::optional<int> descriptor; // the path ends at this open descriptor
    bool led_away = false;         // the last component was a link

    bool start() {
        descriptor = descriptor_named(rest);
        if (!rest.starts_with('/') && at)
            return true;
        at = Fd(::open(rest.starts_with('/') ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
        return static_cast<bool>(at);
    }

    // Continues at the target of a link. `last`: the link is the last component.
    Status follow(const Fd& link, const std::string& name, bool last) {
        struct stat status {};
        if (::fstat(link.get(), &status) != 0)
            return write_error(path, errno);
        if (!S_ISLNK(status.st_mode))
            return write_error(path, ENOTDIR);
        if (const Caller who = caller(); last ? !who.owns(status.st_uid) : !who.trusts(status.st_uid))
            return refused(
                path,
                name + " is a symbolic link that belongs to " + whose(status.st_uid) + ", who can change its target",
                last ? "name the file that it leads to, or remove the link" : "name the folder that it leads to");
        if (++links > max_links)
            return write_error(path, ELOOP);
        auto text = text_of_link(link.get(), path);
        if (!text)
            return tl::unexpected(text.error());
        rest = *text + rest;
        led_away = led_away || last;
        return start() ? Status() : write_error(path, errno);
    }

    // Continues in a folder, or at the target of a link.
    Status enter(const std::string& name) {
        // O_DIRECTORY first, because it triggers an automount.
        Fd next(::openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (next) {
            at = std::move(next);
            return {};
        }
        if (errno != ENOTDIR && errno != ELOOP)
            return write_error(path, errno);
        const Fd other(::openat(at.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        return other ? follow(other, name, false) : write_error(path, errno);
    }

    // Returns the last component, a name in the folder `at`; empty if the path ends at a descriptor.
    Result<std::string> to_the_end() {
        if (rest.empty())
            return write_error(path, ENOENT);
        if (!start())
            return write_error(path, errno);
        while (!descriptor) {
            rest.erase(0, rest.find_first_not_of('/'));
            const std::string name = rest.substr(0, rest.find('/'));
            rest.erase(0, name.size());
            const bool last = rest.empty();
            if (last && (name.empty() || name == "." || name == ".."))
                return write_error(path, EISDIR);
            if (!last) {
                if (auto entered = enter(name); !entered)
                    return tl::unexpected(entered.error());
                continue;
            }
            const Fd end(::openat(at.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
            struct stat status {};
            if (end && ::fstat(end.get(), &status) != 0)
                return write_error(path, errno);
            if (!end && errno != ENOENT)
                return write_error(path, errno);
            if (!end || !S_ISLNK(status.st_mode))
                return name;
            if (auto followed = follow(end, name, true); !followed)
                return tl::unexpected(followed.error());
        }
        return std::string();
    }
};

Result<OutputTarget> OutputTarget::resolve_opened(const std::string& path, int fd) {
    OutputTarget target;
    target.kind_ = Kind::opened;
    target.path_ = target.file_path_ = path;
    const int flags = ::fcntl(fd, F_GETFL);
    struct stat status {};
    if (flags < 0 || ::fstat(fd, &status) != 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_RDONLY)
        return refused(path, flags < 0 ? errno_text(errno) : "it is not open for writing", "");
    // A duplicate, because another file may get the number before the output is written.
    Fd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!own)
        return write_error(path, errno);
    target.opened_ = std::make_shared<const Fd>(std::move(own));
    if (!S_ISCHR(status.st_mode) || fd == STDOUT_FILENO)
        target.there_ = FileId::of(status);
    return target;
}

Result<OutputTarget> OutputTarget::resolve(const std::string& path) {
    Walk walk{.path = path, .rest = path, .at = {}, .descriptor = {}};
    auto name = walk.to_the_end();
    if (!name)
        return tl::unexpected(name.error());
    if (walk.descriptor)
        return resolve_opened(path, *walk.descriptor);
    OutputTarget target;
    target.path_ = path;
    target.name_ = std::move(*name);
    target.opened_ = std::make_shared<const Fd>(std::move(walk.at));
    target.file_path_ = walk.led_away ? path_of_folder(target.folder()) + target.name_ : path;
    const Caller who = caller();
    struct stat folder {};
    struct stat status {};
    if (::fstat(target.folder(), &folder) != 0)
        return write_error(path, errno);
    target.folder_id_ = FileId::of(folder);
    if (::fstatat(target.folder(), target.name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        target.type_ = status.st_mode & S_IFMT;
        if (!S_ISCHR(status.st_mode))
            target.there_ = FileId::of(status);
    } else if (errno != ENOENT) {
        return write_error(path, errno);
    }
    if (target.type_ == S_IFDIR)
        return write_error(path, EISDIR);
    if (target.type_ == S_IFBLK || target.type_ == S_IFSOCK)
        return refused(
            path, target.type_ == S_IFBLK ? "it is a block device, whose data would be destroyed" : "it is a socket",
            "name a file, a pipe, or - for standard output");
    if (target.type_ == S_IFCHR || target.type_ == S_IFIFO) {
        target.kind_ = Kind::node;
        if (!who.trusts(status.st_uid))
            return refused(path,
                           std::string("it is a ") + (target.type_ == S_IFIFO ? "pipe" : "device") +
                               " that belongs to " + whose(status.st_uid),
                           "name a pipe or device of your own, a file, or - for standard output");
    } else if (::faccessat(target.folder(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
        return write_error(path, errno);
    } else if (target.there_ && (folder.st_mode & S_ISVTX) != 0 && ::geteuid() != 0 && !who.owns(status.st_uid) &&
               !who.owns(folder.st_uid)) {
        return write_error(path, EPERM); // in a sticky folder only the owners can replace the file
    }
    return target;
}

OutputTarget OutputTarget::beside(const std::string& suffix) const {
    OutputTarget other = *this;
    other.path_ += suffix;
    other.file_path_ += suffix;
    other.name_ += suffix;
    struct stat status {};
    const bool there = ::fstatat(folder(), other.name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    other.there_ = there ? std::optional(FileId::of(status)) : std::nullopt;
    return other;
}

Result<Fd> OutputTarget::open() const {
    if (kind_ == Kind::opened) {
        Fd own(::fcntl(opened_->get(), F_DUPFD_CLOEXEC, 0));
        return own ? Result<Fd>(std::move(own)) : write_error(path_, errno);
    }
    // Without O_NONBLOCK, open() blocks on a pipe that has no reader.
    constexpr int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    Fd fd(::openat(folder(), name_.c_str(), flags));
    for (auto waited = 0 * between_looks; !fd && errno == ENXIO && type_ == S_IFIFO && waited < reader_patience;
         waited += between_looks) {
        std::this_thread::sleep_for(between_looks);
        fd = Fd(::openat(folder(), name_.c_str(), flags));
    }
    if (!fd && errno == ENXIO)
        return fail(ExitCode::cannot_write, "cannot write " + path_, "it is a pipe that no process reads",
                    "start the process that reads it first");
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0)
        return write_error(path_, errno);
    if ((status.st_mode & S_IFMT) != type_ || (there_ && FileId::of(status) != *there_))
        return refused(path_, "it was replaced by another file while the command ran",
                       "name a file in a folder of your own");
    const int now = ::fcntl(fd.get(), F_GETFL);
    if (now < 0 || ::fcntl(fd.get(), F_SETFL, now & ~O_NONBLOCK) != 0)
        return write_error(path_, errno);
    return fd;
}

bool OutputTarget::is_there() const {
    struct stat status {};
    return is_file() && there_ && ::fstatat(folder(), name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode) && FileId::of(status) == *there_;
}

std::optional<bool> OutputTarget::remove_earlier() const {
    if (!is_there())
        return std::nullopt;
    return ::unlinkat(folder(), name_.c_str(), 0) == 0;
}

bool OutputTarget::same_as(const OutputTarget& other) const {
    if (there_ || other.there_)
        return there_ == other.there_;
    return is_file() && other.is_file() && folder_id_ == other.folder_id_ && name_ == other.name_;
}

static Status refuse_input(const OutputTarget& target, const std::vector<std::string>& inputs) {
    for (const std::string& input : inputs) {
        struct stat status {};
        // If stat() fails, the reader of the input reports the error.
        if (::stat(input.c_str(), &status) == 0 && !S_ISCHR(status.st_mode) && target.is(FileId::of(status)))
            return refused(target.path(), "it is also an input file" + (input == target.path() ? "" : ": " + input),
                           "name another file; no file was changed");
    }
    return {};
}

Result<std::vector<OutputTarget>> resolve_outputs(const std::vector<std::string>& outputs,
                                                  const std::vector<std::string>& inputs) {
    if (const auto printed = OutputTarget::resolve("-"))
        if (auto fine = refuse_input(*printed, inputs); !fine)
            return tl::unexpected(fine.error());
    std::vector<OutputTarget> targets;
    for (const std::string& output : outputs) {
        auto target = OutputTarget::resolve(output);
        if (!target)
            return tl::unexpected(target.error());
        if (auto fine = refuse_input(*target, inputs); !fine)
            return tl::unexpected(fine.error());
        for (const OutputTarget& earlier : targets)
            if (target->same_as(earlier))
                return refused(output, "it is the same file as " + earlier.path() + ", which is another output",
                               "name one file for each -o; no file was changed");
        targets.push_back(std::move(*target));
    }
    return targets;
}

bool names_a_device(std::string_view path) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    return descriptor_named(path) || folder == "/dev" || folder == "/dev/fd";
}

} // namespace rcuscope
