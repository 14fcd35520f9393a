// SPDX-License-Identifier: BSD-2-Clause
//
// The entry point of rcuscope; program.hpp has everything else.
#include "cli/program.hpp"

int main(int argc, char** argv) {
    return rcuscope::run_program(argc, argv);
}
