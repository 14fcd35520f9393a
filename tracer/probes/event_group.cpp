// SPDX-License-Identifier: BSD-2-Clause
#include "probes/event_group.hpp"

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/random.h>

namespace rcuscope {

namespace {

constexpr std::size_t digits = 16;
constexpr unsigned spare_bits = 2; // a file position is signed, and the locked range must end after it

std::string name_of(std::uint64_t number) {
    std::string text(digits, '0');
    for (std::size_t i = digits; number != 0; number >>= 4U)
        text[--i] = "0123456789abcdef"[number & 15U];
    return std::string(EventGroup::prefix) + text;
}

// None: name_of() does not make such a name.
std::optional<std::uint64_t> number_of(std::string_view name) {
    if (!name.starts_with(EventGroup::prefix) || name.size() != EventGroup::prefix.size() + digits)
        return std::nullopt;
    const char* const from = name.data() + EventGroup::prefix.size();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(from, from + digits, number, 16);
    const bool ours = error == std::errc() && end == from + digits && number >> (64U - spare_bits) == 0;
    return ours ? std::optional(number) : std::nullopt;
}

struct flock lock_of(std::uint64_t number) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(number);
    lock.l_len = 1;
    return lock;
}

} // namespace

Result<EventGroup> EventGroup::take(const KprobeEvents& events) {
    const std::string what = "cannot own probes in " + events.path();
    Fd file(::open(events.path().c_str(), O_RDWR | O_CLOEXEC));
    if (!file)
        return fail(ExitCode::cannot_here, what, errno_text(errno));
    constexpr int tries = 100; // a number is in use once in 2^62 times, unless a process has locked the whole file
    for (int i = 0; i < tries; i++) {
        std::uint64_t number = 0;
        if (::getrandom(&number, sizeof(number), 0) != sizeof(number))
            return fail(ExitCode::cannot_here, what, "getrandom(): " + errno_text(errno));
        number >>= spare_bits;
        struct flock lock = lock_of(number);
        if (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
            if (errno == EAGAIN || errno == EACCES || errno == EINTR) // another process has locked this number
                continue;
            return fail(ExitCode::cannot_here, what, "fcntl(F_OFD_SETLK): " + errno_text(errno));
        }
        const std::string name = name_of(number);
        if (events.of_groups(name + "/").empty())
            return EventGroup(*KernelName::of(name), std::move(file));
        lock.l_type = F_UNLCK;
        ::fcntl(file.get(), F_OFD_SETLK, &lock);
    }
    return fail(ExitCode::cannot_here, what, "another process has locked the file",
                "find the processes that have it open: fuser -v " + events.path());
}

GroupOwner EventGroup::owner_of(const KernelName& group, const KprobeEvents& events) {
    const auto number = number_of(group.text());
    const Fd file(::open(events.path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!number || !file)
        return GroupOwner::is_unknown;
    struct flock lock = lock_of(*number);
    if (::fcntl(file.get(), F_OFD_GETLK, &lock) != 0)
        return GroupOwner::is_unknown;
    return lock.l_type == F_UNLCK ? GroupOwner::is_gone : GroupOwner::lives;
}

} // namespace rcuscope
