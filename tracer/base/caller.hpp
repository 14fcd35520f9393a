// SPDX-License-Identifier: BSD-2-Clause
//
// The caller of the program: under sudo not root, but the user who called sudo. Outputs are made theirs.
//
// SUDO_UID and SUDO_GID are believed of a process that got root's privileges by way of root (sudo, a root shell), never
// of one that is set-user-ID. A user who can set them for a believed process is root already, and gains nothing by it.
// All that they decide is to whom files are given that this program has made, and whose symbolic links it follows.
#pragma once

#include <sys/types.h>

namespace rcuscope {

struct Caller {
    uid_t user;
    gid_t group;
    bool by_sudo;

    // Whether it is theirs alone to say what a file of this owner is.
    bool owns(uid_t owner) const;
    // The same of folders and of links in the middle of a path: root's lead where the machine was set up to lead.
    bool trusts(uid_t owner) const { return owner == 0 || owns(owner); }
};

// As things are now.
Caller caller();

// Gives a new file, by its descriptor, to who asked sudo for this program. Best effort: not every file system knows
// owners, and the file is good as it is.
void give_to_caller(int fd);

} // namespace rcuscope
