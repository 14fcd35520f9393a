// SPDX-License-Identifier: BSD-2-Clause
//
// The caller of the program: the user who called sudo, or else the effective user. The caller becomes the owner of the
// outputs.
//
// SUDO_UID and SUDO_GID count only if both the real and the effective user are root (sudo, a root shell), and so never
// in a set-user-ID program. A user who can set them for such a process is root already and gains nothing. They decide
// only who owns the files that this program makes, and whose symbolic links it follows.
#pragma once

#include <sys/types.h>

namespace rcuscope {

struct Caller {
    uid_t user;
    gid_t group;
    bool by_sudo;

    // Whether `owner` is the effective user or the user who called sudo. For files and for links at the end of a path.
    bool owns(uid_t owner) const;
    // The same, or root: root's links are part of how the machine is set up. For links before the end of a path, and
    // for pipes and devices.
    bool trusts(uid_t owner) const { return owner == 0 || owns(owner); }
};

// From the present user ids and environment.
Caller caller();

// Makes the user who called sudo, if any, the owner of a new file. Best effort: some file systems have no owners, and
// the file is usable either way.
void give_to_caller(int fd);

} // namespace rcuscope
