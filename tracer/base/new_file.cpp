// SPDX-License-Identifier: BSD-2-Clause
#include "base/new_file.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/caller.hpp"
#include "base/write_error.hpp"

namespace rcuscope {

namespace {

constexpr int max_parts = 1000;
constexpr int max_attempts = 100; // random names of 64 bits that are tried

// The length does not depend on the target's name, so that a long target name is no problem.
std::string random_name() {
    std::uint64_t random = 0;
    while (::getrandom(&random, sizeof random, 0) != sizeof random) {
    }
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), ".rcuscope-%016llx", static_cast<unsigned long long>(random));
    return name.data();
}

// Blocks all signals. Between two system calls a file has two names or none, and no signal may end the process there.
class SignalsHeldBack {
public:
    SignalsHeldBack() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    SignalsHeldBack(const SignalsHeldBack&) = delete;
    SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;
    ~SignalsHeldBack() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

// Gives a name to a file that has none. On failure returns false and sets errno.
bool link_in(int fd, int folder, const char* name) {
    const std::string by_proc = "/proc/self/fd/" + std::to_string(fd);
    return ::linkat(AT_FDCWD, by_proc.c_str(), folder, name, AT_SYMLINK_FOLLOW) == 0 ||
           // Without /proc. AT_EMPTY_PATH needs privileges.
           (errno == ENOENT && ::linkat(fd, "", folder, name, AT_EMPTY_PATH) == 0);
}

} // namespace

NewFile::NewFile(NewFile&& other) noexcept
    : target_(std::move(other.target_)), fd_(std::move(other.fd_)), name_(std::exchange(other.name_, "")),
      suffix_(std::move(other.suffix_)), in_place_(other.in_place_) {}

NewFile& NewFile::operator=(NewFile&& other) noexcept {
    std::swap(target_, other.target_);
    std::swap(fd_, other.fd_);
    std::swap(name_, other.name_);
    std::swap(suffix_, other.suffix_);
    std::swap(in_place_, other.in_place_);
    return *this;
}

NewFile::~NewFile() {
    if (suffix_.empty())
        discard();
}

// Returns 0 or an errno: EEXIST if the name exists, even as a dangling symbolic link.
int NewFile::create(const std::string& name, mode_t mode, int flags) {
    fd_ = Fd(::openat(target_.folder(), name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, mode));
    if (!fd_)
        return errno;
    give_to_caller(fd_.get());
    return 0;
}

Result<NewFile> NewFile::hidden(const OutputTarget& target, mode_t mode) {
    NewFile file(target);
    int error = file.create(".", mode, O_TMPFILE);
    // Some file systems do not support O_TMPFILE.
    const bool named = error == EOPNOTSUPP || error == EISDIR;
    for (int attempt = 0; named && error != 0 && attempt < max_attempts; attempt++) {
        const std::string name = random_name();
        error = file.create(name, mode, O_CREAT | O_EXCL);
        if (error == 0)
            file.name_ = name;
        else if (error != EEXIST)
            break;
    }
    if (error != 0)
        return write_error(target.path(), error);
    return file;
}

Result<NewFile> NewFile::part(const OutputTarget& target, mode_t mode) {
    NewFile file(target);
    int error = EEXIST;
    for (int number = 1; error == EEXIST && number <= max_parts; number++) {
        file.suffix_ = number == 1 ? ".part" : ".part-" + std::to_string(number);
        error = file.create(target.name() + file.suffix_, mode, O_CREAT | O_EXCL);
    }
    if (error != 0)
        return write_error(target.path(), error);
    file.name_ = target.name() + file.suffix_;
    return file;
}

// The owner of the folder can have put another file there.
bool NewFile::still_named() const {
    struct stat named {};
    struct stat own {};
    return ::fstatat(target_.folder(), name_.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           ::fstat(fd_.get(), &own) == 0 && FileId::of(named) == FileId::of(own);
}

Status NewFile::put_in_place() {
    const int folder = target_.folder();
    const SignalsHeldBack held_back;
    if (name_.empty()) {
        bool linked = false;
        for (int attempt = 0; !linked && attempt < max_attempts; attempt++) {
            name_ = random_name();
            linked = link_in(fd_.get(), folder, name_.c_str());
            if (!linked && errno != EEXIST)
                break;
        }
        if (!linked) {
            name_.clear();
            return write_error(target_.path(), errno);
        }
    } else if (!still_named()) {
        name_.clear();
        return fail(ExitCode::cannot_write, "cannot write " + target_.path(),
                    "another process removed or replaced the temporary file",
                    "name a file in a folder that only you can write to");
    }
    if (::renameat(folder, name_.c_str(), folder, target_.name().c_str()) != 0)
        return write_error(target_.path(), errno);
    in_place_ = true;
    name_.clear();
    return {};
}

void NewFile::discard() {
    if (!name_.empty() && still_named())
        ::unlinkat(target_.folder(), name_.c_str(), 0);
    name_.clear();
}

} // namespace rcuscope
