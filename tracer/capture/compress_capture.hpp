// SPDX-License-Identifier: BSD-2-Clause
//
// Compresses a finished capture whose chunks were written uncompressed, because records came too fast for compression
// during the recording.
#pragma once

#include <functional>
#include <optional>

#include "base/error.hpp"
#include "base/output_target.hpp"
#include "capture/input_file.hpp"

namespace rcuscope {

// Reports progress: `done` is the compressed share of the file, 0 to 1. Returns false to stop the compression.
using GoOn = std::function<bool(double done)>;

// Compresses `from` into a new file, which then replaces `from` under the target's name. Returns the new file. Leaves
// `from` unchanged if an error occurs, if `go_on` returns false, or if `from` has a second name or no longer has the
// target's name; returns none in the last three cases.
Result<std::optional<InputFile>> compress_capture(const InputFile& from, const OutputTarget& target, const GoOn& go_on);

} // namespace rcuscope
