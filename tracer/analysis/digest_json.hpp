// SPDX-License-Identifier: BSD-2-Clause
//
// A digest as a file: JSON, schema rcuscope.summary/1 (docs/summary.schema.json).
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "analysis/digest.hpp"
#include "base/error.hpp"

namespace rcuscope {

inline constexpr const char* digest_schema = "rcuscope.summary/1";

// The same bytes for the same digest, on every machine.
void write_digest(const Digest& digest, std::ostream& out);

// Trusts nothing: fails with ExitCode::bad_input and one clear reason if it is no such JSON, or if what it says cannot
// be true together. `name` is what the error calls it. Members that are not known are ignored.
Result<Digest> digest_from_json(std::string_view text, const std::string& name);
Result<Digest> read_digest(const std::string& path);

} // namespace rcuscope
