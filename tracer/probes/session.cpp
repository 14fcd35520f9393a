// SPDX-License-Identifier: BSD-2-Clause
#include "probes/session.hpp"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <limits>
#include <linux/perf_event.h>
#include <set>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.hpp"
#include "control.h"
#include "probes/cpu_losses.hpp"
#include "summary_layout.h"
// Must come after the headers that define the types it uses.
#include "rcuscope.skel.h"

namespace rcuscope {

static_assert(max_followed == RS_MAX_FOLLOWED);

namespace {

// libbpf's warnings so far. They become part of the next error message.
std::string& libbpf_words() {
    static std::string words;
    return words;
}

int keep_libbpf_words(libbpf_print_level level, const char* format, va_list args) {
    if (level != LIBBPF_WARN)
        return 0;
    va_list again;
    va_copy(again, args);
    const int size = std::vsnprintf(nullptr, 0, format, args);
    std::string line(size > 0 ? static_cast<std::size_t>(size) + 1 : 0, '\0');
    std::vsnprintf(line.data(), line.size(), format, again);
    va_end(again);
    if (!line.empty())
        line.pop_back(); // the terminating zero
    libbpf_words() += line;
    return 0;
}

// The last lines of libbpf's warnings: the verifier's log may be long, and its end gives the reason.
std::string last_words() {
    constexpr std::size_t limit = 12;
    const auto lines = split_lines(libbpf_words());
    std::string text;
    for (std::size_t i = lines.size() > limit ? lines.size() - limit : 0; i < lines.size(); i++)
        text += "\n    " + std::string(lines[i]);
    return text;
}

tl::unexpected<Error> cannot(const std::string& what, int error_number) {
    return fail(ExitCode::cannot_here, what, errno_text(error_number) + last_words(),
                "try another way of observation (--via kprobe, --via fentry), and run rcuscope doctor");
}

// The program that libbpf's warnings say the kernel refused, and the kernel's reason; empty if they say neither.
std::pair<std::string, std::string> refused_program() {
    constexpr std::string_view begin = "libbpf: prog '";
    constexpr std::string_view failed = "': failed to load";
    constexpr std::string_view end_of_log = "processed "; // N insns: the verifier's reason is in the line before
    std::string reason;
    std::string_view before;
    for (const std::string_view line : split_lines(libbpf_words())) {
        if (const std::size_t at = line.find(failed); line.starts_with(begin) && at != std::string_view::npos)
            return {std::string(line.substr(begin.size(), at - begin.size())), reason};
        if (line.starts_with(end_of_log))
            reason = before;
        before = line;
    }
    return {};
}

// None: the program is not loaded.
std::optional<bpf_prog_info> info_of(const bpf_program* program) {
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    const int fd = bpf_program__fd(program);
    if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
        return std::nullopt;
    return info;
}

struct LinkCloser {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, LinkCloser>;

} // namespace

struct BpfSession::Impl {
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        links.clear();
        summary.reset();
        rcuscope_bpf::destroy(skeleton);
    }

    bpf_program* program(std::string_view name) const {
        return bpf_object__find_program_by_name(skeleton->obj, std::string(name).c_str());
    }

    Status attach_to_event(const char* name, std::uint64_t event);

    rcuscope_bpf* skeleton = nullptr;
    std::optional<MappedMemory> states;   // rs_cpu of each CPU
    std::optional<MappedMemory> segments; // the memory of all rings
    std::vector<Ring> rings;              // by CPU
    std::optional<Doorbell> doorbell;
    std::vector<Link> links;
    std::uint32_t cpus = 0;
    std::optional<SummaryMaps> summary;

    Status load(const AttachPlan& plan, const ThisKernel& kernel, const SessionConfig& config);
    Status map_states();
    Status make_rings(const SessionConfig& config);
    Status size_summary(const SummarySizes& room);
    Status map_summary(const SummarySizes& room);
    Status attach(const AttachPlan& plan);
    // The shared memory itself: the programs go on counting in it.
    std::span<rs_cpu> cpu_states() const { return {reinterpret_cast<rs_cpu*>(states->bytes().data()), cpus}; }

    // The sum over all CPUs.
    template <typename Count>
    std::uint64_t sum(Count count) const {
        std::uint64_t total = 0;
        for (const volatile rs_cpu& state : cpu_states())
            total += count(state);
        return total;
    }
};

Status BpfSession::Impl::load(const AttachPlan& plan, const ThisKernel& kernel, const SessionConfig& config) {
    skeleton = rcuscope_bpf::open();
    if (!skeleton)
        return cannot("cannot read the BPF programs", errno);
    bpf_program* each = nullptr;
    const auto wanted = plan.programs();
    while ((each = bpf_object__next_program(skeleton->obj, each)) != nullptr)
        bpf_program__set_autoload(each, wanted.contains(bpf_program__name(each)));
    bpf_program__set_autoload(skeleton->progs.read_sequences, true);

    auto& fixed = *skeleton->rodata;
    fixed.followed_count = static_cast<__u32>(config.followed.size());
    fixed.all_callbacks = config.all_callbacks;
    fixed.rcu_by_kprobe = plan.takes("callback.invoked", Way::kprobe);
    fixed.rcu_state_address = kernel.rcu_state_address;
    fixed.rcu_data_address = kernel.rcu_data_address;
    fixed.per_cpu_offset_address = kernel.per_cpu_offset_address;
    fixed.tick_sched_address = kernel.tick_sched_address;
    fixed.ticks_stop_while_busy = kernel.ticks_stop_while_busy;
    fixed.switch_tells_state = kernel.switch_tells_state;
    fixed.rcu_tasks_address = kernel.rcu_tasks_address;
    fixed.rcu_tasks_trace_address = kernel.rcu_tasks_trace_address;
    fixed.module_notify_list_address = kernel.module_notify_list_address;
    fixed.delete_module_code = {kernel.delete_module_code.address, kernel.delete_module_code.size};
    fixed.init_freed_known = plan.takes("module.init_freed");
    fixed.callbacks_offloaded = kernel.offer.offloads;
    fixed.callbacks_lazy = kernel.lazy_callbacks;
    fixed.stacks_wanted = config.stacks;
    fixed.call_rcu_code = {kernel.call_rcu_code.address, kernel.call_rcu_code.size};
    fixed.rcu_barrier_code = {kernel.rcu_barrier_code.address, kernel.rcu_barrier_code.size};
    fixed.kernel_code = {kernel.kernel_code.address, kernel.kernel_code.size};
    for (std::size_t i = 0; i < std::min(kernel.return_handlers.size(), std::size(fixed.return_handlers)); i++)
        fixed.return_handlers[i] = {kernel.return_handlers[i].address, kernel.return_handlers[i].size};
    cpus = kernel.host.cpus;
    fixed.cpu_limit = cpus;
    bpf_map__set_max_entries(skeleton->maps.cpus, cpus);
    if (config.summary) {
        if (auto sized = size_summary(*config.summary); !sized)
            return sized;
        // No records are sent: the code that uses these maps never runs.
        for (bpf_map* map : {skeleton->maps.segments, skeleton->maps.doorbell})
            bpf_map__set_autocreate(map, false);
    } else {
        fixed.rs_ring_bytes = config.ring_bytes;
        fixed.rs_ring_segments = Ring::segments_for(config.ring_bytes);
        bpf_map__set_max_entries(skeleton->maps.segments, cpus * fixed.rs_ring_segments);
    }
    if (const int error = rcuscope_bpf::load(skeleton); error)
        return cannot("the kernel rejected the BPF programs", -error);
    for (std::uint32_t i = 0; i < config.followed.size(); i++) {
        rs_name name{};
        config.followed[i].copy(name.text, sizeof(name.text) - 1);
        if (bpf_map__update_elem(skeleton->maps.followed_names, &name, sizeof(name), &i, sizeof(i), BPF_ANY))
            return cannot("cannot name " + config.followed[i] + " as followed in the programs", errno);
    }
    return {};
}

Status BpfSession::Impl::size_summary(const SummarySizes& room) {
    if (room.pending > std::numeric_limits<std::uint32_t>::max() / cpus)
        return fail(ExitCode::bad_input,
                    "cannot make room for " + std::to_string(room.pending) + " callbacks of each CPU",
                    "a BPF map holds less than 4294967296 entries, and there are " + std::to_string(cpus) + " CPUs",
                    "use a smaller --buffer");
    if (cpus > std::size(skeleton->bss->summary_cpus))
        return fail(ExitCode::cannot_here,
                    "cannot count on more than " + std::to_string(std::size(skeleton->bss->summary_cpus)) + " CPUs",
                    "there may be " + std::to_string(cpus), "record with --mode events");
    auto& fixed = *skeleton->rodata;
    fixed.summary_wanted = true;
    fixed.summary_slots = room.slots;
    fixed.summary_bucket_copies = room.copies;
    const auto& maps = skeleton->maps;
    bpf_map__set_max_entries(maps.summary_pending, cpus * room.pending);
    bpf_map__set_max_entries(maps.summary_tallies, cpus * room.slots);
    bpf_map__set_max_entries(maps.summary_buckets, room.copies * room.slots);
    return {};
}

Status BpfSession::Impl::map_summary(const SummarySizes& room) {
    const auto& maps = skeleton->maps;
    auto mapped = SummaryMaps::map({bpf_map__fd(maps.summary_functions), bpf_map__fd(maps.summary_sections),
                                    bpf_map__fd(maps.summary_pending), bpf_map__fd(maps.summary_tallies),
                                    bpf_map__fd(maps.summary_buckets), bpf_map__fd(maps.summary_periods)},
                                   {&skeleton->bss->summary_open, &skeleton->bss->summary_epoch,
                                    &skeleton->bss->summary_slots_used, std::span(skeleton->bss->summary_cpus, cpus)},
                                   room);
    if (!mapped)
        return tl::unexpected(mapped.error());
    summary.emplace(std::move(*mapped));
    return {};
}

Status BpfSession::Impl::map_states() {
    auto mapped = MappedMemory::map(bpf_map__fd(skeleton->maps.cpus), sizeof(rs_cpu) * cpus);
    if (!mapped)
        return tl::unexpected(mapped.error());
    states.emplace(std::move(*mapped));
    return {};
}

Status BpfSession::Impl::make_rings(const SessionConfig& config) {
    const std::size_t each = sizeof(rs_segment) * Ring::segments_for(config.ring_bytes);
    auto mapped = MappedMemory::map(bpf_map__fd(skeleton->maps.segments), each * cpus);
    if (!mapped)
        return tl::unexpected(mapped.error());
    segments.emplace(std::move(*mapped));
    auto bell = Doorbell::map(bpf_map__fd(skeleton->maps.doorbell));
    if (!bell)
        return tl::unexpected(bell.error());
    doorbell.emplace(std::move(*bell));
    for (std::uint32_t cpu = 0; cpu < cpus; cpu++) {
        rs_ring& ring = cpu_states()[cpu].ring;
        ring.first_segment = cpu * Ring::segments_for(config.ring_bytes);
        rings.emplace_back(ring, segments->bytes().subspan(each * cpu, each), config.ring_bytes);
    }
    return {};
}

Status BpfSession::Impl::attach(const AttachPlan& plan) {
    std::set<std::string_view> attached;
    for (const PlannedHook& planned : plan.hooks) {
        if (!planned.taken)
            continue;
        for (const Program& wanted : planned.taken->programs) {
            if (!wanted.of_kernel() || !attached.insert(wanted.name).second)
                continue;
            Link link(bpf_program__attach(program(wanted.name)));
            if (!link)
                return cannot(wanted.function.empty() ? "cannot attach to tracepoint " + std::string(wanted.tracepoint)
                                                      : "cannot attach to " + std::string(wanted.function) + "()",
                              errno);
            links.push_back(std::move(link));
        }
    }
    return {};
}

Status BpfSession::Impl::attach_to_event(const char* name, std::uint64_t event) {
    perf_event_attr attr{};
    attr.size = sizeof(attr);
    attr.type = PERF_TYPE_TRACEPOINT;
    attr.config = event;
    attr.sample_period = 1;
    attr.wakeup_events = 1;
    // The program runs on the CPU that hits the probe, whichever CPU the event is opened for.
    Fd opened(static_cast<int>(::syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
    if (!opened)
        return cannot("cannot open the kprobe event of " + std::string(name), errno);
    Link link(bpf_program__attach_perf_event(program(name), opened.get()));
    if (!link)
        return cannot("cannot attach " + std::string(name), errno);
    (void)opened.release(); // the link owns it now
    links.push_back(std::move(link));
    return {};
}

BpfSession::BpfSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BpfSession::BpfSession(BpfSession&&) noexcept = default;
BpfSession& BpfSession::operator=(BpfSession&&) noexcept = default;
BpfSession::~BpfSession() = default;

Result<std::map<std::string, ProgramNeeds>> needs_of_programs() {
    std::size_t size = 0;
    const auto* bytes = static_cast<const std::byte*>(rcuscope_bpf::elf_bytes(&size));
    return read_program_needs({bytes, size});
}

tl::expected<BpfSession, LoadFailure> BpfSession::load(const AttachPlan& plan, const ThisKernel& kernel,
                                                       const SessionConfig& config) {
    libbpf_set_print(keep_libbpf_words);
    libbpf_words().clear();
    auto impl = std::make_unique<Impl>();
    if (auto loaded = impl->load(plan, kernel, config); !loaded) {
        auto [program, why] = refused_program();
        return tl::unexpected(LoadFailure{loaded.error(), std::move(program), std::move(why)});
    }
    const Status made = impl->map_states().and_then(
        [&] { return config.summary ? impl->map_summary(*config.summary) : impl->make_rings(config); });
    if (!made)
        return tl::unexpected(LoadFailure{made.error(), {}, {}});
    return BpfSession(std::move(impl));
}

Status BpfSession::attach(const AttachPlan& plan) {
    return impl_->attach(plan);
}

Status BpfSession::attach_sites(const PlacedSites& sites) {
    for (const auto& [program, event] :
         {std::pair{"site_kprobe", sites.sites_event}, std::pair{"site_kretprobe", sites.returns_event},
          std::pair{"site_left_kprobe", sites.leaves_event}, std::pair{"jump_kprobe", sites.jumps_event}})
        if (event)
            if (auto attached = impl_->attach_to_event(program, *event); !attached)
                return attached;
    return {};
}

void BpfSession::detach() {
    impl_->links.clear();
}

SummaryMaps* BpfSession::summary() const {
    return impl_->summary ? &*impl_->summary : nullptr;
}

int BpfSession::wakeup_fd() const {
    return impl_->doorbell ? impl_->doorbell->fd() : -1;
}

void BpfSession::take_wakeups() {
    impl_->doorbell->silence();
}

std::span<Ring> BpfSession::rings() {
    return impl_->rings;
}

Result<SequencesAt> BpfSession::sequences() const {
    rs_sequences read{};
    bpf_test_run_opts options{};
    options.sz = sizeof(options);
    options.ctx_in = &read;
    options.ctx_size_in = sizeof(read);
    if (const int error = bpf_prog_test_run_opts(bpf_program__fd(impl_->skeleton->progs.read_sequences), &options);
        error)
        return cannot("cannot read RCU's sequence numbers", -error);
    return SequencesAt{
        read.ns, {read.gp_seq, read.expedited_seq}, read.exact != 0, {read.tasks_seq, read.tasks_trace_seq}};
}

CallbackCounts BpfSession::callbacks() const {
    if (impl_->summary)
        return impl_->summary->counts();
    // Programs on other CPUs go on counting. `done` is read first, so that it never exceeds `queued`.
    const volatile auto* shared = impl_->skeleton->bss;
    CallbackCounts counts;
    counts.done = shared->followed_done;
    counts.done = std::max<std::uint64_t>(counts.done, shared->followed_finished);
    counts.queued = shared->followed_queued;
    return counts;
}

ModuleCounts BpfSession::module(std::size_t followed) const {
    const volatile auto* shared = impl_->skeleton->bss;
    return {shared->followed_loaded[followed], shared->followed_freed[followed]};
}

Kallsyms::Code BpfSession::module_code(std::size_t followed) const {
    const volatile auto& core = impl_->skeleton->bss->followed_code[followed].core;
    return {core.start, core.size};
}

std::uint64_t BpfSession::hits(unsigned counter) const {
    return impl_->sum([counter](const volatile rs_cpu& state) -> std::uint64_t { return state.hits[counter]; });
}

std::uint64_t BpfSession::missed(const Alternative& alternative) const {
    std::uint64_t sum = 0;
    for (const Program& each : alternative.programs)
        if (const auto info = info_of(impl_->program(each.name)))
            sum += info->recursion_misses;
    return sum;
}

Result<Fd> BpfSession::measure_programs() {
    Fd measuring(bpf_enable_stats(BPF_STATS_RUN_TIME));
    if (!measuring)
        return fail(ExitCode::cannot_here, "cannot measure the run time of BPF programs", errno_text(errno),
                    "record without --stats");
    return measuring;
}

std::vector<ProgramRuns> BpfSession::program_runs() const {
    std::vector<ProgramRuns> all;
    bpf_program* each = nullptr;
    while ((each = bpf_object__next_program(impl_->skeleton->obj, each)) != nullptr)
        if (const auto info = info_of(each); info && each != impl_->skeleton->progs.read_sequences)
            all.push_back({bpf_program__name(each), bpf_program__section_name(each), info->run_cnt, info->run_time_ns});
    return all;
}

std::uint64_t BpfSession::calls_skipped() const {
    return impl_->sum([](const volatile rs_cpu& state) -> std::uint64_t { return state.calls_skipped; });
}

std::uint64_t BpfSession::refused() const {
    return impl_->sum([](const volatile rs_cpu& state) -> std::uint64_t { return state.refused; });
}

CallbackLosses BpfSession::lost_callbacks() const {
    CallbackLosses lost;
    for (const volatile rs_cpu& state : impl_->cpu_states()) {
        lost.queued += state.lost_callbacks.queued;
        lost.invoked += state.lost_callbacks.invoked;
        lost.done += state.lost_callbacks.done;
    }
    return lost;
}

std::vector<CpuLoss> BpfSession::losses() const {
    return losses_of(impl_->cpu_states());
}

} // namespace rcuscope
