// SPDX-License-Identifier: BSD-2-Clause
//
// The line on stderr that says what goes on, and is gone when that is over.
#pragma once

#include <string>

namespace rcuscope {

class StatusLine {
public:
    // `wanted`: stderr is a terminal, and nobody asked for silence.
    explicit StatusLine(bool wanted) : wanted_(wanted) {}
    StatusLine(const StatusLine&) = delete;
    StatusLine& operator=(const StatusLine&) = delete;
    ~StatusLine() { clear(); }

    void show(const std::string& what);
    // Before anything else is written to the terminal.
    void clear();
    // The same for who writes there by other means: what is to be written first.
    std::string clearing();

private:
    bool wanted_;
    bool shown_ = false;
};

} // namespace rcuscope
