// SPDX-License-Identifier: BSD-2-Clause
//
// Checks the nesting depth, the number of values and the uniqueness of keys of a JSON text before a parser spends
// memory on it. This is a separate SAX pass, because nlohmann's parser callbacks, which would need no second pass,
// look at all earlier elements of an array again at the end of each object.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rcuscope {

class JsonShape final : public nlohmann::json_sax<nlohmann::json> {
public:
    // No format that rcuscope reads is nested deeper.
    static constexpr std::size_t max_depth = 8;
    // No format that rcuscope reads has more values. Two bytes of text can make a value of some hundred bytes.
    static constexpr std::size_t max_values = 1'000'000;

    explicit JsonShape(std::string_view text) {
        nlohmann::json_sax<nlohmann::json>* const visitor = this; // the overrides are private
        is_json_ = nlohmann::json::sax_parse(text, visitor);
    }

    bool is_json() const { return is_json_; } // false also if the text is too deep or has too many values
    bool too_deep() const { return too_deep_; }
    bool too_much() const { return values_ > max_values; }
    // The first key that one object has twice. A parser would silently keep the last value.
    const std::optional<std::string>& twice() const { return twice_; }

private:
    bool value() {
        values_++;
        too_deep_ = open_ > max_depth;
        return !too_deep_ && !too_much();
    }
    bool open() {
        const bool fits = value();
        open_++;
        return fits;
    }
    bool close() {
        open_--;
        return true;
    }

    bool null() override { return value(); }
    bool boolean(bool /*unused*/) override { return value(); }
    bool number_integer(number_integer_t /*unused*/) override { return value(); }
    bool number_unsigned(number_unsigned_t /*unused*/) override { return value(); }
    bool number_float(number_float_t /*unused*/, const string_t& /*unused*/) override { return value(); }
    bool string(string_t& /*unused*/) override { return value(); }
    bool binary(binary_t& /*unused*/) override { return value(); }
    bool start_array(std::size_t /*unused*/) override { return open(); }
    bool end_array() override { return close(); }
    bool start_object(std::size_t /*unused*/) override {
        names_.emplace_back();
        return open();
    }
    bool key(string_t& name) override {
        if (!names_.back().insert(name).second && !twice_)
            twice_ = name;
        return true;
    }
    bool end_object() override {
        names_.pop_back();
        return close();
    }
    bool parse_error(std::size_t /*unused*/, const std::string& /*unused*/,
                     const nlohmann::detail::exception& /*unused*/) override {
        return false;
    }

    std::vector<std::set<std::string>> names_; // keys so far, for each open object
    std::size_t open_ = 0;                     // open objects and arrays
    std::size_t values_ = 0;
    bool too_deep_ = false;
    bool is_json_ = false;
    std::optional<std::string> twice_;
};

} // namespace rcuscope
