// SPDX-License-Identifier: BSD-2-Clause
//
// Tracks the time up to which the consumer has taken every record of a CPU's ring.
#pragma once

#include <cstdint>

namespace rcuscope {

// A BPF program takes a record's time after it has reserved room for the record (bpf/event_ring.h). If user space
// reads the clock first and the head after that, every record beyond this head is later than the clock's value. A
// record before the head may not be whole yet, because an interrupt or another task keeps its program from completing
// it. Then no record behind it can be taken, and ns() does not advance until that record was taken.
class RingWatermark {
public:
    // Call with the clock read first: the clock said `ns`, then the head was at `head`, and everything before `taken`
    // was taken.
    void look(std::uint64_t ns, std::uint64_t head, std::uint64_t taken) {
        if (taken == head) {
            ns_ = ns;
            waits_ = false;
            return;
        }
        if (waits_ && taken >= head_) {
            ns_ = then_;
            waits_ = false;
        }
        if (!waits_) {
            head_ = head;
            then_ = ns;
            waits_ = true;
        }
    }

    std::uint64_t ns() const { return ns_; }
    // Whether records before the head could not be taken.
    bool waits() const { return waits_; }

private:
    std::uint64_t ns_ = 0;
    bool waits_ = false;
    // An earlier call of look(): once `taken` reaches `head_`, everything up to `then_` is taken.
    std::uint64_t head_ = 0;
    std::uint64_t then_ = 0;
};

} // namespace rcuscope
