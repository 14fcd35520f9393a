// SPDX-License-Identifier: BSD-2-Clause
#include "report/show.hpp"

#include <cstdlib>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

namespace rcuscope::test {
namespace {

void set_or_clear(const char* name, const char* value) {
    value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
}

// Whether standard output has colours if it is a terminal.
bool colours_on_a_terminal(const char* term, const char* no_color) {
    int terminal = -1;
    int program = -1;
    EXPECT_EQ(::openpty(&terminal, &program, nullptr, nullptr, nullptr), 0);
    const int before = ::dup(STDOUT_FILENO);
    ::dup2(program, STDOUT_FILENO);
    set_or_clear("TERM", term);
    set_or_clear("NO_COLOR", no_color);
    const bool colour = style_of_stdout().colour;
    ::dup2(before, STDOUT_FILENO);
    for (const int fd : {terminal, program, before})
        ::close(fd);
    return colour;
}

TEST(Style, ColoursAreForTerminalsThatSayWhatTheyAreUnlessNobodyWantsThem) {
    EXPECT_TRUE(colours_on_a_terminal("xterm-256color", nullptr));
    EXPECT_TRUE(colours_on_a_terminal("xterm-256color", "")); // as no-color.org specifies
    EXPECT_FALSE(colours_on_a_terminal("xterm-256color", "1"));
    EXPECT_FALSE(colours_on_a_terminal("dumb", nullptr));
    EXPECT_FALSE(colours_on_a_terminal(nullptr, nullptr));
}

} // namespace
} // namespace rcuscope::test
