// SPDX-License-Identifier: BSD-2-Clause
#include "record/recorder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include "base/text.hpp"
#include "kernel/host.hpp"
#include "record/async_stderr.hpp"
#include "record/child.hpp"
#include "record/describe.hpp"
#include "record/drainer.hpp"
#include "record/end_signals.hpp"
#include "record/flight_recorder.hpp"
#include "record/own_share.hpp"
#include "record/probe_setup.hpp"
#include "record/sink.hpp"
#include "record/status_line.hpp"
#include "record/summary_mode.hpp"

namespace rcuscope {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Longest wait between two drains when nothing wakes the recorder.
constexpr auto drain_interval = 50ms;
// The same while Drainer::needs_short_interval().
constexpr auto short_interval = 1ms;
// Longest time that drained records wait before they are written to the file.
constexpr auto flush_interval = 500ms;

class Recorder {
public:
    Recorder(const RecordRequest& request, const EndSignals& signals)
        : request_(request), status_(request.progress), signals_(signals) {}
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;
    ~Recorder() = default;

    Result<RecordOutcome> run();

private:
    Status look() { return probe_setup_.look(request_); }
    Status place();
    Status open_capture();
    Status open_sink();
    Status start_command();
    Status loop();
    Status take_all(bool named);
    Status look_for_triggers();
    Status compress();
    RunStats run_stats();
    std::string why_to_end();
    Status close();
    Status sum_up(const Trailer& end);
    void show_progress();
    void say_where();

    bool waits_for_command() const { return child_ && !command_status_; }

    const RecordRequest& request_;
    StatusLine status_;
    const EndSignals& signals_;
    std::optional<std::string> kept_; // the file that the text of the second signal names
    Metadata metadata_;
    ProbeSetup probe_setup_;
    std::optional<Child> child_;
    std::unique_ptr<RecordSink> writer_;
    FlightRecorder* flight_recorder_ = nullptr; // the same object as writer_, if it is a flight recorder
    SummaryMode* summary_ = nullptr;            // the same object as writer_, if the kernel counts
    std::optional<CountedRecording> counted_;
    std::optional<AsyncStderr> async_stderr_;
    std::optional<Drainer> drainer_; // empty if the kernel counts

    std::optional<int> command_status_;
    Clock::time_point started_;
    std::optional<Clock::time_point> lingering_since_;
    std::uint64_t linger_target_ = 0; // callbacks queued when lingering began
    std::string end_reason_;
    std::vector<ProbeHits> hits_before_; // when the window opened
    Fd measuring_;                       // with --stats: the kernel measures run times while this is open
    RunStats stats_before_;
    SequencesAt opened_;
    CallbackLosses lost_before_; // when the window opened
};

Result<RecordOutcome> Recorder::run() {
    // Each step leaves nothing behind if it fails: the destructors undo the ones before it.
    for (auto step : {&Recorder::look, &Recorder::place, &Recorder::open_capture, &Recorder::start_command}) {
        const bool interrupted = EndSignals::came();
        const Status done = interrupted ? Status() : (this->*step)();
        if (done && !interrupted)
            continue;
        if (writer_)
            writer_->abort();
        if (!done)
            return tl::unexpected(done.error());
        return RecordOutcome{.began = false, .command_status = {}, .end_reason = {}, .capture = {}};
    }
    if (auto done = loop().and_then([this] { return close(); }); !done)
        return tl::unexpected(writer_->add_partial_file_hint(done.error()));
    return RecordOutcome{true, command_status_, end_reason_, writer_->take_capture(), std::move(counted_)};
}

Status Recorder::place() {
    if (!request_.command.empty()) {
        auto child = Child::prepare(request_.command);
        if (!child)
            return tl::unexpected(child.error());
        child_.emplace(std::move(*child));
    }
    EndSignals::say("", "rcuscope: ended at once, before the recording began: nothing is recorded\n");
    return probe_setup_.place(request_, status_);
}

// Creates the capture with all metadata that is known before the recording begins.
Status Recorder::open_capture() {
    metadata_.tool_version = request_.tool_version;
    metadata_.host = probe_setup_.kernel().host;
    if (request_.stats) {
        auto measuring = BpfSession::measure_programs();
        if (!measuring)
            return tl::unexpected(measuring.error());
        measuring_ = std::move(*measuring);
        stats_before_ = run_stats();
    }
    hits_before_ = probe_setup_.hits();
    metadata_.clocks = {boottime_ns(), monotonic_ns(), realtime_ns()};
    auto opened = probe_setup_.sequences();
    if (!opened)
        return tl::unexpected(opened.error());
    opened_ = *opened;
    lost_before_ = probe_setup_.session().lost_callbacks();
    metadata_.start_ns = opened_.ns;
    metadata_.sequences = if_exact(opened_);
    describe(metadata_, request_, probe_setup_.plan());
    if (!probe_setup_.idle())
        metadata_.missing.push_back({"own share",
                                     "which of the first grace periods are the tracer's own: RCU-tasks was "
                                     "not at rest when the recording opened"});
    if (const auto& sites = probe_setup_.sites()) {
        metadata_.sites = sites->sites;
        metadata_.missing.insert(metadata_.missing.end(), sites->refused.begin(), sites->refused.end());
    }
    if (auto sink = open_sink(); !sink)
        return sink;
    async_stderr_.emplace(STDERR_FILENO);
    if (!summary_)
        drainer_.emplace(
            Drainer::Dependencies{probe_setup_.session(), *writer_, flight_recorder_, *async_stderr_, status_},
            RecordFilter(SymbolCollector(std::move(*probe_setup_.kernel().symbols)),
                         UnloadWatch(metadata_.followed, probe_setup_.plan().takes_way(Way::kprobe)), flight_recorder_,
                         metadata_.start_ns),
            request_.modules.size());
    return {};
}

Status Recorder::open_sink() {
    if (request_.summary) {
        auto summary = std::make_unique<SummaryMode>(*probe_setup_.session().summary(), request_.modules,
                                                     *probe_setup_.kernel().symbols);
        summary_ = summary.get();
        writer_ = std::move(summary);
        summary_->open_window();
        return {};
    }
    if (request_.catching) {
        auto flight_recorder = FlightRecorder::create(*request_.catching, request_.capture, metadata_);
        if (!flight_recorder)
            return tl::unexpected(flight_recorder.error());
        flight_recorder_ = flight_recorder->get();
        writer_ = std::move(*flight_recorder);
        return {};
    }
    auto writer = CaptureWriter::create(request_.capture, metadata_);
    if (!writer)
        return tl::unexpected(writer.error());
    writer_ = std::make_unique<FileSink>(std::move(*writer));
    return {};
}

Status Recorder::start_command() {
    status_.clear();
    started_ = Clock::now();
    say_where();
    return child_ ? child_->go() : Status();
}

// `named`: also waits for the names of all addresses.
Status Recorder::take_all(bool named) {
    if (drainer_)
        return named ? drainer_->drain_and_name() : drainer_->drain();
    summary_->look();
    return {};
}

Status Recorder::look_for_triggers() {
    const CallbackCounts counts = probe_setup_.session().callbacks();
    return flight_recorder_->look({drainer_->drained_ns(), drainer_->seen_until_ns(), drainer_->lost_by_ns(),
                                   counts.queued - std::min(counts.queued, counts.done)},
                                  [this] { return probe_setup_.session().losses(); });
}

// Why the recording is over; empty while it goes on.
std::string Recorder::why_to_end() {
    if (flight_recorder_ && !flight_recorder_->end_reason().empty())
        return flight_recorder_->end_reason();
    const auto now = Clock::now();
    if (request_.duration && now - started_ >= *request_.duration)
        return "duration over";
    if (waits_for_command())
        return "";
    const bool by_command = child_ && !request_.until_unload;
    // The kernel's counts are used, because records may be lost.
    bool all_freed = true;
    bool any_loaded = false;
    for (std::size_t i = 0; i < request_.modules.size(); i++) {
        const ModuleCounts counts = probe_setup_.session().module(i);
        all_freed = all_freed && counts.freed > 0;
        any_loaded = any_loaded || counts.loaded > 0;
    }
    const bool by_unload = request_.until_unload && all_freed;
    // The command failed before it loaded a module, so no unload will come.
    const bool hopeless = request_.until_unload && child_ && *command_status_ != 0 && !any_loaded;
    if (!by_command && !by_unload && !hopeless)
        return "";
    std::string reason = hopeless ? "command failed" : by_command ? "command ended" : "module freed";
    const CallbackCounts counts = probe_setup_.session().callbacks();
    if (!lingering_since_) {
        lingering_since_ = now;
        linger_target_ = counts.queued;
    }
    if (counts.done >= linger_target_)
        return reason;
    if (now - *lingering_since_ >= request_.linger)
        return reason + (probe_setup_.session().losses().empty() ? "; callbacks still pending"
                                                                 : "; the end of callbacks was not seen");
    return "";
}

Status Recorder::loop() {
    auto flushed = Clock::now();
    std::array<pollfd, 3> waits{pollfd{signals_.fd(), POLLIN, 0}, pollfd{probe_setup_.session().wakeup_fd(), POLLIN, 0},
                                pollfd{child_ ? child_->ended_fd() : -1, POLLIN, 0}};
    while (end_reason_.empty()) {
        const auto interval = drainer_ && drainer_->needs_short_interval() ? short_interval : drain_interval;
        if (::poll(waits.data(), waits.size(), static_cast<int>(interval / 1ms)) < 0 && errno != EINTR)
            return fail(ExitCode::cannot_here, "cannot wait for events", errno_text(errno));
        if (auto drained = take_all(false); !drained)
            return drained;
        if (flight_recorder_)
            if (auto looked = look_for_triggers(); !looked)
                return looked;
        if (waits_for_command() && (waits[2].revents & POLLIN)) {
            command_status_ = child_->status();
            waits[2].fd = -1;
        }
        end_reason_ = EndSignals::came() ? "interrupted" : why_to_end();
        if (Clock::now() - flushed >= flush_interval) {
            if (auto done = writer_->flush(false); !done)
                return done;
            flushed = Clock::now();
        }
        say_where();
        show_progress();
    }
    return {};
}

std::uint64_t nanoseconds(const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_usec) * 1'000;
}

RunStats Recorder::run_stats() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return {probe_setup_.session().program_runs(), nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime)};
}

// Removes the probes, drains the rest of the rings and writes the end of the file.
Status Recorder::close() {
    BpfSession& session = probe_setup_.session();
    auto closed = probe_setup_.sequences();
    if (!closed)
        return tl::unexpected(closed.error());
    if (drainer_)
        drainer_->close_window(closed->ns);
    else
        summary_->close_window();
    const CallbackLosses lost = session.lost_callbacks();
    Trailer end{closed->ns, end_reason_, command_status_, probe_setup_.hits(), {}, if_exact(*closed)};
    if (request_.stats)
        end.stats = run_stats_since(stats_before_, run_stats());
    end.lost_callbacks = {lost.queued - lost_before_.queued, lost.invoked - lost_before_.invoked,
                          lost.done - lost_before_.done};
    measuring_.reset();
    for (std::size_t i = 0; i < end.hits.size(); i++) {
        end.hits[i].hits -= hits_before_[i].hits;
        end.hits[i].missed -= hits_before_[i].missed;
    }
    // Names are read before detaching, because kallsyms lists the probes' trampolines only while they exist.
    if (auto drained = take_all(true); !drained)
        return drained;
    // Flushed now, because removing probes takes long and a second signal meanwhile ends the process.
    if (auto done = writer_->flush(false); !done)
        return done;
    status_.show("removing probes");
    session.detach();
    if (auto drained = drainer_ ? drainer_->drain_rest() : take_all(false); !drained)
        return drained;
    end.lost = session.losses();
    if (auto refused = probe_setup_.refused_at_load(); !refused.empty())
        end.missing = std::move(refused);
    if (auto removed = probe_setup_.remove_sites(); !removed)
        return removed;
    auto after = session.sequences();
    if (!after)
        return tl::unexpected(after.error());
    end.own_share = own_share(probe_setup_.before(), opened_, *closed, *after);
    if (summary_)
        if (auto summed = sum_up(end); !summed)
            return summed;
    probe_setup_.unload();
    return writer_->finish(end).and_then([this] {
        say_where();
        return compress();
    });
}

// A failure or an interruption loses nothing: the uncompressed file stays.
Status Recorder::compress() {
    const bool ended_by_signal = EndSignals::came();
    const auto began = Clock::now();
    const Status done = writer_->compress([&](double share) {
        if (Clock::now() - began >= 2s)
            status_.show("compressing the recording: " + std::to_string(static_cast<int>(share * 100)) +
                         " % (Ctrl-C leaves it)");
        return ended_by_signal || !EndSignals::came();
    });
    status_.clear();
    if (!done)
        async_stderr_->say("rcuscope: the recording is complete, but larger than it need be: " + done.error().what +
                           ": " + done.error().why);
    return {};
}

// Must run before probe_setup_.unload(), which frees the programs' maps.
Status Recorder::sum_up(const Trailer& end) {
    std::uint64_t missed = 0;
    for (const ProbeHits& hits : end.hits)
        missed += hits.missed;
    for (const CpuLoss& lost : end.lost)
        missed += lost.total;
    auto counts = summary_->collect(missed);
    if (!counts)
        return tl::unexpected(counts.error());
    counted_ = {metadata_, end, std::move(*counts)};
    return {};
}

void Recorder::show_progress() {
    const auto running = Clock::now() - started_;
    if (running < 2s)
        return;
    const CallbackCounts counts = probe_setup_.session().callbacks();
    status_.show("recording " + std::to_string(running / 1s) + " s: " + std::to_string(counts.queued) +
                 " callbacks queued, " + std::to_string(counts.done) + " done, " +
                 std::to_string(writer_->bytes() / 1024) + " KiB" +
                 (lingering_since_ ? "; waiting for pending callbacks" : "") + " (Ctrl-C ends)");
}

// Updates the text of the second signal.
void Recorder::say_where() {
    // A file without a name vanishes with the process.
    const std::string kept = request_.capture.target ? writer_->current_path() : "";
    if (kept_ == kept)
        return;
    kept_ = kept;
    EndSignals::say("",
                    kept.empty() ? "rcuscope: ended at once: what was not written yet is lost\n"
                                 : at_once_text(kept, request_.exports),
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
    text += exports.empty() ? "what was recorded is in " + printable(capture) : "";
    return text + "\n  hint: rcuscope " + command + printable(shell_word(capture) + made) + "\n";
}

Result<RecordOutcome> record(const RecordRequest& request, const EndSignals& signals) {
    return Recorder(request, signals).run();
}

} // namespace rcuscope
