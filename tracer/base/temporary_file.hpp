// SPDX-License-Identifier: BSD-2-Clause
//
// Temporary files without a name. The kernel removes such a file when its last descriptor is closed.
#pragma once

#include <initializer_list>
#include <string>

#include "base/file.hpp"

namespace rcuscope {

// The folder for temporary files: TMPDIR if it is set, else the first of `usual` that is writable, else the last.
// /tmp comes last because it is in memory on many machines; small systems have only /tmp.
std::string temporary_folder(std::initializer_list<const char*> usual = {"/var/tmp", "/tmp"});

// Makes a file there, for reading and writing. On failure the Fd is empty and errno is set.
Fd temporary_file();

} // namespace rcuscope
