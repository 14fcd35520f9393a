// SPDX-License-Identifier: BSD-2-Clause
#include "record/summary_recorder.hpp"

#include <cstdint>
#include <utility>

#include "record/recording_session.hpp"
#include "record/summary_counts.hpp"

namespace rcuscope {

namespace {

std::uint64_t missed_events(const Trailer& trailer) {
    std::uint64_t missed = 0;
    for (const ProbeHits& hits : trailer.hits)
        missed += hits.missed;
    for (const CpuLoss& lost : trailer.lost)
        missed += lost.total;
    return missed;
}

Status loop(RecordingSession& session, SummaryCounts& counts) {
    while (session.end_reason().empty()) {
        if (auto waited = session.wait(RecordingSession::longest_wait); !waited)
            return waited;
        counts.name_new_functions();
        session.check_end("");
        session.show_progress(0);
    }
    return {};
}

// Removes the probes and reads the counts.
Result<SummaryRecording> close(RecordingSession& session, SummaryCounts& counts) {
    if (const auto end_ns = session.close_window(); !end_ns)
        return tl::unexpected(end_ns.error());
    counts.close_window();
    session.read_counts();
    session.detach();
    counts.name_new_functions();
    auto trailer = session.finish();
    if (!trailer)
        return tl::unexpected(trailer.error());
    auto collected = counts.collect(missed_events(*trailer));
    if (!collected)
        return tl::unexpected(collected.error());
    return SummaryRecording{session.metadata(), std::move(*trailer), std::move(*collected)};
}

} // namespace

Result<std::optional<SummaryRecording>> record_summary(const RecordRequest& request, const EndSignals& signals) {
    RecordingSession session(RecordMode::summary, request, signals);
    if (auto open = session.open(); !open || !*open)
        return open ? Result<std::optional<SummaryRecording>>() : tl::unexpected(open.error());
    SummaryCounts counts(*session.bpf().summary(), request.modules, *session.kernel().symbols);
    counts.open_window();
    if (EndSignals::came())
        return std::nullopt;
    EndSignals::say("", "rcuscope: ended at once: records that were not written yet are lost\n", request.earlier);
    return session.start_command()
        .and_then([&] { return loop(session, counts); })
        .and_then([&] { return close(session, counts); })
        .map([](SummaryRecording recording) { return std::optional(std::move(recording)); });
}

} // namespace rcuscope
