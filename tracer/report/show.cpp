// SPDX-License-Identifier: BSD-2-Clause
#include "report/show.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <langinfo.h>
#include <locale.h> // NOLINT(modernize-deprecated-headers): newlocale()
#include <unistd.h>

#include "base/text.hpp"

namespace rcuscope {

namespace {

constexpr std::size_t bar_width = 40;

std::string environment(const char* name) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): no thread calls setenv()
    return value ? value : "";
}

// Uses newlocale(): setlocale() would change the format of numbers in the whole process.
bool is_utf8_locale() {
    const locale_t locale = ::newlocale(LC_CTYPE_MASK, "", nullptr);
    if (locale == nullptr)
        return false;
    const std::string codeset = ::nl_langinfo_l(CODESET, locale);
    ::freelocale(locale);
    return codeset == "UTF-8";
}

} // namespace

Style style_of_stdout() {
    const std::string kind = environment("TERM");
    const bool terminal = ::isatty(STDOUT_FILENO) && !kind.empty() && kind != "dumb";
    return {.colour = terminal && environment("NO_COLOR").empty(), .unicode = is_utf8_locale()};
}

std::size_t text_width(std::string_view text) {
    // Counts the bytes that are not UTF-8 continuation bytes.
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string bar_text(std::uint64_t count, std::uint64_t limit, bool unicode) {
    if (count == 0 || limit == 0)
        return {};
    constexpr std::array<const char*, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const std::size_t parts = unicode ? eighths.size() : 1; // steps per character
    const double share = static_cast<double>(count) / static_cast<double>(limit);
    const auto length = static_cast<std::size_t>(std::lround(share * static_cast<double>(bar_width * parts)));
    const std::size_t shown = std::clamp<std::size_t>(length, 1, bar_width * parts);
    std::string bar;
    for (std::size_t i = 0; i < shown / parts; i++)
        bar += unicode ? "█" : "#";
    return bar + eighths[shown % parts];
}

void show_wrapped(std::string_view named, std::size_t indent, TextOut out) {
    constexpr std::size_t width = 110;
    const std::string text = printable(named);
    std::size_t column = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        const std::string word = text.substr(at, end - at);
        const std::size_t length = text_width(word);
        if (column > 0 && column + 1 + length > width) {
            out << "\n";
            column = 0;
        }
        out << (column == 0 ? std::string(indent, ' ') : " ") << word;
        column += (column == 0 ? indent : 1) + length;
        at = end + 1;
    }
    out << "\n";
}

} // namespace rcuscope
