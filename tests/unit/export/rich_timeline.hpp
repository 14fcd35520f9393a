// SPDX-License-Identifier: BSD-2-Clause
//
// A timeline and findings with an example of everything, for all tests of the exporters.
#pragma once

#include <cstdint>

#include "analysis/analysed.hpp"

namespace rcuscope::test {

inline CodeLocation in_module(const char* function, std::uint64_t offset = 0) {
    return {.address = 0xffffffffc0a00000 + offset, .function = function, .module = "rcucmap", .offset = offset};
}

inline CodeLocation in_kernel(const char* function, std::uint64_t offset = 0) {
    return {.address = 0xffffffff81000000 + offset, .function = function, .module = "", .offset = offset};
}

inline void add_capture(Timeline& timeline) {
    timeline.host = {.kernel = "6.1.0-25-amd64",
                     .machine = "x86_64",
                     .cpus = 4,
                     .hz = 250,
                     .preempt_rcu = true,
                     .rcu_trace = false,
                     .clock = "boottime",
                     .settings = {{"cpus_online", "4"}, {"preemption", "voluntary"}, {"virtualization", "KVM"}}};
    CaptureSummary& capture = timeline.capture;
    capture.start_boottime_ns = 5'000'000'000;
    capture.clocks = {
        .boottime_ns = 4'999'000'000, .monotonic_ns = 4'899'000'000, .realtime_ns = 1'700'000'000'123'456'789};
    capture.end = 10'000'000;
    capture.complete = true;
    capture.end_reason = "command ended";
    capture.command = {"insmod", "rcucmap.ko"};
    capture.command_status = 0;
    capture.followed = {"rcucmap"};
    capture.probes = {{.hook = "gp.start", .via = "kprobe", .hits = 7, .missed = 1},
                      {.hook = "cb.queued", .via = "fentry", .hits = {}, .missed = 0}};
    capture.sequences_at_start = RcuSequences{.gp_seq = 25, .expedited_seq = 4};
    capture.sequences_at_end = RcuSequences{.gp_seq = 33, .expedited_seq = 12};
    capture.own_share = OwnShare{.attach_ns = 41'000'000,
                                 .attach_grace_periods = 3,
                                 .attach_expedited = 0,
                                 .detach_ns = 80'000'000,
                                 .detach_grace_periods = 5,
                                 .detach_expedited = 1};
    capture.stats =
        RunStats{.programs = {{.program = "gp_init_fentry", .place = "fentry/rcu_gp_init", .runs = 7, .ns = 2'100}},
                 .recorder_cpu_ns = 3'000'000};
    capture.missing = {{.hook = "cb.assigned", .why = "this kernel has no function to attach to"}};
    capture.lost = {{.cpu = 1, .from = 7'000'000, .to = 7'500'000, .count = 12},
                    {.cpu = 2, .from = 7'200'000, .to = 7'900'000, .count = 3}};
}

inline void add_modules(Timeline& timeline) {
    ModuleLife whole;
    whole.name = "rcucmap";
    whole.followed = true;
    whole.loaded = 100'000;
    whole.init_done = 200'000;
    whole.exit = 8'000'000;
    whole.exit_done = 8'500'000;
    whole.unprobing = 8'500'100;
    whole.unprobed = 8'500'400;
    whole.free_begin = 8'600'000;
    whole.freed = 8'700'000;
    whole.pending_at_exit = 2;
    whole.pending_at_free = 2;
    whole.pending_at_freed = 1;
    whole.refusals = {{.at = 7'000'000, .error = -11}};
    whole.references = {
        {.at = 6'900'000,
         .taken = true,
         .count = 2,
         .cpu = 1,
         .tid = 900,
         .comm = "insmod",
         .caller = in_module("cmap_open", 0x31)},
        {.at = 7'100'000, .taken = false, .count = 1, .cpu = 0, .tid = 15, .comm = "rcuop/0", .caller = {}}};
    ModuleLife failed;
    failed.name = "rcubad";
    failed.followed = false;
    failed.loaded = 300'000;
    failed.init_done = 400'000;
    failed.init_error = -12;
    failed.free_begin = 450'000;
    failed.freed = 460'000;
    ModuleLife old; // loaded before the recording
    old.name = "old";
    old.followed = false;
    old.free_begin = 9'000'000;
    timeline.modules = {whole, failed, old};
}

inline void add_grace_periods(Timeline& timeline) {
    GracePeriod before; // it began before the recording
    before.id = 1;
    before.flavor = "rcu";
    before.gp_seq = -355;
    before.end = 500'000;
    before.cleaned = 550'000;
    GracePeriod usual;
    usual.id = 2;
    usual.flavor = "rcu";
    usual.gp_seq = -351;
    usual.start = 1'000'000;
    usual.start_uncertainty = 20'000;
    usual.end = 4'000'000;
    usual.cleaned = 4'100'000;
    usual.requested = 900'000;
    usual.scans = 3;
    usual.first_scan = 1'800'000;
    usual.quiescent_states = {
        {.at = 1'100'000, .kind = event::QuiescentKind::self, .cpus = {0}, .last = false, .blocked_readers = false},
        {.at = 3'900'000, .kind = event::QuiescentKind::scan, .cpus = {1, 2}, .last = true, .blocked_readers = true}};
    usual.preempted_readers = {{.at = 1'800'500, .tid = 501, .comm = "rcucmap_reader", .boosted = true}};
    usual.busy_cpus = {
        {.at = 1'900'000,
         .cpu = 1,
         .tid = 501,
         .comm = "rcucmap_reader",
         .stack = {{.address = 0xffffffffc0001040, .function = "cmap_get", .module = "rcucmap", .offset = 8},
                   {.address = 0xffffffff81000040, .function = "kthread", .module = "", .offset = 4}}},
        {.at = 3'800'000, .cpu = 2, .tid = 900, .comm = "insmod", .no_tick = 25'000'000}};
    GracePeriod fast;
    fast.id = 3;
    fast.flavor = "rcu";
    fast.expedited = true;
    fast.gp_seq = 1205;
    fast.start = 2'000'000;
    fast.end = 2'050'000;
    GracePeriod open;
    open.id = 4;
    open.flavor = "rcu";
    open.gp_seq = -347;
    open.start = 9'000'000;
    timeline.grace_periods = {before, usual, fast, open};
}

// A section on each side of a call's end, and one section within the other.
inline void add_readers(Timeline& timeline) {
    timeline.tasks = {{.tid = 15, .tgid = 15, .comm = "rcuop/0", .kthread = true},
                      {.tid = 812, .tgid = 812, .comm = "reader", .kthread = true},
                      {.tid = 900, .tgid = 899, .comm = "insmod", .kthread = false}};
    timeline.read_sections = {
        {.tid = 812, .comm = "reader", .cpu = 2, .begin = -5'000, .end = 10'000, .place = in_module("reader", 0x8)},
        {.tid = 812,
         .comm = "reader",
         .cpu = 2,
         .begin = 1'100'000,
         .end = 1'900'000,
         .place = in_module("cmap_get", 0x24),
         .off_cpu = {{.at = 1'210'000, .until = 1'220'000, .voluntary = false},
                     {.at = 1'400'000, .until = 1'500'000, .voluntary = true}}},
        {.tid = 812,
         .comm = "reader",
         .cpu = 2,
         .begin = 1'200'000,
         .end = 1'300'000,
         .place = in_module("cmap_peek", 0x10),
         .nesting = 1,
         .off_cpu = {{.at = 1'210'000, .until = 1'220'000, .voluntary = false, .lock = true}}},
        // Overlaps the previous section without nesting: the locks were released out of order.
        {.tid = 812,
         .comm = "reader",
         .cpu = 2,
         .begin = 1'800'000,
         .end = 2'100'000,
         .place = in_module("cmap_get", 0x24),
         .nesting = 1},
        // A call that --reader-function makes a section.
        {.tid = 812,
         .comm = "reader",
         .cpu = 2,
         .begin = 2'200'000,
         .end = 2'300'000,
         .place = in_module("cmap_set"),
         .by = SectionBy::function},
        {.tid = 812,
         .comm = "reader",
         .cpu = 3,
         .begin = 9'500'000,
         .end = {},
         .place = in_module("cmap_get", 0x24),
         .off_cpu = {{.at = 9'600'000, .until = {}, .voluntary = false}}},
        // The task ended within the section.
        {.tid = 815,
         .comm = "leaver",
         .cpu = 3,
         .begin = 9'700'000,
         .end = {},
         .place = in_module("cmap_get", 0x24),
         .left = SectionLeft::task_ended,
         .left_at = 9'800'000}};
}

inline void add_calls(Timeline& timeline) {
    timeline.function_calls = {
        {.function = in_module("cmap_get"),
         .tid = 812,
         .comm = "reader",
         .cpu = 2,
         .begin = 1'050'000,
         .end = 1'850'000},
        {.function = in_module("cmap_set"), .tid = 900, .comm = "insmod", .cpu = 0, .begin = 600'000, .end = 700'000},
        {.function = in_module("cmap_exit"), .tid = 900, .comm = "insmod", .cpu = 0, .begin = 8'000'000, .end = {}}};
    timeline.kvfree_calls = {{.at = 640'000,
                              .cpu = 0,
                              .tid = 900,
                              .comm = "insmod",
                              .caller = in_module("cmap_set", 0x30),
                              .object = 0xffff888100000700,
                              .stack = 0},
                             {.at = 645'000, .cpu = 3, .tid = 812, .comm = "reader", .caller = {}, .headless = true}};
    timeline.stacks = {{in_module("cmap_set", 0x30), in_kernel("do_one_initcall", 0x59)},
                       {in_kernel("free_module", 0x40), {.address = 0xffffffffc0ffee10}}};
    timeline.waits = {{.kind = event::WaitKind::synchronize_rcu_expedited,
                       .tid = 900,
                       .comm = "insmod",
                       .caller = in_kernel("free_module", 0x40),
                       .begin = 1'990'000,
                       .end = 2'060'000,
                       .stack = 1},
                      {.kind = event::WaitKind::rcu_barrier,
                       .tid = 900,
                       .comm = "insmod",
                       .caller = {},
                       .begin = 8'100'000,
                       .end = {}}};
}

inline Callback queued(std::uint32_t id, Nanoseconds at, CallbackState state) {
    Callback callback;
    callback.id = id;
    callback.function = in_module("node_free");
    callback.caller = in_module("cmap_set", 0x12);
    callback.head = 0xffff888100000000 + std::uint64_t{id} * 0x40;
    callback.queued = at;
    callback.queued_tid = 900;
    callback.queued_comm = "insmod";
    callback.state = state;
    return callback;
}

inline void add_callbacks(Timeline& timeline) {
    Callback first = queued(1, 610'000, CallbackState::done);
    first.invoked = 4'210'000;
    first.done = 4'220'000;
    first.invoked_cpu = 0;
    first.context = InvocationContext::softirq;
    first.grace_period = 2;
    Callback second = first;
    second.id = 2;
    second.queued = 620'000;
    second.invoked = 4'230'000;
    second.done = 4'240'000;
    Callback kernels = queued(3, 650'000, CallbackState::done); // its grace period is unknown
    kernels.function = in_kernel("i_callback");
    kernels.caller = PooledLocation();
    kernels.queued_tid = 0;
    kernels.queued_comm = "swapper/1";
    kernels.queued_cpu = 1;
    kernels.invoked = 4'300'000;
    kernels.done = 4'310'000;
    kernels.invoked_cpu = 1;
    kernels.context = InvocationContext::rcuo;
    Callback cut = queued(4, 700'000, CallbackState::unknown); // its return was not seen
    cut.invoked = 4'250'000;
    cut.invoked_cpu = 0;
    cut.context = InvocationContext::softirq;
    cut.grace_period = 2;
    Callback lost = queued(5, 6'900'000, CallbackState::unknown);
    lost.lazy = true;
    lost.stack = 0;
    Callback pending = queued(6, 7'950'000, CallbackState::pending);
    pending.function = {.address = 0xffffffffc0ffee00, .function = "", .module = "", .offset = 0};
    timeline.callbacks = {first, second, kernels, cut, lost, pending};
    timeline.batches = {{.cpu = 0,
                         .list_cpu = 0,
                         .tid = 812,
                         .context = InvocationContext::softirq,
                         .begin = 4'200'000,
                         .end = 4'260'000,
                         .callbacks = 3},
                        {.cpu = 1,
                         .list_cpu = 3,
                         .tid = 15,
                         .context = InvocationContext::rcuo,
                         .begin = 4'290'000,
                         .end = 4'320'000,
                         .callbacks = 1},
                        {.cpu = 1,
                         .list_cpu = 1,
                         .tid = 0,
                         .context = InvocationContext::unknown,
                         .begin = 9'990'000,
                         .end = {},
                         .callbacks = 0}};
}

inline Analysis rich_findings(const Timeline& timeline) {
    Analysis found = analyse(timeline, {}); // numbers, releases and backlogs
    found.hazards = {{.kind = "freed-with-pending-callbacks",
                      .severity = "fatal",
                      .module = "rcucmap",
                      .at = 8'600'000,
                      .callbacks = {5, 6},
                      .text = "rcucmap is freed while 2 of its callbacks are pending: call rcu_barrier() on exit",
                      .life = 0,
                      .from = 8'500'000,
                      .to = 10'000'000},
                     {.kind = "slow-callback",
                      .severity = "warning",
                      .module = "",
                      .at = 4'300'000,
                      .callbacks = {},
                      .text = "a callback of the kernel ran long"},
                     {.kind = "blocked-in-reader",
                      .severity = "warning",
                      .module = "rcucmap",
                      .at = 1'400'000,
                      .callbacks = {},
                      .read_sections = {1},
                      .text = "rcucmap:cmap_get gave up the CPU within 1 read-side section: use SRCU",
                      .life = 0}};
    found.verdicts.assign(timeline.modules.size(), {});
    found.verdicts[0] = {
        .text = "rcucmap: 2 of 6 callbacks had not run when its code was freed: see freed-with-pending-callbacks",
        .late_without_probes = 0};
    found.holders.assign(timeline.grace_periods.size(), std::nullopt);
    const std::vector<CodeLocation>& stack = timeline.grace_periods[1].busy_cpus[0].stack;
    found.holders[1] = {.kind = HolderKind::busy_cpu,
                        .cpu = 1,
                        .tid = 501,
                        .comm = "rcucmap_reader",
                        .place = stack[0],
                        .held = 2'900'000,
                        .stack = stack,
                        .text = "GP -351 took 3 ms: CPU 1, rcucmap_reader (501), in rcucmap:cmap_get",
                        .quiescent_state = 1};
    return found;
}

inline Analysed rich_timeline() {
    Analysed timeline;
    add_capture(timeline);
    add_modules(timeline);
    add_grace_periods(timeline);
    add_readers(timeline);
    add_calls(timeline);
    add_callbacks(timeline);
    timeline.found = rich_findings(timeline);
    return timeline;
}

// Names that an attacker or a damaged kernel could choose.
inline Analysed nasty_timeline() {
    Analysed timeline = rich_timeline();
    timeline.capture.complete = false;
    timeline.capture.command.clear();
    timeline.capture.command_status.reset();
    timeline.host.hz = 0;
    const std::string nasty = "a\"\\</script>\n\t\x01\x7f\xff\xc3(\xed\xa0\x80\xe2\x82";
    timeline.tasks[1].comm = nasty;
    timeline.read_sections[0].comm = nasty;
    timeline.stacks[0][0].function = nasty;
    timeline.callbacks[0].queued_comm = std::string("nul\0inside", 10);
    timeline.callbacks[0].function =
        CodeLocation{.address = timeline.callbacks[0].function->address, .function = nasty, .module = nasty};
    timeline.modules[0].name = nasty;
    timeline.found.hazards[0].text = nasty;
    timeline.capture.missing[0].why = nasty;
    const Analysis numbers = analyse(timeline, {});
    timeline.found.statistics = numbers.statistics;
    timeline.found.backlogs = numbers.backlogs;
    return timeline;
}

} // namespace rcuscope::test
