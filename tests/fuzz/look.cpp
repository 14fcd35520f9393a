// SPDX-License-Identifier: BSD-2-Clause
#include "look.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>
#include <xxhash.h>

#include "analysis/digest_json.hpp"
#include "base/file.hpp"
#include "base/limit_error.hpp"
#include "base/text.hpp"
#include "cli/info_text.hpp"
#include "cli/load.hpp"
#include "export/exporter.hpp"
#include "fuzz.hpp"
#include "report/report.hpp"
#include "report/show.hpp"

namespace rcuscope::fuzz {

namespace {

// Low limits, so that small inputs have hazards.
constexpr HazardLimits limits{.long_reader = 10'000, .callback_flood = 8};

template <typename Write>
std::string written(Write write) {
    std::ostringstream out;
    write(out);
    return std::move(out).str();
}

template <typename Write>
void require_json(Write write, const char* what) {
    const std::string text = written(write);
    require(nlohmann::json::accept(text), what);
    require(is_ascii(text), "JSON is ASCII");
}

// Checks that text is harmless for a terminal, whatever the names of tasks and functions are.
template <typename Write>
void require_harmless(Write write, const char* what) {
    const std::string text = written(write);
    const auto lines = split_lines(text);
    require(std::all_of(lines.begin(), lines.end(), [](std::string_view line) { return printable(line) == line; }),
            what);
}

constexpr ExportOptions with_addresses{.addresses = true};

void timeline_json(const LoadedTimeline& of) {
    require_json([&](std::ostream& json) { write_json(of.timeline, of.analysis, with_addresses, json); },
                 "the timeline is JSON");
}

void chrome(const LoadedTimeline& of) {
    require_json([&](std::ostream& json) { write_chrome(of.timeline, of.analysis, with_addresses, json); },
                 "Chrome's trace is JSON");
}

void perfetto(const LoadedTimeline& of) {
    Nowhere out;
    write_perfetto(of.timeline, of.analysis, with_addresses, out);
}

// Checks that no line of the Markdown steers a terminal, and that it has no links and no HTML, whatever the names are.
void require_markdown(const Document& document) {
    const std::string text = written([&](std::ostream& out) { show_markdown(document, {}, out); });
    require_harmless([&](std::ostream& out) { out << text; }, "Markdown does not steer a terminal");
    bool escaped = false;
    for (const char c : text) {
        require(escaped || c != '<', "Markdown has no HTML");
        escaped = c == '\\' && !escaped;
    }
    for (std::size_t at = 0; (at = text.find('@', at)) != std::string::npos; at++)
        require(text.compare(at + 1, 7, "&#8203;") == 0, "Markdown names nobody");
    require(text.find("://") == std::string::npos, "Markdown has no links");
}

void report(const LoadedTimeline& of) {
    Nowhere out;
    const Document document = report_of(of.timeline, of.analysis);
    require_harmless([&](std::ostream& text) { show_text(document, {}, text); }, "a report does not steer a terminal");
    show_text(document, {.colour = true, .unicode = true}, out);
    require_markdown(document);
}

void report_json(const LoadedTimeline& of) {
    require_json([&](std::ostream& json) { write_report_json(of.timeline, of.analysis, json); }, "a report is JSON");
}

// Prints the same as `rcuscope info`.
void info(const LoadedTimeline& of) {
    require_harmless([&](std::ostream& text) { print_info("\x1b[2J", of, text); }, "info does not steer a terminal");
}

// A summary must be readable by `check`.
void summarize(const LoadedTimeline& of) {
    const Digest digest = digest_of(of.timeline, of.analysis, "fuzz");
    const std::string text = written([&](std::ostream& out) { write_digest(digest, out); });
    const auto back = digest_from_json(text, "digest");
    if (!back)
        std::fprintf(stderr, "%s\n", back.error().why.c_str());
    require(back.has_value(), "a recording's summary can be read");
    require(written([&](std::ostream& out) { write_digest(*back, out); }) == text, "and says the same then");
}

const MemoryFile& capture_file() {
    static const MemoryFile file;
    return file;
}

} // namespace

void look_at_capture(std::span<const std::byte> bytes) {
    const MemoryFile& file = capture_file();
    file.hold(bytes);
    const auto loaded = load_timeline(file.path(), limits);
    if (!loaded) {
        require(loaded.error().code == ExitCode::bad_input, "a file that cannot be used is bad input");
        require(!loaded.error().why.empty(), "an error says why");
        return;
    }
    const Recording::Binding bound(*loaded->recording);
    constexpr std::array looks{timeline_json, chrome, perfetto, report, report_json, info, summarize};
    try {
#ifdef RCUSCOPE_FUZZ
        looks[XXH3_64bits(bytes.data(), bytes.size()) % looks.size()](*loaded);
#else
        for (const auto look : looks)
            look(*loaded);
#endif
    } catch (const LimitError& limit) {
        require(limit.error().code == ExitCode::bad_input, "what asks for too much is bad input");
    }
}

} // namespace rcuscope::fuzz
