// SPDX-License-Identifier: BSD-2-Clause
//
// A Recording owns what the rows of a timeline refer to: texts, locations, the lists of single rows, and the memory
// budget of long lists. (Stacks are in the Timeline itself.) All of it is freed with the Recording. Recordings are
// independent of each other: there may be several at a time, freed in any order.
#pragma once

#include <cstddef>

#include "base/binding.hpp"
#include "base/pooled_string.hpp"
#include "base/rare_list.hpp"
#include "base/spill_memory.hpp"
#include "timeline/code_location.hpp"

namespace rcuscope {

// A thread binds a Recording while it builds or reads its timeline. One thread at a time may do so. A Timeline must be
// destroyed before its Recording, for which it need not be bound.
class Recording : public Bindable {
public:
    Recording() : Bindable("recordings") {}

    class [[nodiscard]] Binding {
    public:
        explicit Binding(Recording& recording)
            : recording_(recording), strings_(recording.strings_), locations_(recording.locations_),
              rare_lists_(recording.rare_lists_), spill_(recording.spill_) {}

    private:
        rcuscope::Binding<Recording> recording_;
        rcuscope::Binding<StringPool> strings_;
        rcuscope::Binding<LocationPool> locations_;
        rcuscope::Binding<RareListPool> rare_lists_;
        rcuscope::Binding<SpillBudget> spill_;
    };

    const StringPool& strings() const { return strings_; }
    const LocationPool& locations() const { return locations_; }
    const RareListPool& rare_lists() const { return rare_lists_; }
    SpillBudget& spill() { return spill_; }

private:
    StringPool strings_;
    LocationPool locations_;
    RareListPool rare_lists_;
    SpillBudget spill_;
};

} // namespace rcuscope
