// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/cpu_list.hpp"

#include <charconv>
#include <iterator>
#include <optional>

namespace rcuscope {

namespace {

// Consumes a text from its front.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text) {}

    bool take(char expected) {
        if (!text_.starts_with(expected))
            return false;
        text_.remove_prefix(1);
        return true;
    }
    std::optional<std::uint32_t> number() {
        std::uint32_t value = 0;
        const auto [rest, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
        if (error != std::errc())
            return std::nullopt;
        text_.remove_prefix(static_cast<std::size_t>(rest - text_.data()));
        return value;
    }
    bool at_end() const { return text_.empty(); }

private:
    std::string_view text_;
};

struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t used = 1; // takes this many CPUs of each group
    std::uint32_t group = 1;

    bool contains(std::uint32_t cpu) const { return cpu >= first && cpu <= last && (cpu - first) % group < used; }
};

std::optional<Range> parse_range(std::string_view text, std::uint32_t highest) {
    Cursor cursor(text);
    const auto cpu = [&]() -> std::optional<std::uint32_t> { return cursor.take('N') ? highest : cursor.number(); };
    const auto first = cpu();
    const auto last = cursor.take('-') ? cpu() : first;
    if (!first || !last)
        return std::nullopt;
    Range range{.first = *first, .last = *last};
    if (cursor.take(':')) {
        const auto used = cursor.number();
        const auto group = cursor.take('/') ? cursor.number() : std::nullopt;
        if (!used || !group || *group == 0)
            return std::nullopt;
        range.used = *used;
        range.group = *group;
    }
    return cursor.at_end() ? std::optional(range) : std::nullopt;
}

} // namespace

CpuSet parse_cpu_list(std::string_view text, const CpuSet& among) {
    if (text == "all" || among.empty())
        return among;
    CpuSet cpus;
    while (!text.empty()) {
        const auto comma = text.find(',');
        if (const auto range = parse_range(text.substr(0, comma), *among.rbegin()))
            for (const std::uint32_t cpu : among)
                if (range->contains(cpu))
                    cpus.insert(cpu);
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return cpus;
}

std::string cpu_list_text(const CpuSet& cpus) {
    std::string text;
    for (auto at = cpus.begin(); at != cpus.end();) {
        const std::uint32_t first = *at;
        std::uint32_t last = first;
        while (++at != cpus.end() && *at == last + 1)
            last = *at;
        text += (text.empty() ? "" : ",") + std::to_string(first);
        if (last != first)
            text += "-" + std::to_string(last);
    }
    return text;
}

} // namespace rcuscope
