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
                        << "; only the part before that is shown\n";
    if (extent.skipped_chunks || extent.skipped_records)
        StandardError() << "rcuscope: warning: " << capture << ": " << extent.skipped_chunks << " parts and "
                        << extent.skipped_records << " records of an unknown kind were skipped\n";
}

} // namespace

Result<LoadedTimeline> load_timeline(const std::string& capture, const HazardLimits& limits) {
    return load_timeline(InputFile::open(capture), limits);
}

Result<LoadedTimeline> load_timeline(Result<InputFile> capture, const HazardLimits& limits) {
    const std::string path = capture ? capture->path() : std::string();
    auto reader = CaptureReader::open(std::move(capture));
    if (!reader)
        return tl::unexpected(reader.error());
    LoadedTimeline loaded;
    const Recording::Binding bound(*loaded.recording);
    auto timeline = build_timeline(*reader);
    if (!timeline)
        return tl::unexpected(timeline.error());
    loaded.timeline = std::move(*timeline);
    loaded.extent = reader->extent();
    find_hazards(loaded.timeline, limits);
    find_holders(loaded.timeline);
    warn_of_cut(path, loaded.extent);
    return loaded;
}

static void judge(LoadedStatistics& loaded, const CallbackNumbers& callbacks, const HazardLimits& limits) {
    find_hazards(loaded.timeline, limits, callbacks);
    find_holders(loaded.timeline);
    loaded.numbers = statistics_of(loaded.timeline, callbacks);
}

static Status numbers_of(CaptureReader& reader, const HazardLimits& limits, LoadedStatistics& loaded) {
    {
        CallbackNumbers callbacks({}, limits.callback_flood);
        auto taken = build_timeline(reader, callbacks);
        if (!taken)
            return tl::unexpected(taken.error());
        if (*taken) {
            callbacks.finish();
            loaded.timeline = std::move(**taken);
            judge(loaded, callbacks, limits);
            return {};
        }
    }
    // Counting while reading works only for a regular recording. This one lost records, was cut off or has a head that
    // was queued twice, so the whole timeline is built first.
    return build_timeline(reader).map([&](Timeline timeline) {
        CallbackNumbers callbacks(timeline.capture.lost, flood_from(timeline.capture, limits.callback_flood));
        callbacks.take_all(timeline);
        callbacks.finish();
        loaded.timeline = std::move(timeline);
        judge(loaded, callbacks, limits);
    });
}

Result<LoadedStatistics> load_statistics(const std::string& capture, const HazardLimits& limits) {
    auto reader = CaptureReader::open(capture);
    if (!reader)
        return tl::unexpected(reader.error());
    LoadedStatistics loaded;
    const Recording::Binding bound(*loaded.recording);
    if (auto built = numbers_of(*reader, limits, loaded); !built)
        return tl::unexpected(built.error());
    warn_of_cut(capture, reader->extent());
    return loaded;
}

} // namespace rcuscope
