// SPDX-License-Identifier: BSD-2-Clause
#include "record/flight_recorder.hpp"

#include <algorithm>
#include <utility>

#include "base/duration.hpp"
#include "capture/ring_records.hpp"
#include "kernel/host.hpp"

namespace rcuscope {

namespace {

// How long to record after everything that fired has ended, for instance to catch the callbacks that it released.
constexpr std::uint64_t after_ns = 500'000'000;
// If something that fired goes on for long, the file is finished after --keep-last or this time, whichever is longer.
constexpr std::uint64_t least_wait_ns = 1'000'000'000;

std::uint64_t nanoseconds(std::chrono::nanoseconds duration) {
    return static_cast<std::uint64_t>(duration.count());
}

} // namespace

Result<std::unique_ptr<FlightRecorder>> FlightRecorder::create(const FlightRecorderRequest& request,
                                                               CaptureDestination place, const Metadata& metadata) {
    std::optional<StallWatch> stalls;
    const auto waits_for_stall = [](const Trigger& trigger) { return trigger.kind == TriggerKind::stall; };
    if (std::any_of(request.triggers.begin(), request.triggers.end(), waits_for_stall)) {
        auto opened = StallWatch::open();
        if (!opened)
            return tl::unexpected(opened.error());
        stalls.emplace(std::move(*opened));
    }
    return std::unique_ptr<FlightRecorder>(new FlightRecorder(request, std::move(place), metadata, std::move(stalls)));
}

FlightRecorder::FlightRecorder(FlightRecorderRequest request, CaptureDestination place, const Metadata& metadata,
                               std::optional<StallWatch> stalls)
    : request_(std::move(request)), place_(std::move(place)), metadata_(metadata),
      history_(metadata.host.cpus, request_.keep_bytes), watch_(request_.triggers, metadata),
      stalls_(std::move(stalls)) {}

Status FlightRecorder::ring(std::uint32_t cpu, std::span<const std::span<const std::byte>> parts) {
    Status written;
    for (const auto part : parts)
        for_each_ring_record(part, [&](std::span<const std::byte> record) {
            history_.record(cpu, record);
            if (file_ && written)
                written = file_->writer.record(cpu, record);
        });
    return written;
}

Status FlightRecorder::symbols(std::span<const SymbolInfo> symbols) {
    history_.symbols(symbols);
    return file_ ? file_->writer.symbols(symbols) : Status();
}

Status FlightRecorder::flush(bool sync) {
    return file_ ? file_->writer.flush(sync) : Status();
}

Status FlightRecorder::look(const Look& look, const Losses& losses) {
    const std::uint64_t now_ns = look.now_ns;
    const std::uint64_t keep_ns = nanoseconds(request_.keep_last);
    history_.forget_before(now_ns > keep_ns ? now_ns - keep_ns : 0);
    watch_.look(look.seen_until_ns, look.pending, look.lost_by_ns);
    if (stalls_)
        for (const Stall& stall : stalls_->read())
            watch_.stalled(stall, now_ns);
    if (watch_.fired().size() > file_firings_)
        if (auto done = fire(look, losses); !done)
            return done;
    if (!file_)
        return {};
    if (!watch_.over())
        file_->over_ns.reset();
    else if (!file_->over_ns)
        file_->over_ns = now_ns;
    const bool long_over = file_->over_ns && now_ns - *file_->over_ns >= after_ns;
    if (!long_over && now_ns - file_->begun_ns < std::max(keep_ns, least_wait_ns))
        return {};
    if (file_->last) {
        end_reason_ = reason(now_ns);
        return {};
    }
    return end({look.seen_until_ns, reason(now_ns), std::nullopt, {}, losses()});
}

// A trigger that fires while a file is open adds to that file. A trigger that ends the recording gets a file of its
// own.
Status FlightRecorder::fire(const Look& look, const Losses& losses) {
    const std::uint64_t now_ns = look.now_ns;
    const auto& fired = watch_.fired();
    const bool last = std::any_of(fired.begin() + static_cast<std::ptrdiff_t>(file_firings_), fired.end(),
                                  [this](const Firing& firing) { return watch_.trigger(firing).stop; });
    if (last && file_ && !file_->last)
        if (auto done = end({look.seen_until_ns, reason(now_ns), std::nullopt, {}, losses()}); !done)
            return done;
    file_firings_ = watch_.fired().size();
    if (file_)
        return {};
    return (last ? Result<CaptureDestination>(place_) : request_.next_file())
        .and_then([&](const CaptureDestination& place) { return begin(place, last, now_ns); });
}

Status FlightRecorder::begin(const CaptureDestination& place, bool last, std::uint64_t now_ns) {
    const std::uint64_t keep_ns = nanoseconds(request_.keep_last);
    const std::uint64_t wanted_ns = std::max(metadata_.start_ns, now_ns > keep_ns ? now_ns - keep_ns : 0);
    Metadata metadata = metadata_;
    metadata.start_ns = std::max(wanted_ns, history_.whole_since());
    metadata.clocks = {boottime_ns(), monotonic_ns(), realtime_ns()};
    if (metadata.start_ns != metadata_.start_ns)
        metadata.sequences.reset(); // they were read when the recording began
    if (metadata.start_ns > wanted_ns)
        metadata.missing.push_back(
            {"keep-last", "records older than " + duration_text(static_cast<std::int64_t>(now_ns - metadata.start_ns)) +
                              ": they did not fit into --keep-memory"});
    auto writer = CaptureWriter::create(place, metadata);
    if (!writer)
        return tl::unexpected(writer.error());
    file_.emplace(File{std::move(*writer), last, now_ns, std::nullopt});
    return history_.write(file_->writer, metadata.start_ns).and_then([this] { return file_->writer.flush(true); });
}

Status FlightRecorder::end(Trailer trailer) {
    trailer.fired = fired_trigger(trailer.end_ns);
    if (auto done = file_->writer.finish(trailer); !done)
        return done;
    CaptureWriter writer = std::move(file_->writer);
    const bool last = file_->last;
    file_.reset();
    watch_.forget(std::exchange(file_firings_, 0));
    if (last) {
        wrote_.emplace(std::move(writer));
        return {};
    }
    request_.written(writer);
    if (++files_ == request_.max_files)
        end_reason_ = std::to_string(files_) + " files were written (--max-files)";
    return {};
}

Status FlightRecorder::finish(const Trailer& trailer) {
    Trailer end_of_file = trailer;
    // These counts cover the whole recording, which may have begun days ago.
    end_of_file.hits.clear();
    end_of_file.lost_callbacks.reset();
    if (file_) {
        end_of_file.reason = reason(trailer.end_ns);
        return end(std::move(end_of_file));
    }
    if (!request_.triggers.empty())
        return {};
    return begin(place_, true, trailer.end_ns).and_then([&] { return end(std::move(end_of_file)); });
}

// The firing that the file reports as its cause: the first one, or in the last file the first that ends the recording.
const Firing* FlightRecorder::cause() const {
    const auto& fired = watch_.fired();
    if (fired.empty())
        return nullptr;
    const auto stop =
        std::find_if(fired.begin(), fired.end(), [this](const Firing& firing) { return watch_.trigger(firing).stop; });
    return file_ && file_->last && stop != fired.end() ? &*stop : &fired.front();
}

std::string FlightRecorder::reason(std::uint64_t now_ns) const {
    const Firing& firing = *cause();
    const std::size_t others = file_firings_ - 1;
    return watch_.trigger(firing).text + ": " + watch_.text(firing, now_ns) +
           (others == 0 ? ""
                        : ", and " + std::to_string(others) + " more " + (others == 1 ? "trigger" : "triggers") +
                              " fired meanwhile");
}

std::optional<FiredTrigger> FlightRecorder::fired_trigger(std::uint64_t now_ns) const {
    const Firing* firing = cause();
    if (!firing)
        return std::nullopt;
    return FiredTrigger{watch_.trigger(*firing).text,
                        watch_.text(*firing, now_ns),
                        firing->on,
                        firing->id,
                        firing->began_ns,
                        firing->fired_ns};
}

} // namespace rcuscope
