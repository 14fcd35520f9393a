// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/kernel_digest.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "summary_layout.h"

namespace rcuscope {

static_assert(RS_BUCKET_BITS == Histogram::precision_bits);
static_assert(RS_KEPT_LONGEST == Digest::max_longest);

namespace {

std::optional<Histogram> histogram_of(const KernelDurations& durations) {
    std::map<Nanoseconds, std::uint64_t> buckets;
    for (const auto& [lowest, count] : durations.buckets)
        buckets[static_cast<Nanoseconds>(lowest)] = count;
    return Histogram::from(buckets, static_cast<Nanoseconds>(durations.shortest),
                           static_cast<Nanoseconds>(durations.longest), static_cast<double>(durations.sum));
}

// `forgotten`: the kernel dropped the queueing time; most of these callbacks ran and were then counted as untimed.
// `untimed`: invoked without a known queueing time: it was forgotten, or the callback was queued before the recording.
Digest::Function row_of(const KernelCallbacks& callbacks, Histogram latency) {
    const std::uint64_t timed = latency.count();
    Digest::Function row{.module = callbacks.module,
                         .function = callbacks.function,
                         .queued = std::max(callbacks.queued, timed),
                         .invoked = timed + callbacks.untimed,
                         .pending = 0,
                         .unknown = 0,
                         .latency = std::move(latency)};
    const std::uint64_t open = row.queued - timed;
    row.unknown = std::min(open, std::max(callbacks.untimed, callbacks.forgotten));
    row.pending = open - row.unknown;
    return row;
}

void add_longest(const KernelGracePeriods& kind, Digest& digest) {
    for (const std::uint64_t duration : kind.longest)
        digest.longest.push_back({static_cast<Nanoseconds>(duration), ""});
}

} // namespace

Result<Digest> digest_of(const KernelSummary& summary, const Metadata& metadata, const Trailer& trailer) {
    const auto wrong = [](const std::string& of) {
        return fail(ExitCode::cannot_here, "cannot summarize the kernel's counts",
                    "the counts of " + of + " contradict each other", "record with --mode events");
    };
    Digest digest;
    digest.tool_version = metadata.tool_version;
    digest.host = metadata.host;
    digest.recorded = static_cast<Nanoseconds>(trailer.end_ns - metadata.start_ns);
    digest.complete = true;
    digest.lost = summary.missed;
    for (const auto& [name, kind] : {std::pair{"gp", &summary.normal}, std::pair{"gp.expedited", &summary.expedited}}) {
        auto histogram = histogram_of(kind->duration);
        if (!histogram)
            return wrong("grace periods");
        digest.durations[name] = std::move(*histogram);
        add_longest(*kind, digest);
    }
    digest.keep_longest();

    Histogram& latency = digest.durations["callback.latency"];
    for (const char* count : {"callbacks.queued", "callbacks.pending", "callbacks.unknown"})
        digest.counts[count] = 0;
    for (const KernelCallbacks& callbacks : summary.callbacks) {
        auto histogram = histogram_of(callbacks.latency);
        if (!histogram)
            return wrong("callbacks");
        Digest::Function row = row_of(callbacks, std::move(*histogram));
        latency.merge(row.latency);
        digest.counts["callbacks.queued"] += row.queued;
        digest.counts["callbacks.pending"] += row.pending;
        digest.counts["callbacks.unknown"] += row.unknown;
        digest.lost += callbacks.forgotten;
        digest.functions.push_back(std::move(row));
    }
    std::stable_sort(digest.functions.begin(), digest.functions.end(),
                     [](const auto& a, const auto& b) { return a.queued > b.queued; });
    return digest;
}

} // namespace rcuscope
