// SPDX-License-Identifier: BSD-2-Clause
#include "cli/load.hpp"

#include <iostream>

#include "analysis/holders.hpp"
#include "timeline/builder.hpp"

namespace rcuscope {

namespace {

void warn_of_cut(const std::string& capture, const CaptureExtent& extent) {
    if (!extent.cut_reason.empty())
        std::cerr << "rcuscope: warning: " << capture << ": " << extent.cut_reason << "; shown is what came before\n";
    if (extent.skipped_chunks || extent.skipped_records)
        std::cerr << "rcuscope: warning: " << capture << ": " << extent.skipped_chunks << " parts and "
                  << extent.skipped_records << " records of an unknown kind were passed over\n";
}

} // namespace

Result<LoadedTimeline> load_timeline(const std::string& capture, const HazardLimits& limits) {
    auto reader = CaptureReader::open(capture);
    if (!reader)
        return tl::unexpected(reader.error());
    auto timeline = build_timeline(*reader);
    if (!timeline)
        return tl::unexpected(timeline.error());
    find_hazards(*timeline, limits);
    find_holders(*timeline);
    warn_of_cut(capture, reader->extent());
    return LoadedTimeline{std::move(*timeline), reader->extent()};
}

Result<LoadedNumbers> load_numbers(const std::string& capture, const HazardLimits& limits) {
    auto reader = CaptureReader::open(capture);
    if (!reader)
        return tl::unexpected(reader.error());
    CallbackNumbers callbacks({}, limits.callback_flood);
    auto built = build_timeline(*reader, callbacks);
    if (!built)
        return tl::unexpected(built.error());
    if (!*built) {
        // Something in it is odd: lost, cut off, a head queued twice.
        auto loaded = load_timeline(capture, limits);
        if (!loaded)
            return tl::unexpected(loaded.error());
        Statistics numbers = statistics_of(loaded->timeline);
        return LoadedNumbers{std::move(loaded->timeline), std::move(numbers)};
    }
    callbacks.finish();
    Timeline& timeline = **built;
    find_hazards(timeline, limits, callbacks);
    find_holders(timeline);
    warn_of_cut(capture, reader->extent());
    Statistics numbers = statistics_of(timeline, callbacks);
    return LoadedNumbers{std::move(timeline), std::move(numbers)};
}

} // namespace rcuscope
