// SPDX-License-Identifier: BSD-2-Clause
//
// Arithmetic on the kernel's raw sequence numbers of normal and expedited grace periods (gp_seq).
#pragma once

#include <cstdint>

namespace rcuscope {

// kernel/rcu/rcu.h: a gp_seq is (counter << RCU_SEQ_CTR_SHIFT) | state.
inline constexpr unsigned rcu_seq_ctr_shift = 2;
inline constexpr std::uint64_t rcu_seq_state_mask = 3;

// The counter of the grace period whose end makes gp_seq reach `done`. Wraps like the kernel's counter.
inline std::uint64_t counter_released_by(std::uint64_t done) {
    return (done - (std::uint64_t{1} << rcu_seq_ctr_shift)) >> rcu_seq_ctr_shift;
}

// Whether `a` is later than `b`. gp_seq wraps, so only the sign of a difference is meaningful (ULONG_CMP_LT).
inline bool seq_later(std::uint64_t a, std::uint64_t b) {
    return static_cast<std::int64_t>(a - b) > 0;
}

// The number of grace periods that the counter advanced from `earlier` to `later`.
inline std::uint64_t periods_between(std::uint64_t earlier, std::uint64_t later) {
    return ((later & ~rcu_seq_state_mask) - (earlier & ~rcu_seq_state_mask)) >> rcu_seq_ctr_shift;
}

} // namespace rcuscope
