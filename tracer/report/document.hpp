// SPDX-License-Identifier: BSD-2-Clause
//
// A page for people, apart from what it is written on: made once, shown as text or as Markdown. All texts may hold what
// a kernel named: whoever shows them makes them harmless.
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

// One of a list.
struct Item {
    std::string head; // what it is about
    std::string text;
    Tone tone = Tone::plain; // of its head
};

struct Table {
    std::string title{}; // may be empty
    std::vector<std::string> columns{};
    std::size_t names = 1; // the first columns are names, the others numbers
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
