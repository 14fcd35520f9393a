// SPDX-License-Identifier: BSD-2-Clause
#include "base/binding.hpp"

#include <cstdlib>

#include "base/text_out.hpp"

namespace rcuscope {

Bindable::~Bindable() {
    if (bindings_ != 0)
        fail("freed while they are bound");
}

void Bindable::check_no_other_thread() const {
    const std::thread::id owner = owner_.load(std::memory_order_relaxed);
    if (owner != std::thread::id() && owner != std::this_thread::get_id())
        fail("used by two threads");
}

// If two threads bind the object at the same time, one of them finds the other.
void Bindable::enter() {
    const auto self = std::this_thread::get_id();
    std::thread::id owner;
    if (!owner_.compare_exchange_strong(owner, self, std::memory_order_acquire) && owner != self)
        fail("used by two threads");
    bindings_++;
}

void Bindable::leave() {
    if (--bindings_ == 0)
        owner_.store(std::thread::id(), std::memory_order_release);
}

void Bindable::fail(const char* how) const {
    StandardError() << "rcuscope: " << what_ << " are " << how << "\n";
    std::abort();
}

void not_bound() {
    StandardError() << "rcuscope: rows of a recording are used where it is not bound\n";
    std::abort();
}

} // namespace rcuscope
