// SPDX-License-Identifier: BSD-2-Clause
//
// Writes an output completely or not at all.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/output_target.hpp"

namespace rcuscope {

// The permissions of a file, before the umask.
enum class Readers : mode_t { everybody = 0644, owner = 0600 };

// A complete new file replaces the target; on any error the new file is removed (new_file.hpp). Standard output ("-"),
// a pipe or a device is written to directly. Errors: write_error.hpp.
Status write_whole(const OutputTarget& target, const std::function<void(std::ostream&)>& write,
                   Readers readers = Readers::everybody);

// The same for standard output.
Status write_to_stdout(const std::function<void(std::ostream&)>& write);

// Writes a temporary file without a name (temporary_file.hpp) and returns its descriptor.
Result<Fd> write_unnamed(const std::function<void(std::ostream&)>& write);

} // namespace rcuscope
