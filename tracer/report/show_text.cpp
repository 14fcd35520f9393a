// SPDX-License-Identifier: BSD-2-Clause
//
// Writes a document as text for a terminal.
#include <algorithm>

#include "base/text.hpp"
#include "report/show.hpp"

namespace rcuscope {

namespace {

// The maximum width of a column. A longer name shifts the rest of its row.
constexpr std::size_t widest_name = 44;

std::string padded(const std::string& text, std::size_t width, bool left) {
    const std::string space(width - std::min(width, text_width(text)), ' ');
    return left ? text + space : space + text;
}

std::vector<std::size_t> widths_of(const Table& table) {
    std::vector<std::size_t> widths;
    for (std::size_t column = 0; column < table.columns.size(); column++) {
        std::size_t width = text_width(table.columns[column]);
        for (const auto& row : table.rows)
            width = std::max(width, std::min(text_width(printable(row[column])), widest_name));
        widths.push_back(width);
    }
    return widths;
}

class TextPage {
public:
    TextPage(const Style& style, TextOut out) : style_(style), out_(out) {}

    void show(const Document& document) {
        show_wrapped(document.title, 0, out_);
        for (const Section& section : document.sections) {
            out_ << "\n";
            coloured(section.title, "1");
            out_ << "\n";
            for (const Block& block : section.blocks)
                std::visit([this](const auto& one) { show(one); }, block);
        }
    }

private:
    static constexpr std::size_t indent_ = 2;

    void coloured(const std::string& text, const char* code) { out_.painted(text, style_.colour ? code : ""); }
    void heading(const std::string& title) {
        out_ << "\n" << std::string(indent_, ' ');
        coloured(title, "4");
        out_ << "\n";
    }
    static const char* code_of(Tone tone) {
        switch (tone) {
        case Tone::fatal:
            return "1;31";
        case Tone::warning:
            return "33";
        case Tone::quiet:
            return "2";
        case Tone::plain:
            break;
        }
        return "";
    }

    void show(const Paragraph& paragraph) {
        const char* code = style_.colour ? code_of(paragraph.tone) : "";
        if (*code)
            out_ << "\x1b[" << code << "m";
        show_wrapped(paragraph.text, indent_, out_);
        if (*code)
            out_ << "\x1b[0m";
    }
    void show(const Item& item) {
        out_ << std::string(indent_, ' ');
        coloured(item.head, code_of(item.tone));
        out_ << "\n";
        show_wrapped(item.text, 2 * indent_, out_);
    }
    void show(const Table& table) {
        if (!table.title.empty())
            heading(table.title);
        show_table(table, indent_, out_);
    }
    void show(const Chart& chart) {
        std::size_t label = 0;
        std::size_t number = 0;
        std::uint64_t limit = 0;
        for (const Chart::Bar& bar : chart.bars) {
            label = std::max(label, text_width(bar.label));
            number = std::max(number, std::to_string(bar.count).size());
            limit = std::max(limit, bar.count);
        }
        heading(chart.title);
        for (const Chart::Bar& bar : chart.bars) {
            out_ << std::string(indent_, ' ') << padded(bar.label, label, false) << "  "
                 << padded(std::to_string(bar.count), number, false);
            if (bar.count)
                out_ << "  " << bar_text(bar.count, limit, style_.unicode);
            out_ << "\n";
        }
    }

    const Style& style_;
    TextOut out_;
};

} // namespace

void show_table(const Table& table, std::size_t indent, TextOut out) {
    const std::vector<std::size_t> widths = widths_of(table);
    const auto show_row = [&](const std::vector<std::string>& cells) {
        std::string line(indent, ' ');
        for (std::size_t column = 0; column < cells.size(); column++)
            line += (column ? "  " : "") + padded(printable(cells[column]), widths[column], column < table.names);
        line.resize(line.find_last_not_of(' ') + 1);
        out << line << "\n";
    };
    show_row(table.columns);
    for (const auto& row : table.rows)
        show_row(row);
}

void show_text(const Document& document, const Style& style, TextOut out) {
    TextPage(style, out).show(document);
}

} // namespace rcuscope
