// SPDX-License-Identifier: BSD-2-Clause
//
// The result of `review` for all modules, and the functions that write it as text and JSON.
#pragma once

#include <iosfwd>
#include <vector>

#include "base/error.hpp"
#include "review/reading.hpp"

namespace rcuscope {

struct UnreadModule {
    std::string path;
    std::string why;
};

struct ReviewResult {
    std::vector<ModuleReading> modules;
    std::vector<UnreadModule> unread; // files below a folder that cannot be read as a module
    bool one_asked = false;           // the arguments give one file: the text shows it even if there is nothing to find
    std::size_t count(Confidence sureness) const;
};

void write_review_text(const ReviewResult& result, std::ostream& out);
void write_review_json(const ReviewResult& result, std::ostream& out);

} // namespace rcuscope
