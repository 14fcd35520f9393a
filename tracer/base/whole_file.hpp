// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

// "-" and /dev/stdout, which are standard output, and what is in /dev. By the folder, as files in /dev/shm are plain
// files.
bool names_a_device(std::string_view path);

// Writes a file whole or not at all: to a temporary beside it that is renamed at the end and removed on any error. What
// is no plain file ("-" for standard output, a pipe, a device) is written to directly.
Status write_whole(const std::string& path, const std::function<void(std::ostream&)>& write);

// The same into a temporary file without a name (temporary_file.hpp).
Result<Fd> write_unnamed(const std::function<void(std::ostream&)>& write);

} // namespace rcuscope
