// SPDX-License-Identifier: BSD-2-Clause
//
// Writes a document as Markdown: CommonMark with GitHub's tables.
#include <algorithm>

#include "base/markup.hpp"
#include "report/show.hpp"

namespace rcuscope {

namespace {

class MarkdownPage {
public:
    MarkdownPage(const Style& style, std::ostream& out) : style_(style), out_(out) {}

    void show(const Document& document) {
        out_ << "# " << document.title << "\n";
        for (const Section& section : document.sections) {
            out_ << "\n## " << section.title << "\n";
            const Block* before = nullptr;
            for (const Block& block : section.blocks) {
                // No blank line between the items of a list.
                if (before == nullptr || !std::holds_alternative<Item>(*before) || !std::holds_alternative<Item>(block))
                    out_ << "\n";
                std::visit([this](const auto& one) { show(one); }, block);
                before = &block;
            }
        }
    }

private:
    void show(const Paragraph& paragraph) { out_ << paragraph.text << "\n"; }
    void show(const Item& item) { out_ << "- **" << item.head << "**: " << item.text << "\n"; }
    void row(const std::vector<std::string>& cells) {
        for (const std::string& cell : cells)
            out_ << "| " << cell << " ";
        out_ << "|\n";
    }
    void show(const Table& table) {
        if (!table.title.empty())
            out_ << "### " << table.title << "\n\n";
        row(table.columns);
        for (std::size_t column = 0; column < table.columns.size(); column++)
            if (column < table.names)
                out_ << "|---";
            else
                out_ << "|--:";
        out_ << "|\n";
        for (const auto& cells : table.rows)
            row(cells);
    }
    void show(const Chart& chart) {
        out_ << "### " << chart.title << "\n\n";
        std::uint64_t limit = 0;
        for (const Chart::Bar& bar : chart.bars)
            limit = std::max(limit, bar.count);
        out_ << "| from | count | |\n|--:|--:|---|\n";
        for (const Chart::Bar& bar : chart.bars)
            out_ << "| " << bar.label << " | " << bar.count << " | " << bar_text(bar.count, limit, style_.unicode)
                 << " |\n";
    }

    const Style& style_;
    MarkdownOut out_;
};

} // namespace

void show_markdown(const Document& document, const Style& style, std::ostream& out) {
    MarkdownPage(style, out).show(document);
}

} // namespace rcuscope
