// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <limits>
#include <optional>
#include <type_traits>

namespace rcuscope {

// A number that may not be known, for rows of which there are millions: kept as `Stored`, and no larger than that. The
// value that `Stored` cannot hold beside it is the least of a signed type, the greatest of another.
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
