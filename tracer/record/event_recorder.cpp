// SPDX-License-Identifier: BSD-2-Clause
#include "record/event_recorder.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <unistd.h>
#include <utility>

#include "base/text.hpp"
#include "record/async_stderr.hpp"
#include "record/drainer.hpp"
#include "record/recording_session.hpp"
#include "record/sink.hpp"

namespace rcuscope {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// The longest wait while Drainer::needs_short_interval().
constexpr auto short_wait = 1ms;
// Longest time that drained records wait before they are written to the file.
constexpr auto flush_interval = 500ms;

class EventRecorder {
public:
    EventRecorder(const RecordRequest& request, const EventOutput& output, const EndSignals& signals)
        : request_(request), output_(output), session_(RecordMode::events, request, signals) {}
    EventRecorder(const EventRecorder&) = delete;
    EventRecorder& operator=(const EventRecorder&) = delete;
    ~EventRecorder() = default;

    Result<std::optional<EventRecording>> run();

private:
    Result<bool> begin();
    Status open_sink();
    void make_drainer();
    Status loop();
    Status look_for_triggers();
    Status close();
    Status compress();
    void update_signal_text();

    // nullptr before open_sink().
    RecordSink* sink() { return flight_recorder_ ? static_cast<RecordSink*>(flight_recorder_.get()) : file_.get(); }

    const RecordRequest& request_;
    const EventOutput& output_;
    RecordingSession session_;
    // The destination of the records: one of the two.
    std::unique_ptr<FileSink> file_;
    std::unique_ptr<FlightRecorder> flight_recorder_;
    std::optional<AsyncStderr> async_stderr_;
    std::optional<Drainer> drainer_;
    std::optional<std::string> named_path_; // the file that the text of the second signal names
};

Result<std::optional<EventRecording>> EventRecorder::run() {
    const auto began = begin();
    if (!began || !*began) {
        if (sink())
            sink()->abort();
        if (!began)
            return tl::unexpected(began.error());
        return std::nullopt;
    }
    if (auto done = loop().and_then([this] { return close(); }); !done)
        return tl::unexpected(sink()->add_partial_file_hint(done.error()));
    return EventRecording{session_.command_status(), session_.end_reason(), sink()->take_capture()};
}

// Returns false if a signal came before the recording began.
Result<bool> EventRecorder::begin() {
    if (auto open = session_.open(); !open || !*open)
        return open;
    if (auto opened = open_sink(); !opened)
        return tl::unexpected(opened.error());
    make_drainer();
    if (EndSignals::came())
        return false;
    update_signal_text();
    return session_.start_command().map([] { return true; });
}

// Writes the metadata. A flight recorder creates its file when a trigger fires.
Status EventRecorder::open_sink() {
    if (output_.flight_recorder)
        return FlightRecorder::create(*output_.flight_recorder, output_.capture, session_.metadata())
            .map([this](std::unique_ptr<FlightRecorder> made) { flight_recorder_ = std::move(made); });
    return CaptureWriter::create(output_.capture, session_.metadata()).map([this](CaptureWriter writer) {
        file_ = std::make_unique<FileSink>(std::move(writer));
    });
}

void EventRecorder::make_drainer() {
    const Metadata& metadata = session_.metadata();
    async_stderr_.emplace(STDERR_FILENO);
    drainer_.emplace(Drainer::Dependencies{session_.bpf(), *sink(), *async_stderr_, session_.status()},
                     RecordFilter(SymbolCollector(std::move(*session_.kernel().symbols)),
                                  UnloadWatch(metadata.followed, session_.plan().takes_way(Way::kprobe)),
                                  flight_recorder_ ? &flight_recorder_->triggers() : nullptr, metadata.start_ns),
                     request_.modules.size());
}

Status EventRecorder::look_for_triggers() {
    const CallbackCounts counts = session_.bpf().callbacks();
    return flight_recorder_->look({drainer_->drained_ns(), drainer_->seen_until_ns(), drainer_->lost_by_ns(),
                                   counts.queued - std::min(counts.queued, counts.done)},
                                  [this] { return session_.bpf().losses(); });
}

Status EventRecorder::loop() {
    auto flushed = Clock::now();
    while (session_.end_reason().empty()) {
        if (auto waited = session_.wait(drainer_->needs_short_interval() ? short_wait : RecordingSession::longest_wait);
            !waited)
            return waited;
        if (auto drained = drainer_->drain(); !drained)
            return drained;
        if (flight_recorder_)
            if (auto looked = look_for_triggers(); !looked)
                return looked;
        session_.check_end(flight_recorder_ ? flight_recorder_->end_reason() : "");
        if (Clock::now() - flushed >= flush_interval) {
            if (auto done = sink()->flush(false); !done)
                return done;
            flushed = Clock::now();
        }
        update_signal_text();
        session_.show_progress(sink()->bytes());
    }
    return {};
}

// Removes the probes, drains the rest of the rings and writes the end of the file.
Status EventRecorder::close() {
    const auto end_ns = session_.close_window();
    if (!end_ns)
        return tl::unexpected(end_ns.error());
    drainer_->close_window(*end_ns);
    session_.read_counts();
    // Names are read before detaching, because kallsyms lists the probes' trampolines only while they exist.
    if (auto drained = drainer_->drain_and_name(); !drained)
        return drained;
    // Flushed now, because removing probes takes long and a second signal meanwhile ends the process.
    if (auto done = sink()->flush(false); !done)
        return done;
    session_.detach();
    if (auto drained = drainer_->drain_rest(); !drained)
        return drained;
    const auto trailer = session_.finish();
    if (!trailer)
        return tl::unexpected(trailer.error());
    session_.unload();
    return sink()->finish(*trailer).and_then([this] {
        update_signal_text();
        return compress();
    });
}

// A failure or an interruption loses nothing: the uncompressed file stays.
Status EventRecorder::compress() {
    const bool ended_by_signal = EndSignals::came();
    const auto began = Clock::now();
    const Status done = sink()->compress([&](double share) {
        if (Clock::now() - began >= 2s)
            session_.status().show("compressing the recording: " + std::to_string(static_cast<int>(share * 100)) +
                                   " % (Ctrl-C leaves it uncompressed)");
        return ended_by_signal || !EndSignals::came();
    });
    session_.status().clear();
    if (!done)
        async_stderr_->say("rcuscope: the recording is complete, but not compressed: " + done.error().what + ": " +
                           done.error().why);
    return {};
}

// Sets the text of the second signal.
void EventRecorder::update_signal_text() {
    // A file without a name vanishes with the process.
    const std::string path = output_.capture.target ? sink()->current_path() : "";
    if (named_path_ == path)
        return;
    named_path_ = path;
    EndSignals::say("",
                    path.empty() ? "rcuscope: ended at once: records that were not written yet are lost\n"
                                 : at_once_text(path, output_.exports),
                    request_.earlier);
}

} // namespace

std::string at_once_text(const std::string& capture, const std::vector<std::string>& exports) {
    const std::string command = exports.empty() ? "info " : "export ";
    std::string text = "rcuscope: ended at once: ";
    std::string made;
    for (const std::string& path : exports) {
        text += (made.empty() ? "not written: " : ", ") + printable(path);
        made += " -o " + shell_word(path);
    }
    text += exports.empty() ? "the recorded events are in " + printable(capture) : "";
    return text + "\n  hint: rcuscope " + command + printable(shell_word(capture) + made) + "\n";
}

Result<std::optional<EventRecording>> record_events(const RecordRequest& request, const EventOutput& output,
                                                    const EndSignals& signals) {
    return EventRecorder(request, output, signals).run();
}

} // namespace rcuscope
