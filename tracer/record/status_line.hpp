// SPDX-License-Identifier: BSD-2-Clause
//
// A progress line on stderr. It is overwritten by the next one, and erased at the end.
#pragma once

#include <string>

namespace rcuscope {

class StatusLine {
public:
    // `wanted`: stderr is a terminal, and --quiet is not given.
    explicit StatusLine(bool wanted) : wanted_(wanted) {}
    StatusLine(const StatusLine&) = delete;
    StatusLine& operator=(const StatusLine&) = delete;
    ~StatusLine() { clear(); }

    void show(const std::string& what);
    // Call it before anything else is written to the terminal.
    void clear();
    // Like clear(), for a caller that writes to the terminal by other means: returns the text to write first.
    std::string clearing();

private:
    bool wanted_;
    bool shown_ = false;
};

} // namespace rcuscope
