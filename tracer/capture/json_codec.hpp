// SPDX-License-Identifier: BSD-2-Clause
//
// Converts structs to JSON and back. A struct lists its members once for both directions, in its own namespace, where
// argument-dependent lookup finds the function. Members whose names are those in the JSON need one line:
//
//     JSON_FIELDS(HostInfo, kernel, machine, cpus)
//
// Otherwise:
//
//     static void fields(auto& visit, Of<HostInfo> auto& host) {
//         visit("kernel", host.kernel_release); ...
//     }
//
// The input is untrusted. The decoder checks the type and the range of each value before it reads the value, so
// nlohmann's accessors never throw.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rcuscope {

template <typename T, typename Struct>
concept Of = std::same_as<std::remove_const_t<T>, Struct>;

#define JSON_FIELD(member) visit(#member, row.member);
// Up to 63 members (NLOHMANN_JSON_PASTE).
#define JSON_FIELDS(Struct, ...)                                                                                       \
    static void fields(auto& visit, Of<Struct> auto& row) {                                                            \
        NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(JSON_FIELD, __VA_ARGS__))                                             \
    }

// ---- to JSON

template <typename T>
nlohmann::json encode_json(const T& value);

class JsonEncoder {
public:
    template <typename T>
    void operator()(const char* name, const T& value) {
        object_[name] = encode_json(value);
    }
    nlohmann::json take() { return std::move(object_); }

private:
    nlohmann::json object_ = nlohmann::json::object();
};

template <typename T>
nlohmann::json encode_value(const std::vector<T>& values) {
    auto array = nlohmann::json::array();
    for (const T& value : values)
        array.push_back(encode_json(value));
    return array;
}

template <typename T>
nlohmann::json encode_value(const std::optional<T>& value) {
    return value ? encode_json(*value) : nlohmann::json(nullptr);
}

template <typename T>
nlohmann::json encode_value(const std::map<std::string, T>& values) {
    auto object = nlohmann::json::object();
    for (const auto& [name, value] : values)
        object[name] = encode_json(value);
    return object;
}

template <typename T>
nlohmann::json encode_value(const T& value) {
    if constexpr (std::integral<T> || std::same_as<T, std::string>) {
        return value;
    } else if constexpr (std::is_enum_v<T>) {
        return names_of(value)[static_cast<std::size_t>(value)];
    } else {
        JsonEncoder encoder;
        fields(encoder, value);
        return encoder.take();
    }
}

template <typename T>
nlohmann::json encode_json(const T& value) {
    return encode_value(value);
}

// ---- from JSON

// An error in a value. `what` is worded to follow the path of the value: "is missing". The path is built only when an
// error is returned, so valid input costs nothing.
struct JsonProblem {
    std::string place; // ".sites[3].offset"
    std::string what;

    JsonProblem within(const std::string& outer) && { return {outer + place, std::move(what)}; }
};

using JsonCheck = std::optional<JsonProblem>;

template <typename T>
JsonCheck decode_json(const nlohmann::json& json, T& value);

class JsonDecoder {
public:
    explicit JsonDecoder(const nlohmann::json& object) : object_(object) {}

    template <typename T>
    void operator()(const char* name, T& value) {
        if (problem_)
            return;
        const auto member = object_.find(name);
        problem_ = member == object_.end() ? missing(value) : decode_json(*member, value);
        if (problem_)
            problem_ = std::move(*problem_).within(std::string(".") + name);
    }
    JsonCheck take() { return std::move(problem_); }

private:
    template <typename T>
    static JsonCheck missing(T&) {
        return JsonProblem{"", "is missing"};
    }
    template <typename T>
    static JsonCheck missing(std::optional<T>& value) {
        value.reset();
        return std::nullopt;
    }
    template <typename T>
    static JsonCheck missing(std::map<std::string, T>& values) {
        values.clear();
        return std::nullopt;
    }

    const nlohmann::json& object_;
    JsonCheck problem_;
};

template <typename T>
JsonCheck decode_value(const nlohmann::json& json, std::vector<T>& values) {
    if (!json.is_array())
        return JsonProblem{"", "is not an array"};
    values.clear();
    for (const nlohmann::json& element : json) {
        T value{};
        if (auto problem = decode_json(element, value))
            return std::move(*problem).within(std::string("[").append(std::to_string(values.size())).append("]"));
        values.push_back(std::move(value));
    }
    return std::nullopt;
}

template <typename T>
JsonCheck decode_value(const nlohmann::json& json, std::optional<T>& value) {
    if (json.is_null()) {
        value.reset();
        return std::nullopt;
    }
    return decode_json(json, value.emplace());
}

// A JSON object with arbitrary member names.
template <typename T>
JsonCheck decode_value(const nlohmann::json& json, std::map<std::string, T>& values) {
    if (!json.is_object())
        return JsonProblem{"", "is not an object"};
    values.clear();
    for (const auto& [name, member] : json.items())
        if (auto problem = decode_json(member, values[name]))
            return std::move(*problem).within("." + name);
    return std::nullopt;
}

template <std::integral T>
JsonCheck decode_integer(const nlohmann::json& json, T& value) {
    // nlohmann stores 0 and above as unsigned, so a signed value is negative.
    if (json.is_number_unsigned() && std::in_range<T>(json.template get<std::uint64_t>())) {
        value = static_cast<T>(json.template get<std::uint64_t>());
        return std::nullopt;
    }
    if (json.is_number_integer() && !json.is_number_unsigned() && std::in_range<T>(json.template get<std::int64_t>())) {
        value = static_cast<T>(json.template get<std::int64_t>());
        return std::nullopt;
    }
    return JsonProblem{"", "is not a whole number in its range"};
}

template <typename T>
JsonCheck decode_enum(const nlohmann::json& json, T& value) {
    std::size_t index = 0;
    for (const char* name : names_of(value)) {
        if (json.is_string() && json.get_ref<const std::string&>() == name) {
            value = static_cast<T>(index);
            return std::nullopt;
        }
        ++index;
    }
    return JsonProblem{"", "is none of the known names"};
}

template <typename T>
JsonCheck decode_value(const nlohmann::json& json, T& value) {
    if constexpr (std::same_as<T, bool>) {
        if (!json.is_boolean())
            return JsonProblem{"", "is neither true nor false"};
        value = json.template get<bool>();
        return std::nullopt;
    } else if constexpr (std::integral<T>) {
        return decode_integer(json, value);
    } else if constexpr (std::floating_point<T>) {
        if (!json.is_number())
            return JsonProblem{"", "is not a number"};
        value = json.template get<T>();
        return std::nullopt;
    } else if constexpr (std::same_as<T, std::string>) {
        if (!json.is_string())
            return JsonProblem{"", "is not a string"};
        value = json.template get_ref<const std::string&>();
        return std::nullopt;
    } else if constexpr (std::is_enum_v<T>) {
        return decode_enum(json, value);
    } else {
        if (!json.is_object())
            return JsonProblem{"", "is not an object"};
        JsonDecoder decoder(json);
        fields(decoder, value);
        return decoder.take();
    }
}

template <typename T>
JsonCheck decode_json(const nlohmann::json& json, T& value) {
    return decode_value(json, value);
}

} // namespace rcuscope
