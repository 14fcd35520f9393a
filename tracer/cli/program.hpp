// SPDX-License-Identifier: BSD-2-Clause
//
// The program without main(), so that tests can link it.
#pragma once

namespace rcuscope {

// Runs the subcommand of the command line. Returns the exit code.
int run_program(int argc, char** argv);

} // namespace rcuscope
