// SPDX-License-Identifier: BSD-2-Clause
#include "cli/load.hpp"

#include "analysis/flood.hpp"
#include "analysis/holders.hpp"
#include "base/text_out.hpp"
#include "timeline/builder.hpp"

namespace rcuscope {

namespace {

void warn_of_cut(const std::string& capture, const CaptureExtent& extent) {
    if (!extent.cut_reason.empty())
        StandardError() << "rcuscope: warning: " << capture << ": " << extent.cut_reason
                        << "; shown is what came before\n";
    if (extent.skipped_chunks || extent.skipped_records)
        StandardError() << "rcuscope: warning: " << capture << ": " << extent.skipped_chunks << " parts and "
                        << extent.skipped_records << " records of an unknown kind were passed over\n";
}

} // namespace

Result<LoadedTimeline> load_timeline(const std::string& capture, const HazardLimits& limits) {
    return load_timeline(InputFile::open(capture), limits);
}

Result<LoadedTimeline> load_timeline(Result<InputFile> capture, const HazardLimits& limits) {
    interning::Scope recording;
    const std::string path = capture ? capture->path() : std::string();
    auto reader = CaptureReader::open(std::move(capture));
    if (!reader)
        return tl::unexpected(reader.error());
    auto timeline = build_timeline(*reader);
    if (!timeline)
        return tl::unexpected(timeline.error());
    find_hazards(*timeline, limits);
    find_holders(*timeline);
    warn_of_cut(path, reader->extent());
    return LoadedTimeline{std::move(recording), std::move(*timeline), reader->extent()};
}

static LoadedStatistics judged(interning::Scope& recording, Timeline timeline, const CallbackNumbers& callbacks,
                               const HazardLimits& limits) {
    find_hazards(timeline, limits, callbacks);
    find_holders(timeline);
    Statistics numbers = statistics_of(timeline, callbacks);
    return {std::move(recording), std::move(timeline), std::move(numbers)};
}

static Result<LoadedStatistics> numbers_of(CaptureReader& reader, const HazardLimits& limits) {
    interning::Scope recording;
    {
        CallbackNumbers callbacks({}, limits.callback_flood);
        auto taken = build_timeline(reader, callbacks);
        if (!taken)
            return tl::unexpected(taken.error());
        if (*taken) {
            callbacks.finish();
            return judged(recording, std::move(**taken), callbacks, limits);
        }
    }
    // Counting while reading works only for a regular recording. This one lost records, was cut off or has a head that
    // was queued twice, so the whole timeline is built first.
    return build_timeline(reader).map([&](Timeline timeline) {
        CallbackNumbers callbacks(timeline.capture.lost, flood_from(timeline.capture, limits.callback_flood));
        callbacks.take_all(timeline);
        callbacks.finish();
        return judged(recording, std::move(timeline), callbacks, limits);
    });
}

Result<LoadedStatistics> load_statistics(const std::string& capture, const HazardLimits& limits) {
    auto reader = CaptureReader::open(capture);
    if (!reader)
        return tl::unexpected(reader.error());
    auto loaded = numbers_of(*reader, limits);
    if (loaded)
        warn_of_cut(capture, reader->extent());
    return loaded;
}

} // namespace rcuscope
