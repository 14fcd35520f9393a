// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/digest_json.hpp"

#include <algorithm>
#include <optional>
#include <ostream>
#include <utility>

#include "analysis/histogram_json.hpp"
#include "base/file.hpp"
#include "base/json_lines.hpp"
#include "base/json_shape.hpp"
#include "capture/json_codec.hpp"
#include "timeline/json_parts.hpp"

namespace rcuscope {

namespace {

// ---- the structure of the file

struct HistogramDocument {
    std::uint64_t count = 0;
    Nanoseconds min_ns = 0;
    Nanoseconds max_ns = 0;
    double sum_ns = 0;
    std::vector<std::vector<std::uint64_t>> buckets; // [lowest, count]
};

JSON_FIELDS(HistogramDocument, count, min_ns, max_ns, sum_ns, buckets)

struct HeldDocument {
    Nanoseconds duration_ns = 0;
    std::string text;
};

JSON_FIELDS(HeldDocument, duration_ns, text)

struct FunctionDocument {
    std::optional<std::string> module;
    std::optional<std::string> function;
    std::uint64_t queued = 0;
    std::uint64_t invoked = 0;
    std::uint64_t pending = 0;
    std::uint64_t unknown = 0;
    HistogramDocument latency;
};

JSON_FIELDS(FunctionDocument, module, function, queued, invoked, pending, unknown, latency)

struct DigestDocument {
    std::string tool_version;
    Nanoseconds recorded_ns = 0;
    bool complete = false;
    std::uint64_t lost = 0;
    // null: not observed.
    std::map<std::string, std::optional<HistogramDocument>> durations;
    std::map<std::string, std::optional<std::uint64_t>> counts;
    std::optional<std::vector<FunctionDocument>> functions; // older summaries have none
    std::vector<HeldDocument> longest;
};

JSON_FIELDS(DigestDocument, tool_version, recorded_ns, complete, lost, durations, counts, functions, longest)

OrderedJson histogram_json(const Histogram& histogram) {
    return {{"count", histogram.count()},
            {"min_ns", histogram.min()},
            {"max_ns", histogram.max()},
            {"sum_ns", histogram.sum()},
            {"buckets", buckets_json(histogram)}};
}

// ---- reading

// The text of an error. Nullopt: no error.
using Wrong = std::optional<std::string>;

Wrong schema_of(const nlohmann::json& json) {
    if (!json.is_object())
        return "it is not an object";
    const auto schema = json.find("schema");
    if (schema == json.end() || !schema->is_string())
        return "it does not name its schema: it is not a summary of rcuscope";
    const auto& name = schema->get_ref<const std::string&>();
    if (name == digest_schema)
        return std::nullopt;
    if (name.starts_with("rcuscope.summary/"))
        return "its schema is " + name + ", and this rcuscope reads " + digest_schema;
    return "its schema is " + name + ": it is not a summary of rcuscope";
}

Wrong fill_histogram(const std::string& name, const HistogramDocument& document, Histogram& filled) {
    const auto wrong = [&](const std::string& what) { return name + what; };
    std::map<Nanoseconds, std::uint64_t> buckets;
    for (const std::vector<std::uint64_t>& bucket : document.buckets) {
        if (bucket.size() != 2 || !std::in_range<Nanoseconds>(bucket[0]))
            return wrong(".buckets has an element that is not a pair of a duration and a count");
        const auto lowest = static_cast<Nanoseconds>(bucket[0]);
        if (!buckets.empty() && buckets.rbegin()->first >= lowest)
            return wrong(".buckets are not in ascending order");
        buckets[lowest] = bucket[1];
    }
    auto histogram = Histogram::from(buckets, document.min_ns, document.max_ns, document.sum_ns);
    if (!histogram)
        return wrong(" contradicts itself: min_ns, max_ns or sum_ns does not match its buckets");
    if (histogram->count() != document.count)
        return wrong(" contradicts itself: count does not match its buckets");
    filled = std::move(*histogram);
    return std::nullopt;
}

Wrong fill_functions(const std::vector<FunctionDocument>& functions, Digest& digest) {
    for (const FunctionDocument& each : functions) {
        Digest::Function row{.module = each.module.value_or(""),
                             .function = each.function.value_or(""),
                             .queued = each.queued,
                             .invoked = each.invoked,
                             .pending = each.pending,
                             .unknown = each.unknown,
                             .latency = {}};
        const std::string name = "functions[" + std::to_string(digest.functions.size()) + "]";
        if (auto wrong = fill_histogram(name + ".latency", each.latency, row.latency))
            return wrong;
        if (row.latency.count() > row.invoked)
            return name + " contradicts itself: more latencies than invocations";
        digest.functions.push_back(std::move(row));
    }
    return std::nullopt;
}

Wrong fill(const DigestDocument& document, Digest& digest) {
    digest.tool_version = document.tool_version;
    digest.recorded = document.recorded_ns;
    digest.complete = document.complete;
    digest.lost = document.lost;
    for (const DigestName& each : digest_durations) {
        const std::string name(each.name);
        const auto at = document.durations.find(name);
        if (at == document.durations.end())
            return "durations." + name + " is missing";
        if (at->second)
            if (auto wrong = fill_histogram("durations." + name, *at->second, digest.durations[name]))
                return wrong;
    }
    for (const DigestName& each : digest_counts) {
        const auto at = document.counts.find(std::string(each.name));
        if (at == document.counts.end())
            return "counts." + std::string(each.name) + " is missing";
        if (at->second)
            digest.counts[at->first] = *at->second;
    }
    if (document.functions)
        if (auto wrong = fill_functions(*document.functions, digest))
            return wrong;
    for (const HeldDocument& held : document.longest)
        digest.longest.push_back({held.duration_ns, held.text});
    return std::nullopt;
}

// 0 if the digest lacks the name.
std::uint64_t events_in(const Digest& digest, const char* name) {
    const Histogram* durations = digest.duration(name);
    return durations ? durations->count() : 0;
}

Nanoseconds longest_in(const Digest& digest, const char* name) {
    const Histogram* durations = digest.duration(name);
    return durations ? durations->max() : 0;
}

std::uint64_t count_in(const Digest& digest, const char* name) {
    return digest.count(name).value_or(0);
}

// An older summary has no functions, which is no contradiction.
Wrong function_contradiction(const Digest& digest) {
    std::uint64_t queued = 0;
    std::uint64_t pending = 0;
    std::uint64_t unknown = 0;
    std::uint64_t timed = 0;
    bool fits = true;
    for (const Digest::Function& row : digest.functions) {
        fits = fits && !__builtin_add_overflow(queued, row.queued, &queued);
        fits = fits && !__builtin_add_overflow(pending, row.pending, &pending);
        fits = fits && !__builtin_add_overflow(unknown, row.unknown, &unknown);
        fits = fits && !__builtin_add_overflow(timed, row.latency.count(), &timed);
    }
    fits = fits && queued == count_in(digest, "callbacks.queued") && pending == count_in(digest, "callbacks.pending") &&
           unknown == count_in(digest, "callbacks.unknown") && timed == events_in(digest, "callback.latency");
    if (!digest.functions.empty() && !fits)
        return "functions do not add up to counts and durations";
    return std::nullopt;
}

Wrong longest_contradiction(const Digest& digest) {
    constexpr std::size_t limit = Digest::max_longest;
    const std::uint64_t there = std::min<std::uint64_t>(events_in(digest, "gp"), limit) +
                                std::min<std::uint64_t>(events_in(digest, "gp.expedited"), limit);
    if (digest.longest.size() != std::min<std::uint64_t>(there, limit))
        return "longest does not have the five longest grace periods, or all of them";
    if (!std::is_sorted(digest.longest.begin(), digest.longest.end(),
                        [](const auto& a, const auto& b) { return a.duration > b.duration; }))
        return "longest is not sorted, the longest first";
    if (!digest.longest.empty() &&
        digest.longest.front().duration != std::max(longest_in(digest, "gp"), longest_in(digest, "gp.expedited")))
        return "longest does not begin with the longest grace period in durations";
    return std::nullopt;
}

// Checks the members against each other: each may be valid while their combination is impossible.
Wrong contradiction_in(const Digest& digest) {
    const auto count = [&](const char* name) { return count_in(digest, name); };
    const auto seen = [&](const char* name) { return events_in(digest, name); };
    const auto sum_is = [](std::uint64_t whole, std::initializer_list<std::uint64_t> parts) {
        for (const std::uint64_t part : parts) {
            if (part > whole)
                return false;
            whole -= part;
        }
        return whole == 0;
    };
    const std::uint64_t queued = count("callbacks.queued");
    if (digest.recorded < 0)
        return "recorded_ns is negative";
    if (!sum_is(count("hazards"), {count("hazards.fatal"), count("hazards.latent"), count("hazards.warning")}))
        return "counts.hazards is not the sum of those by severity";
    if (count("callbacks.pending") > queued || count("callbacks.unknown") > queued - count("callbacks.pending"))
        return "counts.callbacks.queued is less than those pending and unknown";
    if (count("backlog.max") > queued)
        return "counts.backlog.max is more than counts.callbacks.queued";
    if (seen("callback.latency") > queued - count("callbacks.pending"))
        return "durations.callback.latency has more than the callbacks that were invoked";
    if (seen("callback.run") > seen("callback.latency") || seen("callback.start") > seen("callback.run") ||
        seen("callback.end") != seen("callback.start") || seen("callback.invocation") != seen("callback.start"))
        return "durations.callback.* are not of the same callbacks";
    if (Wrong wrong = function_contradiction(digest))
        return wrong;
    return longest_contradiction(digest);
}

OrderedJson text_or_null(const std::string& text) {
    return text.empty() ? OrderedJson() : OrderedJson(text);
}

OrderedJson function_json(const Digest::Function& row) {
    return {{"module", text_or_null(row.module)},
            {"function", text_or_null(row.function)},
            {"queued", row.queued},
            {"invoked", row.invoked},
            {"pending", row.pending},
            {"unknown", row.unknown},
            {"latency", histogram_json(row.latency)}};
}

} // namespace

void write_digest(const Digest& digest, std::ostream& out) {
    JsonLines lines(out);
    lines.begin_object();
    lines.member("schema", digest_schema);
    lines.member("tool_version", digest.tool_version);
    lines.object("host", host_json(digest.host));
    lines.member("recorded_ns", digest.recorded);
    lines.member("complete", digest.complete);
    lines.member("lost", digest.lost);
    lines.begin_object("durations");
    for (const DigestName& each : digest_durations) {
        const Histogram* durations = digest.duration(each.name);
        lines.member(each.name, durations ? histogram_json(*durations) : OrderedJson());
    }
    lines.end_object();
    lines.begin_object("counts");
    for (const DigestName& each : digest_counts) {
        const auto count = digest.count(each.name);
        lines.member(each.name, count ? OrderedJson(*count) : OrderedJson());
    }
    lines.end_object();
    lines.array("functions", digest.functions, function_json);
    lines.array("longest", digest.longest, [](const Digest::Held& held) -> OrderedJson {
        return {{"duration_ns", held.duration}, {"text", held.text}};
    });
    lines.end_object();
    lines.finish();
}

Result<Digest> digest_from_json(std::string_view text, const std::string& name) {
    const auto wrong = [&](const std::string& why) {
        return fail(ExitCode::bad_input, "cannot read " + name, why,
                    "a summary is made from a recording: rcuscope summarize run.rcu -o base.json");
    };
    if (text.empty())
        return wrong("it is empty");
    const JsonShape shape(text);
    if (shape.twice())
        return wrong("it has the member " + *shape.twice() + " twice in one object");
    if (shape.too_deep())
        return wrong("it is nested too deeply");
    if (shape.too_much())
        return wrong("it has more values than any summary");
    if (!shape.is_json())
        return wrong("it is not JSON, or was cut off");
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (const Wrong other = schema_of(json))
        return wrong(*other);
    DigestDocument document;
    if (const auto problem = decode_json(json, document))
        return wrong(problem->place.substr(1) + " " + problem->what);
    const auto host = json.find("host");
    if (host == json.end())
        return wrong("host is missing");
    auto machine = host_from_json(*host);
    if (!machine)
        return wrong(machine.error().why);
    Digest digest;
    digest.host = std::move(*machine);
    Wrong cannot_be = fill(document, digest);
    if (!cannot_be)
        cannot_be = contradiction_in(digest);
    if (cannot_be)
        return wrong(*cannot_be);
    return digest;
}

Result<Digest> read_digest(const std::string& path) {
    const auto text = read_file(path);
    if (!text)
        return tl::unexpected(text.error());
    return digest_from_json(*text, path);
}

} // namespace rcuscope
