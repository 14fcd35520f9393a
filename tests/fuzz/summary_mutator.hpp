// SPDX-License-Identifier: BSD-2-Clause
//
// Changes the values in a summary and keeps them consistent. Most random changes of its text make it contradictory, and
// the reader would reject the file at once.
#pragma once

#include <random>

#include "analysis/digest.hpp"

namespace rcuscope::fuzz {

void change_summary(Digest& summary, std::minstd_rand& random);

} // namespace rcuscope::fuzz
