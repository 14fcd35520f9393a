// SPDX-License-Identifier: BSD-2-Clause
//
// Changes what a summary says, and keeps what its members say of each other: most changes of its text contradict it,
// and nothing is made of the file.
#pragma once

#include <random>

#include "analysis/digest.hpp"

namespace rcuscope::fuzz {

void change_summary(Digest& summary, std::minstd_rand& random);

} // namespace rcuscope::fuzz
