// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace rcuscope {

// All of the program: does what the command line asks for, and returns the exit code.
int run_program(int argc, char** argv);

} // namespace rcuscope
