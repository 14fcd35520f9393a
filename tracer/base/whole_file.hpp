// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/output_target.hpp"

namespace rcuscope {

// The readers of a file, before the umask.
enum class Readers : mode_t { everybody = 0644, owner = 0600 };

// Writes a file whole or not at all: a new file takes the place of what is there when it is complete, and is gone on
// any error (new_file.hpp). What is no file ("-" for standard output, a pipe, a device) is written to directly.
Status write_whole(const OutputTarget& target, const std::function<void(std::ostream&)>& write,
                   Readers readers = Readers::everybody);

// To standard output.
Status write_to_stdout(const std::function<void(std::ostream&)>& write);

// The same into a temporary file without a name (temporary_file.hpp).
Result<Fd> write_unnamed(const std::function<void(std::ostream&)>& write);

} // namespace rcuscope
