// SPDX-License-Identifier: BSD-2-Clause
//
// Bindings: which recording's storage a thread works with.
//
// A row of a recording refers to a text or a location by a number of four bytes. Such a number has a meaning only in
// the pool that gave it out, and a row has no room for a pointer to the pool. So a thread binds a pool for a scope;
// within that scope numbers are looked up in the bound pool, and new values are added to it. There can be any number of
// pools of one type. The only static variable is a pointer to the bound pool, one for each thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>

namespace rcuscope {

// An object that one thread at a time may bind. Use by a second thread is a bug of this program: it aborts.
class Bindable {
public:
    // `what` names the object in messages, in the plural.
    explicit Bindable(const char* what) : what_(what) {}
    Bindable(const Bindable&) = delete;
    Bindable& operator=(const Bindable&) = delete;

    // Aborts unless this thread has bound the object, whatever else it has bound since.
    void check_bound() const {
        if (owner_.load(std::memory_order_relaxed) != std::this_thread::get_id()) [[unlikely]]
            fail("used where they are not bound");
    }
    // Aborts if another thread has bound the object.
    void check_no_other_thread() const;

protected:
    ~Bindable(); // aborts if the object is bound

private:
    template <typename T>
    friend class Binding;

    void enter();
    void leave();
    [[noreturn]] void fail(const char* how) const;

    const char* what_;
    std::atomic<std::thread::id> owner_{}; // the thread that has bound it; none: it is not bound
    std::size_t bindings_ = 0;             // of this thread
};

[[noreturn]] void not_bound();

// Binds an object to this thread as long as the Binding exists. Bindings nest: the end of one brings the one before
// back. They must end in the reverse order, as objects with automatic storage do.
template <typename T>
class Binding {
public:
    explicit Binding(T& object) : object_(object), before_(current_) {
        object_.enter();
        current_ = &object_;
    }
    Binding(const Binding&) = delete;
    Binding& operator=(const Binding&) = delete;
    ~Binding() {
        current_ = before_;
        object_.leave();
    }

    // The object that this thread has bound. Aborts if there is none.
    static T& current() {
        if (current_ == nullptr) [[unlikely]]
            not_bound();
        return *current_;
    }
    static T* current_or_null() { return current_; }

private:
    static inline constinit thread_local T* current_ = nullptr;

    T& object_;
    T* before_;
};

} // namespace rcuscope
