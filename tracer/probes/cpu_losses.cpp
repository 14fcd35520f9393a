// SPDX-License-Identifier: BSD-2-Clause
#include "probes/cpu_losses.hpp"

namespace rcuscope {

std::vector<CpuLoss> losses_of(std::span<const volatile rs_cpu> states) {
    std::vector<CpuLoss> losses;
    for (std::size_t cpu = 0; cpu < states.size(); cpu++)
        if (const volatile rs_cpu& state = states[cpu]; state.lost_total)
            losses.push_back({static_cast<std::uint32_t>(cpu), state.lost_total, state.lost_from_ns, state.lost_to_ns});
    return losses;
}

} // namespace rcuscope
