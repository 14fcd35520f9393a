// SPDX-License-Identifier: BSD-2-Clause
#include "base/caller.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <unistd.h>

namespace rcuscope {

namespace {

// Accepts decimal digits only, and not (id_t)-1, which chown() reads as "leave unchanged".
std::optional<id_t> id_of(const char* variable) {
    const char* text = ::secure_getenv(variable);
    if (text == nullptr)
        return std::nullopt;
    const char* end = text + std::strlen(text);
    id_t id = 0;
    const auto [rest, error] = std::from_chars(text, end, id);
    if (error != std::errc() || rest != end || id == std::numeric_limits<id_t>::max())
        return std::nullopt;
    return id;
}

} // namespace

bool Caller::owns(uid_t owner) const {
    return owner == ::geteuid() || (by_sudo && owner == user);
}

Caller caller() {
    if (::geteuid() == 0 && ::getuid() == 0) {
        const auto user = id_of("SUDO_UID");
        const auto group = id_of("SUDO_GID");
        if (user && group && *user != 0) // 0: root called sudo
            return {*user, *group, true};
    }
    return {::geteuid(), ::getegid(), false};
}

void give_to_caller(int fd) {
    const Caller who = caller();
    if (who.by_sudo) [[maybe_unused]]
        const bool given = ::fchown(fd, who.user, who.group) == 0;
}

} // namespace rcuscope
