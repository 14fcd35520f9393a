// SPDX-License-Identifier: BSD-2-Clause
#include "cli/load.hpp"

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
    loaded.analysis = analyse(loaded.timeline, limits);
    warn_of_cut(path, loaded.extent);
    return loaded;
}

} // namespace rcuscope
