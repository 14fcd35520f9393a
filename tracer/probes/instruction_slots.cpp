// SPDX-License-Identifier: BSD-2-Clause
#include "probes/instruction_slots.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <utility>

namespace rcuscope {

namespace {

// The second instruction of a traceable function. The first is a call of ftrace, or a nop in its place; before that is
// an endbr64 in some functions of kernels with CONFIG_X86_KERNEL_IBT. The kernel refuses what is no instruction.
constexpr std::uint64_t after_ftrace = 5;
constexpr std::uint64_t after_endbr_and_ftrace = 9;

} // namespace

std::size_t slots_to_reserve(const PlacedSites& placed) {
    const auto sections = std::count_if(placed.sites.begin(), placed.sites.end(), [](const SiteInfo& site) {
        return site.kind == SiteKind::read_lock || site.kind == SiteKind::read_unlock;
    });
    return static_cast<std::size_t>(sections) > sections_without_reservation ? placed.slots : 0;
}

std::size_t fill_slots(std::istream& functions, std::size_t slots, const DefineProbe& define) {
    std::array offsets{after_ftrace, after_endbr_and_ftrace};
    std::size_t fillers = 0;
    std::size_t since_keeper = between_keepers;
    for (std::string line; std::getline(functions, line);) {
        const auto function = KernelName::of(line); // none: a function of a module, with the module's name
        if (!function)
            continue;
        const bool last = fillers == slots;
        const SlotUse use = last || since_keeper == between_keepers ? SlotUse::keeper : SlotUse::filler;
        if (!define({std::nullopt, *function, offsets[0]}, use)) {
            if (!define({std::nullopt, *function, offsets[1]}, use))
                continue;
            std::swap(offsets[0], offsets[1]); // the next functions are likely to begin alike
        }
        if (last)
            break;
        fillers += use == SlotUse::filler ? 1U : 0U;
        since_keeper = use == SlotUse::filler ? since_keeper + 1 : 0;
    }
    return fillers;
}

Status reserve_slots(const std::string& tracefs, const KernelName& group, std::size_t slots) {
    const KprobeEvents events(tracefs);
    const KprobeEvent fillers{group, *KernelName::of(group.text() + "_fillers")};
    const KprobeEvent keepers{group, *KernelName::of(group.text() + "_keepers")};
    std::ifstream functions(tracefs + "/available_filter_functions");
    const std::size_t filled = fill_slots(functions, slots, [&](const KprobePlace& place, SlotUse use) {
        return events.add(use == SlotUse::keeper ? keepers : fillers, place).has_value();
    });
    return filled > 0 ? events.remove(fillers) : Status();
}

} // namespace rcuscope
