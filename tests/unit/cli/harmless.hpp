// SPDX-License-Identifier: BSD-2-Clause
//
// Properties that each output has, whatever texts are in it.
#pragma once

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "export/perfetto_reader.hpp"

namespace rcuscope::test {

inline void expect_lines_are_harmless(const std::string& text) {
    for (const std::string_view line : split_lines(text)) {
        EXPECT_EQ(printable(line), line);
        EXPECT_FALSE(line.starts_with("INJECTED")) << line.substr(0, 200);
    }
}

inline std::size_t cells_of(std::string_view line) {
    std::size_t cells = 0;
    for (std::size_t at = 0; at < line.size(); at++)
        if (line[at] == '\\')
            ++at;
        else
            cells += line[at] == '|';
    return cells;
}

inline void expect_markdown(const std::string& text) {
    expect_lines_are_harmless(text);
    for (const char* link : {"@evil", "#1", "!2", "https://evil", "www.evil"})
        EXPECT_THAT(text, testing::Not(testing::HasSubstr(link)));
    for (std::size_t at = 0; at < text.size(); at++)
        if (text[at] == '\\')
            ++at;
        else
            EXPECT_TRUE(text[at] != '<' && text[at] != '`' && text[at] != '[') << text.substr(at, 40);
    std::size_t wanted = 0; // cells in the table's first row
    for (const std::string_view line : split_lines(text)) {
        const std::size_t cells = line.starts_with("|") ? cells_of(line) : 0;
        EXPECT_TRUE(cells == 0 || wanted == 0 || cells == wanted) << line.substr(0, 200);
        wanted = cells;
    }
}

inline void expect_json(const std::string& text) {
    EXPECT_TRUE(nlohmann::json::accept(text)) << text.substr(0, 200);
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c < '\x7f'); }));
}

inline void expect_xml(const std::string& text) {
    expect_lines_are_harmless(text);
    for (const char* none : {"]]>", "<script", "<!--", "\xef\xbf\xbe", "\xef\xbf\xbf"})
        EXPECT_THAT(text, testing::Not(testing::HasSubstr(none)));
    bool in_tag = false;
    for (std::size_t at = 0; at < text.size(); at++) {
        if (text[at] == '<' || text[at] == '>') {
            EXPECT_NE(in_tag, text[at] == '<') << text.substr(at, 40);
            in_tag = text[at] == '<';
        } else if (text[at] == '&') {
            const std::string name = text.substr(at + 1, text.find(';', at) - at - 1);
            EXPECT_THAT((std::vector<std::string>{"amp", "lt", "gt", "quot", "apos"}), testing::Contains(name));
        }
    }
}

inline void expect_html(const std::string& text) {
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("<script>x")));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("INJECTED")));
}

inline void expect_perfetto(const std::string& text) {
    const PerfettoTrace trace(text);
    const auto expect_utf8 = [](const std::string& named) { EXPECT_EQ(valid_utf8(named), named); };
    for (const auto& [uuid, track] : trace.tracks)
        expect_utf8(track.name);
    for (const PerfettoEvent& event : trace.events) {
        expect_utf8(event.name);
        for (const auto& [name, value] : event.annotations)
            expect_utf8(value);
    }
}

} // namespace rcuscope::test
