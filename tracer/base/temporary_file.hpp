// SPDX-License-Identifier: BSD-2-Clause
//
// Files that have no name, and are gone with their last descriptor.
#pragma once

#include <initializer_list>
#include <string>

#include "base/file.hpp"

namespace rcuscope {

// The folder for them: the one that TMPDIR names; without it the first of these in which files can be made, or the
// last. /tmp is memory on many machines, and all that small ones have.
std::string temporary_folder(std::initializer_list<const char*> usual = {"/var/tmp", "/tmp"});

// One there, for reading and writing; none, with errno, if it cannot be made.
Fd temporary_file();

} // namespace rcuscope
