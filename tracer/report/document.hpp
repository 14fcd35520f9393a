// SPDX-License-Identifier: BSD-2-Clause
//
// A document of sections and blocks, independent of the output format: show.hpp writes it as text or as Markdown. All
// texts may contain untrusted names from the kernel; the functions that show them escape them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace rcuscope {

enum class Tone : std::uint8_t { plain, fatal, warning, quiet };

struct Paragraph {
    std::string text;
    Tone tone = Tone::plain;
};

// One item of a list.
struct Item {
    std::string head;
    std::string text;
    Tone tone = Tone::plain; // of `head`
};

struct Table {
    std::string title{}; // may be empty
    std::vector<std::string> columns{};
    std::size_t names = 1; // number of leading columns that hold names; the others hold numbers
    std::vector<std::vector<std::string>> rows{};
};

struct Chart {
    struct Bar {
        std::string label;
        std::uint64_t count = 0;
    };
    std::string title;
    std::vector<Bar> bars{};
};

using Block = std::variant<Paragraph, Item, Table, Chart>;

struct Section {
    std::string title;
    std::vector<Block> blocks{};
};

struct Document {
    std::string title;
    std::vector<Section> sections;
};

} // namespace rcuscope
