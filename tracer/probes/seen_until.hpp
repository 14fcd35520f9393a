// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>

namespace rcuscope {

// Up to which time every record of a CPU's ring was taken.
//
// The programs take a record's time once it has its room (bpf/event_ring.h). So what is beyond a head that was looked
// at after the clock is later than what the clock said. What is before it may not be whole yet: an interrupt, or
// another task, may keep the program from going on, and then nothing behind that record can be taken. Until then the
// time stands still.
class SeenUntil {
public:
    // The head was at `head` after the clock had said `ns`, and what is before `taken` was taken.
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
    // Something that was sent could not be taken.
    bool waits() const { return waits_; }

private:
    std::uint64_t ns_ = 0;
    bool waits_ = false;
    // An earlier look: everything up to `then_` is taken when `head_` is reached.
    std::uint64_t head_ = 0;
    std::uint64_t then_ = 0;
};

} // namespace rcuscope
