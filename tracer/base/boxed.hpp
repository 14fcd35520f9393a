// SPDX-License-Identifier: BSD-2-Clause
//
// An optional value on the heap: one pointer, null if there is none. It is for large values that few rows of a table
// have.
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace rcuscope {

// Has value semantics: a copy is deep. To dereference an empty one is undefined.
template <typename T>
class Boxed {
public:
    Boxed() = default;
    Boxed(std::nullopt_t) {}
    Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
    Boxed(const Boxed& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    Boxed(Boxed&&) noexcept = default;
    Boxed& operator=(const Boxed& other) { return *this = Boxed(other); }
    Boxed& operator=(Boxed&&) noexcept = default;
    ~Boxed() = default;

    explicit operator bool() const { return value_ != nullptr; }
    bool has_value() const { return value_ != nullptr; }
    T& operator*() { return *value_; }
    const T& operator*() const { return *value_; }
    T* operator->() { return value_.get(); }
    const T* operator->() const { return value_.get(); }

    friend bool operator==(const Boxed& a, std::nullopt_t) { return !a; }

private:
    std::unique_ptr<T> value_;
};

} // namespace rcuscope
