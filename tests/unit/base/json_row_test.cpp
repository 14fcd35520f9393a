// SPDX-License-Identifier: BSD-2-Clause
#include "base/json_row.hpp"

#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "base/json_lines.hpp"

namespace rcuscope::test {
namespace {

std::string dumped(const OrderedJson& json) {
    return JsonText(json).text();
}

template <typename Value>
std::string written(const Value& value) {
    JsonRow row;
    row.value(value);
    return std::string(row.text());
}

TEST(JsonRow, IsWhatOrderedJsonMakes) {
    JsonRow row;
    for (int round = 0; round < 2; ++round) { // reuses only the memory
        row.clear();
        row.begin_object();
        row.member("id", 7U);
        row.member("none", std::optional<std::int64_t>());
        row.member("some", std::optional<std::int64_t>(-5));
        row.member("flag", true);
        row.key("list");
        row.begin_array();
        row.begin_object();
        row.member("a", 1);
        row.end_object();
        row.begin_object();
        row.end_object();
        row.value("x");
        row.end_array();
        row.key("name");
        row.value(PooledString("module:function"));
        row.member("last", nullptr);
        row.end_object();
        EXPECT_EQ(row.text(), dumped({{"id", 7},
                                      {"none", nullptr},
                                      {"some", -5},
                                      {"flag", true},
                                      {"list", {{{"a", 1}}, OrderedJson::object(), "x"}},
                                      {"name", "module:function"},
                                      {"last", nullptr}}));
    }
}

// A shared text is escaped only once.
TEST(JsonRow, SharedTexts) {
    JsonRow row;
    for (int i = 0; i < 2; i++) {
        for (const std::string& text : {std::string("rcu"), std::string(), std::string("a\"\n\xff")}) {
            row.clear();
            row.value(PooledString(text));
            EXPECT_EQ(row.text(), JsonText(OrderedJson(text)).text());
        }
    }
}

TEST(JsonRow, Numbers) {
    EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(JsonRow, AnyText) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text = "a" + std::string(1, static_cast<char>(byte)) + "b";
        EXPECT_EQ(written(text), dumped(text)) << byte;
    }
    std::mt19937 random(1);
    for (int round = 0; round < 2000; ++round) {
        std::string text(random() % 20, '\0');
        for (char& byte : text)
            byte = static_cast<char>(random());
        EXPECT_EQ(written(text), dumped(text));
    }
}

} // namespace
} // namespace rcuscope::test
