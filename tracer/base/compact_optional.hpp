// SPDX-License-Identifier: BSD-2-Clause
//
// An optional number that takes no more memory than the number. It is for rows of which there are millions.
#pragma once

#include <limits>
#include <optional>
#include <type_traits>

namespace rcuscope {

// Stored as a `Stored`, which must hold each value. One value of `Stored` means "none" and cannot be held as a number:
// the smallest of a signed type, the largest of an unsigned type.
template <typename Value, typename Stored = Value>
class CompactOptional {
public:
    using value_type = Value;

    CompactOptional() = default;
    CompactOptional(std::nullopt_t) {}
    CompactOptional(Value value) : stored_(static_cast<Stored>(value)) {}
    CompactOptional(const std::optional<Value>& value) : stored_(value ? static_cast<Stored>(*value) : none) {}

    bool has_value() const { return stored_ != none; }
    explicit operator bool() const { return has_value(); }
    Value operator*() const { return static_cast<Value>(stored_); }
    Value value_or(Value other) const { return has_value() ? **this : other; }
    operator std::optional<Value>() const { return has_value() ? std::optional<Value>(**this) : std::nullopt; }

    friend bool operator==(CompactOptional, CompactOptional) = default;
    friend bool operator==(CompactOptional a, std::nullopt_t) { return !a.has_value(); }
    friend bool operator==(CompactOptional a, Value b) { return a.has_value() && *a == b; }
    friend bool operator==(CompactOptional a, const std::optional<Value>& b) { return std::optional<Value>(a) == b; }

private:
    static constexpr Stored none =
        std::is_signed_v<Stored> ? std::numeric_limits<Stored>::min() : std::numeric_limits<Stored>::max();

    Stored stored_ = none;
};

} // namespace rcuscope
