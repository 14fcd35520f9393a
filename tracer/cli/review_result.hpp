// SPDX-License-Identifier: BSD-2-Clause
//
// What a review of modules came to, and how it is written.
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
    std::vector<UnreadModule> unread; // found below a folder, and no module that can be read
    bool one_asked = false;           // one file was named: all is said of it
    std::size_t count(Sureness sureness) const;
};

void write_review_text(const ReviewResult& result, std::ostream& out);
void write_review_json(const ReviewResult& result, std::ostream& out);

} // namespace rcuscope
