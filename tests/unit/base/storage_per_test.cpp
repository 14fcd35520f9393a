// SPDX-License-Identifier: BSD-2-Clause
//
// Gives each test of base pools of its own.
#include "storage_per_test.hpp"

#include "base/pooled_string.hpp"
#include "base/rare_list.hpp"
#include "base/spill_memory.hpp"

namespace rcuscope::test {
namespace {

struct Pools {
    StringPool strings;
    RareListPool rare_lists;
    SpillBudget spill;
    Binding<StringPool> bound_strings{strings};
    Binding<RareListPool> bound_rare_lists{rare_lists};
    Binding<SpillBudget> bound_spill{spill};
};

const bool installed = StoragePerTest<Pools>::install();

} // namespace
} // namespace rcuscope::test
