// SPDX-License-Identifier: BSD-2-Clause
//
// Markdown as CommonMark has it, with GitHub's tables.
#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/text.hpp"
#include "report/show.hpp"

namespace rcuscope {

namespace {

bool is_alphanumeric(const std::string& text, std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
}

// Text that stands for itself wherever it comes in a line.
std::string escaped(std::string_view untrusted) {
    constexpr std::string_view special = "\\`*[]<>|&~#$";
    const std::string text = printable(untrusted);
    std::string result;
    for (std::size_t at = 0; at < text.size(); at++) {
        // Within a word an underscore is no more than that, and most names of functions have one.
        const bool within_word = at > 0 && is_alphanumeric(text, at - 1) && is_alphanumeric(text, at + 1);
        if (special.find(text[at]) != std::string_view::npos || (text[at] == '_' && !within_word))
            result += '\\';
        result += text[at];
    }
    return result;
}

class MarkdownPage {
public:
    MarkdownPage(const Style& style, std::ostream& out) : style_(style), out_(out) {}

    void show(const Document& document) {
        out_ << "# " << escaped(document.title) << "\n";
        for (const Section& section : document.sections) {
            out_ << "\n## " << escaped(section.title) << "\n";
            const Block* before = nullptr;
            for (const Block& block : section.blocks) {
                // What belongs to a list stands together.
                if (before == nullptr || !std::holds_alternative<Item>(*before) || !std::holds_alternative<Item>(block))
                    out_ << "\n";
                std::visit([this](const auto& one) { show(one); }, block);
                before = &block;
            }
        }
    }

private:
    void show(const Paragraph& paragraph) { out_ << escaped(paragraph.text) << "\n"; }
    void show(const Item& item) { out_ << "- **" << escaped(item.head) << "**: " << escaped(item.text) << "\n"; }
    void row(const std::vector<std::string>& cells) {
        for (const std::string& cell : cells)
            out_ << "| " << escaped(cell) << " ";
        out_ << "|\n";
    }
    void show(const Table& table) {
        if (!table.title.empty())
            out_ << "### " << escaped(table.title) << "\n\n";
        row(table.columns);
        for (std::size_t column = 0; column < table.columns.size(); column++)
            out_ << (column < table.names ? "|---" : "|--:");
        out_ << "|\n";
        for (const auto& cells : table.rows)
            row(cells);
    }
    void show(const Chart& chart) {
        out_ << "### " << escaped(chart.title) << "\n\n";
        std::uint64_t most = 0;
        for (const Chart::Bar& bar : chart.bars)
            most = std::max(most, bar.count);
        out_ << "| from | count | |\n|--:|--:|---|\n";
        for (const Chart::Bar& bar : chart.bars)
            out_ << "| " << escaped(bar.label) << " | " << bar.count << " | "
                 << escaped(bar_text(bar.count, most, style_.unicode)) << " |\n";
    }

    const Style& style_;
    std::ostream& out_;
};

} // namespace

void show_markdown(const Document& document, const Style& style, std::ostream& out) {
    MarkdownPage(style, out).show(document);
}

} // namespace rcuscope
