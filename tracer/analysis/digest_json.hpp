// SPDX-License-Identifier: BSD-2-Clause
//
// Writes and reads a digest as JSON, schema rcuscope.summary/1 (docs/summary.schema.json).
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "analysis/digest.hpp"
#include "base/error.hpp"

namespace rcuscope {

inline constexpr const char* digest_schema = "rcuscope.summary/1";

// Writes the same bytes for the same digest on every machine.
void write_digest(const Digest& digest, std::ostream& out);

// Validates untrusted input. Fails with ExitCode::bad_input and one reason if the text is not JSON of this schema or
// if its numbers contradict each other. `name` names the input in the error. Unknown members are ignored.
Result<Digest> digest_from_json(std::string_view text, const std::string& name);
Result<Digest> read_digest(const std::string& path);

} // namespace rcuscope
