// SPDX-License-Identifier: BSD-2-Clause
#include "record/recorder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>
#include <poll.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "kernel/host.hpp"
#include "probes/guard.hpp"
#include "probes/session.hpp"
#include "probes/sites.hpp"
#include "probes/summary_hooks.hpp"
#include "probes/this_kernel.hpp"
#include "record/catcher.hpp"
#include "record/child.hpp"
#include "record/describe.hpp"
#include "record/end_signals.hpp"
#include "record/intake.hpp"
#include "record/own_share.hpp"
#include "record/settle.hpp"
#include "record/sink.hpp"
#include "record/speaker.hpp"
#include "record/summary_mode.hpp"

namespace rcuscope {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Between two looks at the buffers when nothing wakes the recorder.
constexpr auto drain_interval = 50ms;
// The same while the kernel may be about to die; then everything is synced to disk, too. Or while more came than
// what wakes the recorder as the buffers were looked at.
constexpr auto short_interval = 1ms;
// How long what was drained may wait before it is in the file.
constexpr auto flush_interval = 500ms;

// Two ordinary grace periods each: seconds where they are slow.
constexpr int most_settling = 100;

// What a status line is replaced with, on a terminal.
constexpr const char* clear_line = "\r\033[K";

class Recorder {
public:
    explicit Recorder(const RecordRequest& request) : request_(request) {}
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;
    ~Recorder() { clear_status(); }

    Result<RecordOutcome> run();

private:
    Status look();
    Status place();
    Status open_capture();
    Status open_sink();
    Status start_command();
    Status loop();
    Status drain();
    Status drain_and_name();
    Status look_for_triggers();
    void look_for_modules();
    Status compress();
    std::vector<ProbeHits> hits() const;
    Result<SequencesAt> sequences() const;
    RunStats run_stats() const;
    std::string why_to_end();
    Status close();
    Status sum_up(const Trailer& end);
    void show_progress();
    void show(const std::string& what);
    void clear_status();

    bool fills_up() {
        const auto rings = session_->rings();
        return std::any_of(rings.begin(), rings.end(), [](const Ring& ring) { return ring.fills_up(); });
    }
    bool waits_for_command() const { return child_ && !command_status_; }

    const RecordRequest& request_;
    ThisKernel kernel_;
    AttachPlan plan_;
    Metadata metadata_;
    // In this order: what is attached must go before the guard removes what it is attached to.
    std::optional<ProbeGuard> guard_;
    std::optional<PlacedSites> sites_;
    std::optional<BpfSession> session_;
    std::optional<EndSignals> signals_;
    std::optional<Child> child_;
    std::unique_ptr<RecordSink> writer_;
    Catcher* catcher_ = nullptr;     // the same, if it waits for something
    SummaryMode* summary_ = nullptr; // the same, if the kernel counts
    std::optional<CountedRecording> counted_;
    std::optional<Intake> intake_;
    std::vector<std::uint32_t> loads_seen_; // of each followed module
    // By CPU: up to where its ring was sent, and was looked at, and the parts of that which are for the file.
    struct Looked {
        std::uint64_t sent = 0;
        std::uint64_t looked = 0;
        std::vector<std::span<const std::byte>> parts;
    };
    std::vector<Looked> looked_;
    void look_at(std::uint32_t cpu, const Ring& ring, Looked& looked);
    std::optional<Speaker> speaker_;
    Status written_; // the first error of the writer

    std::optional<int> command_status_;
    std::uint64_t drained_ns_ = 0; // up to then the buffers are empty
    Clock::time_point started_;
    std::optional<Clock::time_point> lingering_since_;
    std::uint64_t linger_target_ = 0; // callbacks queued when lingering began
    std::string end_reason_;
    std::vector<ProbeHits> hits_before_; // when the window opened
    Fd measuring_;                       // with --stats, while the window is open
    RunStats stats_before_;
    bool settled_ = false; // what attaching cost was over when the window opened
    SequencesAt before_attaching_;
    SequencesAt opened_;
    CallbackLosses lost_before_; // when the window opened
    bool progress_shown_ = false;
};

Result<RecordOutcome> Recorder::run() {
    // Each step leaves nothing behind if it fails: the destructors undo the ones before it.
    for (auto step : {&Recorder::look, &Recorder::place, &Recorder::open_capture, &Recorder::start_command})
        if (auto done = (this->*step)(); !done) {
            if (writer_)
                writer_->discard();
            return tl::unexpected(done.error());
        }
    if (auto done = loop(); !done)
        return tl::unexpected(done.error());
    if (auto done = close(); !done)
        return tl::unexpected(done.error());
    return RecordOutcome{command_status_, end_reason_, !catcher_ || catcher_->wrote(), std::move(counted_)};
}

// The kernel is known, and lets us in; there is a plan.
Status Recorder::look() {
    kernel_ = look_at_this_kernel();
    if (!kernel_.problems.empty())
        return tl::unexpected(kernel_.problems.front());
    for (const ModuleFile& module : request_.modules) {
        if (module.release != kernel_.host.kernel)
            return fail(ExitCode::bad_input, "cannot follow " + module.path,
                        "it was built for kernel " + module.release + ", this is " + kernel_.host.kernel,
                        "build it against the headers of the running kernel");
        if (::access(("/sys/module/" + module.name).c_str(), F_OK) == 0)
            return fail(ExitCode::bad_input, "cannot follow " + module.name, "it is loaded already",
                        "unload it first (rmmod " + module.name + "): a module is followed from its first instruction");
    }
    PlanRequest wanted;
    wanted.via = request_.via;
    wanted.follow_modules = !request_.modules.empty();
    wanted.follow_functions =
        wanted.follow_modules && (!request_.functions.empty() || !request_.reader_functions.empty());
    plan_ = resolve(request_.summary ? summary_hook_table() : hook_table(), kernel_.offer, wanted);
    if (plan_.programs().empty())
        return fail(ExitCode::cannot_here, "cannot see RCU in this kernel", "none of the hooks can be had",
                    "see why: rcuscope doctor");
    if (request_.summary)
        return check_summary_plan(plan_);
    return {};
}

// Every probe is in place, and those of modules that are not there yet wait for them.
Status Recorder::place() {
    auto signals = EndSignals::take();
    if (!signals)
        return tl::unexpected(signals.error());
    signals_.emplace(std::move(*signals));
    if (!request_.command.empty()) {
        auto child = Child::prepare(request_.command);
        if (!child)
            return tl::unexpected(child.error());
        child_.emplace(std::move(*child));
    }
    show("placing probes");
    std::vector<SiteInfo> wanted;
    for (const ModuleFile& module : request_.modules) {
        const bool calls = plan_.takes("module.functions");
        auto sites =
            sites_of(module, plan_.takes("module.readers"), calls ? request_.functions : std::vector<std::string>(),
                     calls ? request_.readers_of(module.name) : std::vector<std::string>());
        wanted.insert(wanted.end(), sites.begin(), sites.end());
    }
    if (!wanted.empty()) {
        remove_stale_probes(kernel_.tracefs);
        auto guard = ProbeGuard::start(kernel_.tracefs);
        if (!guard)
            return tl::unexpected(guard.error());
        guard_.emplace(std::move(*guard));
        auto placed = place_sites(kernel_.tracefs, probe_group(), wanted);
        if (!placed)
            return tl::unexpected(placed.error());
        sites_ = std::move(*placed);
    }
    SessionConfig config;
    for (const ModuleFile& module : request_.modules)
        config.followed.push_back(module.name);
    config.all_callbacks = request_.all_callbacks;
    config.ring_bytes = request_.ring_bytes;
    config.cpus = kernel_.host.cpus;
    if (request_.summary)
        config.summary =
            SummaryRoom::for_cpus(config.cpus, request_.ring_bytes / sizeof(rs_pending), request_.all_callbacks);
    config.rcu_state_address = kernel_.rcu_state_address;
    config.rcu_data_address = kernel_.rcu_data_address;
    config.per_cpu_offset_address = kernel_.per_cpu_offset_address;
    config.module_notify_list_address = kernel_.module_notify_list_address;
    config.rcu_tasks_address = kernel_.rcu_tasks_address;
    config.rcu_tasks_trace_address = kernel_.rcu_tasks_trace_address;
    config.callbacks_offloaded = kernel_.offer.offloads;
    config.callbacks_lazy = kernel_.lazy_callbacks;
    config.stacks = request_.stacks;
    config.call_rcu_code = kernel_.call_rcu_code;
    config.rcu_barrier_code = kernel_.rcu_barrier_code;
    config.kernel_code = kernel_.kernel_code;
    config.return_handlers = kernel_.return_handlers;
    auto session = BpfSession::load(plan_, config);
    if (!session)
        return tl::unexpected(session.error());
    session_.emplace(std::move(*session));
    auto before = session_->sequences();
    if (!before)
        return tl::unexpected(before.error());
    before_attaching_ = *before;
    if (auto attached = session_->attach(plan_); !attached)
        return attached;
    if (sites_)
        if (auto attached = session_->attach_sites(sites_->sites_event, sites_->returns_event); !attached)
            return attached;
    show("waiting for the grace periods that this costs");
    auto settled = settle([this] { return session_->sequences(); }, pass_grace_periods, most_settling);
    if (!settled)
        return tl::unexpected(settled.error());
    settled_ = *settled;
    return {};
}

// The capture file is there, with everything that is known beforehand.
Status Recorder::open_capture() {
    metadata_.tool_version = request_.tool_version;
    metadata_.host = kernel_.host;
    if (request_.stats) {
        auto measuring = BpfSession::measure_programs();
        if (!measuring)
            return tl::unexpected(measuring.error());
        measuring_ = std::move(*measuring);
        stats_before_ = run_stats();
    }
    hits_before_ = hits();
    metadata_.clocks = {boottime_ns(), monotonic_ns(), realtime_ns()};
    auto opened = sequences();
    if (!opened)
        return tl::unexpected(opened.error());
    opened_ = *opened;
    lost_before_ = session_->lost_callbacks();
    metadata_.start_ns = opened_.ns;
    metadata_.sequences = if_exact(opened_);
    describe(metadata_, request_, plan_);
    if (!settled_)
        metadata_.missing.push_back({"own share",
                                     "which of the first grace periods are the tracer's own: RCU-tasks was "
                                     "not at rest when the recording opened"});
    if (sites_) {
        metadata_.sites = sites_->sites;
        metadata_.missing.insert(metadata_.missing.end(), sites_->refused.begin(), sites_->refused.end());
    }
    if (auto sink = open_sink(); !sink)
        return sink;
    loads_seen_.resize(request_.modules.size());
    intake_.emplace(SymbolCollector(summary_ ? Kallsyms() : std::move(*kernel_.symbols)),
                    UnloadWatch(metadata_.followed, plan_.takes_way(Way::kprobe)), catcher_, metadata_.start_ns);
    speaker_.emplace(STDERR_FILENO);
    return {};
}

Status Recorder::open_sink() {
    if (request_.summary) {
        auto summary = std::make_unique<SummaryMode>(*session_->summary(), request_.modules, *kernel_.symbols);
        summary_ = summary.get();
        writer_ = std::move(summary);
        summary_->open_window();
        return {};
    }
    if (request_.catching) {
        auto catcher = Catcher::create(*request_.catching, request_.capture, metadata_);
        if (!catcher)
            return tl::unexpected(catcher.error());
        catcher_ = catcher->get();
        writer_ = std::move(*catcher);
        return {};
    }
    auto writer = CaptureWriter::create(request_.capture, metadata_);
    if (!writer)
        return tl::unexpected(writer.error());
    writer_ = std::make_unique<FileSink>(std::move(*writer));
    return {};
}

Status Recorder::start_command() {
    clear_status();
    started_ = Clock::now();
    return child_ ? child_->go() : Status();
}

// Names of what the records are about come into the file before them, and what is said before a disk is waited for.
Status Recorder::drain() {
    if (summary_) {
        summary_->look();
        return {};
    }
    drained_ns_ = boottime_ns();
    session_->take_wakeups();
    const auto rings = session_->rings();
    looked_.resize(rings.size());
    for (std::uint32_t cpu = 0; cpu < rings.size(); cpu++)
        looked_[cpu].sent = rings[cpu].end();
    // After that: where a module lies is set before anything of it is sent.
    look_for_modules();
    for (std::uint32_t cpu = 0; cpu < rings.size(); cpu++)
        look_at(cpu, rings[cpu], looked_[cpu]);
    // A file that is written when something came to pass may be over before others come.
    if (const auto names = catcher_ ? intake_->symbols().all_names() : intake_->symbols().names();
        written_ && !names.empty())
        written_ = writer_->symbols(names);
    for (std::uint32_t cpu = 0; cpu < rings.size(); cpu++) {
        if (written_ && !looked_[cpu].parts.empty())
            written_ = writer_->ring(cpu, looked_[cpu].parts);
        if (looked_[cpu].looked != rings[cpu].begin())
            rings[cpu].release(looked_[cpu].looked);
    }
    // The kernel may have milliseconds to live: what led to it goes to the disk while it is said.
    for (const std::string& line : intake_->unloads().say()) {
        speaker_->say((std::exchange(progress_shown_, false) ? clear_line : "") + ("rcuscope: HAZARD: " + line));
        if (catcher_)
            catcher_->hazard(line, drained_ns_);
    }
    if (intake_->must_hold() && written_)
        written_ = writer_->flush(true);
    return written_;
}

// And takes what comes while names are read.
Status Recorder::drain_and_name() {
    for (;; std::this_thread::sleep_for(short_interval)) {
        if (auto drained = drain(); !drained || !intake_->symbols().reads())
            return drained;
        intake_->symbols().hurry();
    }
}

void Recorder::look_at(std::uint32_t cpu, const Ring& ring, Looked& looked) {
    looked.parts.clear();
    looked.looked = ring.begin();
    for (;;) {
        const auto piece = ring.piece(looked.looked, looked.sent);
        const std::uint64_t next = Ring::after(looked.looked, intake_->look(cpu, piece, looked.parts));
        if (std::exchange(looked.looked, next) == next)
            return;
    }
}

void Recorder::look_for_modules() {
    for (std::size_t i = 0; i < loads_seen_.size(); i++) {
        const ModuleCounts counts = session_->module(i);
        if (std::exchange(loads_seen_[i], counts.loaded) == counts.loaded)
            continue;
        const Kallsyms::Code code = session_->module_code(i);
        intake_->unloads().begins(i, code.address, code.size);
    }
}

Status Recorder::look_for_triggers() {
    const CallbackCounts counts = session_->callbacks();
    return catcher_->look(drained_ns_, counts.queued - std::min(counts.queued, counts.done),
                          [this] { return session_->losses(); });
}

// Why the recording is over; empty while it is not.
std::string Recorder::why_to_end() {
    if (catcher_ && !catcher_->end_reason().empty())
        return catcher_->end_reason();
    const auto now = Clock::now();
    if (request_.duration && now - started_ >= *request_.duration)
        return "duration over";
    if (waits_for_command())
        return "";
    const bool by_command = child_ && !request_.until_unload;
    // Counted in the kernel, since the records may be lost.
    bool all_freed = true;
    bool any_loaded = false;
    for (std::size_t i = 0; i < request_.modules.size(); i++) {
        const ModuleCounts counts = session_->module(i);
        all_freed = all_freed && counts.freed > 0;
        any_loaded = any_loaded || counts.loaded > 0;
    }
    const bool by_unload = request_.until_unload && all_freed;
    // A command that failed before it loaded anything: there is nothing to wait for.
    const bool hopeless = request_.until_unload && child_ && *command_status_ != 0 && !any_loaded;
    if (!by_command && !by_unload && !hopeless)
        return "";
    std::string reason = hopeless ? "command failed" : by_command ? "command ended" : "module freed";
    const CallbackCounts counts = session_->callbacks();
    if (!lingering_since_) {
        lingering_since_ = now;
        linger_target_ = counts.queued;
    }
    if (counts.done >= linger_target_)
        return reason;
    if (now - *lingering_since_ >= request_.linger)
        return reason +
               (session_->losses().empty() ? "; callbacks still pending" : "; the end of callbacks was not seen");
    return "";
}

Status Recorder::loop() {
    auto flushed = Clock::now();
    std::array<pollfd, 3> waits{pollfd{signals_->fd(), POLLIN, 0}, pollfd{session_->wakeup_fd(), POLLIN, 0},
                                pollfd{child_ ? child_->ended_fd() : -1, POLLIN, 0}};
    while (end_reason_.empty()) {
        const auto interval = intake_->unloads().in_danger() || fills_up() ? short_interval : drain_interval;
        if (::poll(waits.data(), waits.size(), static_cast<int>(interval / 1ms)) < 0 && errno != EINTR)
            return fail(ExitCode::cannot_here, "cannot wait for events", errno_text(errno));
        if (auto drained = drain(); !drained)
            return drained;
        if (catcher_)
            if (auto looked = look_for_triggers(); !looked)
                return looked;
        if (waits_for_command() && (waits[2].revents & POLLIN)) {
            command_status_ = child_->status();
            waits[2].fd = -1;
        }
        end_reason_ = signals_->came() ? "interrupted" : why_to_end();
        if (Clock::now() - flushed >= flush_interval) {
            if (auto done = writer_->flush(false); !done)
                return done;
            flushed = Clock::now();
        }
        show_progress();
    }
    return {};
}

// One for each hook of the plan that was taken, in its order.
std::vector<ProbeHits> Recorder::hits() const {
    std::vector<ProbeHits> all;
    for (const PlannedHook& planned : plan_.hooks) {
        if (!planned.taken)
            continue;
        ProbeHits hits{std::string(planned.hook->name), std::string(to_text(planned.taken->way)),
                       session_->hits(planned.hook->counter), session_->missed(*planned.taken)};
        if (planned.taken->way == Way::tracefs_kprobe) {
            const bool functions = planned.hook->scope == HookScope::function_sites;
            hits.missed = count_sites(kernel_.tracefs, probe_group(), functions).missed +
                          (functions ? session_->calls_skipped() : 0);
            // Entries of functions are told with the places of readers, if those are there.
            if (functions && !plan_.takes("module.readers"))
                hits.missed += count_sites(kernel_.tracefs, probe_group(), false).missed;
        }
        all.push_back(std::move(hits));
    }
    return all;
}

// At a moment that is exact; a grace period is in cleanup for microseconds, but its thread may wait for a CPU there.
Result<SequencesAt> Recorder::sequences() const {
    constexpr int most = 100;
    auto read = session_->sequences();
    for (int i = 0; read && !read->exact && i < most; i++) {
        std::this_thread::sleep_for(1ms);
        read = session_->sequences();
    }
    return read;
}

std::uint64_t nanoseconds(const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_usec) * 1'000;
}

RunStats Recorder::run_stats() const {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return {session_->program_runs(), nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime)};
}

// Probes out, the rest of the buffers in, the end of the file written.
Status Recorder::close() {
    auto closed = sequences();
    if (!closed)
        return tl::unexpected(closed.error());
    intake_->close_window(closed->ns);
    if (summary_)
        summary_->close_window();
    const CallbackLosses lost = session_->lost_callbacks();
    Trailer end{closed->ns, end_reason_, command_status_, hits(), {}, if_exact(*closed)};
    if (request_.stats)
        end.stats = grown(run_stats(), stats_before_);
    end.lost_callbacks = {lost.queued - lost_before_.queued, lost.invoked - lost_before_.invoked,
                          lost.done - lost_before_.done};
    measuring_.reset();
    for (std::size_t i = 0; i < end.hits.size(); i++) {
        end.hits[i].hits -= hits_before_[i].hits;
        end.hits[i].missed -= hits_before_[i].missed;
    }
    // Probes' trampolines have names as long as they are there.
    if (auto drained = drain_and_name(); !drained)
        return drained;
    show("removing probes");
    session_->detach();
    if (auto drained = drain_and_name(); !drained)
        return drained;
    end.lost = session_->losses();
    if (guard_)
        if (auto removed = guard_->finish(); !removed)
            return removed;
    auto after = session_->sequences();
    if (!after)
        return tl::unexpected(after.error());
    end.own_share = own_share(before_attaching_, opened_, *closed, *after);
    if (summary_)
        if (auto summed = sum_up(end); !summed)
            return summed;
    session_.reset();
    return writer_->finish(end).and_then([this] { return compress(); });
}

// Nothing is lost if that fails, or is interrupted.
Status Recorder::compress() {
    const auto began = Clock::now();
    const Status done = writer_->compress([&](double share) {
        if (Clock::now() - began >= 2s)
            show("compressing the recording: " + std::to_string(static_cast<int>(share * 100)) +
                 " % (Ctrl-C leaves it)");
        return !signals_->came();
    });
    clear_status();
    if (!done)
        speaker_->say("rcuscope: the recording is complete, but larger than it need be: " + done.error().what + ": " +
                      done.error().why);
    return {};
}

// While the programs' maps are there.
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

// The status line, on a terminal only. Placing and removing probes can take seconds, too.
void Recorder::show(const std::string& what) {
    if (!request_.progress)
        return;
    std::cerr << clear_line << what << std::flush;
    progress_shown_ = true;
}

// Before anything else is written to the terminal.
void Recorder::clear_status() {
    if (progress_shown_)
        std::cerr << clear_line << std::flush;
    progress_shown_ = false;
}

void Recorder::show_progress() {
    const auto running = Clock::now() - started_;
    if (running < 2s)
        return;
    const CallbackCounts counts = session_->callbacks();
    show("recording " + std::to_string(running / 1s) + " s: " + std::to_string(counts.queued) + " callbacks queued, " +
         std::to_string(counts.done) + " done, " + std::to_string(writer_->bytes() / 1024) + " KiB" +
         (lingering_since_ ? "; waiting for pending callbacks" : "") + " (Ctrl-C ends)");
}

} // namespace

Result<RecordOutcome> record(const RecordRequest& request) {
    return Recorder(request).run();
}

} // namespace rcuscope
