// SPDX-License-Identifier: BSD-2-Clause
#include "capture/event.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "capture/format.hpp"
#include "wire.h"

namespace rcuscope {
namespace {

// Copies the wire struct from the start of a record. The record may be longer: a later version may append members.
template <typename Wire>
[[gnu::always_inline]] inline bool load(std::span<const std::byte> record, Wire& wire) {
    if (record.size() < sizeof wire)
        return false;
    std::memcpy(&wire, record.data(), sizeof wire);
    return true;
}

template <std::size_t N>
std::optional<std::string> terminated(const char (&text)[N]) {
    const std::size_t length = ::strnlen(text, N);
    if (length == N)
        return std::nullopt;
    return std::string(text, length);
}

std::optional<event::Lost> lost(const rs_lost& wire) {
    return event::Lost{wire.total, wire.from_ns, wire.to_ns};
}

std::optional<event::Task> task(const rs_task& wire) {
    auto comm = terminated(wire.comm);
    if (!comm)
        return std::nullopt;
    return event::Task{wire.tgid, (wire.flags & RS_TASK_KTHREAD) != 0, std::move(*comm)};
}

// The frames of a stack; none if the record claims more than fit.
std::optional<std::vector<std::uint64_t>> stack_frames(const rs_u64 (&stack)[RS_STACK_FRAMES], rs_u32 frames) {
    if (frames > RS_STACK_FRAMES)
        return std::nullopt;
    return std::vector<std::uint64_t>(stack, stack + frames);
}

std::optional<event::Stack> stack(const rs_stack& wire) {
    auto frames = stack_frames(wire.stack, wire.frames);
    if (!frames)
        return std::nullopt;
    return event::Stack{std::move(*frames)};
}

std::optional<event::GpStart> gp_start(const rs_gp_start& wire) {
    return event::GpStart{wire.gp_seq, wire.since_ns, (wire.h.aux & RS_GP_EXPEDITED) != 0};
}

template <typename Body>
std::optional<Body> gp(const rs_gp& wire) {
    return Body{wire.gp_seq, (wire.h.aux & RS_GP_EXPEDITED) != 0};
}

std::optional<event::GpRequested> gp_requested(const rs_gp& wire) {
    return event::GpRequested{wire.gp_seq};
}

std::optional<event::GpQuiescent> gp_quiescent(const rs_gp_quiescent& wire) {
    const unsigned kind = wire.h.aux & ~static_cast<unsigned>(RS_QS_EXPEDITED);
    if (kind > RS_QS_OTHER || wire.first_cpu >= max_cpus)
        return std::nullopt;
    return event::GpQuiescent{static_cast<event::QuiescentKind>(kind),
                              (wire.h.aux & RS_QS_EXPEDITED) != 0,
                              wire.gp_seq,
                              wire.mask,
                              wire.left,
                              wire.first_cpu,
                              wire.blocked != 0};
}

std::optional<event::GpScan> gp_scan(const rs_gp_scan& wire) {
    return event::GpScan{wire.gp_seq, wire.count};
}

std::optional<event::GpBlocked> gp_blocked(const rs_gp_blocked& wire) {
    auto comm = terminated(wire.comm);
    if (!comm || wire.first_cpu >= max_cpus)
        return std::nullopt;
    return event::GpBlocked{(wire.h.aux & RS_GP_EXPEDITED) != 0,
                            wire.gp_seq,
                            wire.tid,
                            wire.first_cpu,
                            std::move(*comm),
                            (wire.h.aux & RS_BLOCKED_LOCK) != 0,
                            (wire.h.aux & RS_BLOCKED_BOOSTED) != 0};
}

std::optional<event::GpSample> gp_sample(const rs_gp_sample& wire) {
    auto frames = stack_frames(wire.stack, wire.frames);
    if (!frames)
        return std::nullopt;
    return event::GpSample{(wire.h.aux & RS_GP_EXPEDITED) != 0, wire.no_tick_us, wire.gp_seq, std::move(*frames)};
}

event::QueueContext queue_context(rs_u16 aux) {
    return static_cast<event::QueueContext>((aux & RS_CONTEXT_MASK) >> RS_CONTEXT_SHIFT);
}

std::optional<event::CbQueued> cb_queued(const rs_cb_queued& wire) {
    return event::CbQueued{.head = wire.head,
                           .func = wire.func,
                           .caller = wire.caller,
                           .lazy = (wire.h.aux & RS_CB_LAZY) != 0,
                           .end_unseen = (wire.h.aux & RS_CB_END_UNSEEN) != 0,
                           .in = queue_context(wire.h.aux),
                           .jumped = (wire.h.aux & RS_CB_JUMPED) != 0};
}

std::optional<event::KvfreeRcu> kvfree(const rs_kvfree& wire) {
    return event::KvfreeRcu{.object = wire.object,
                            .caller = wire.caller,
                            .headless = (wire.h.aux & RS_KVFREE_HEADLESS) != 0,
                            .in = queue_context(wire.h.aux)};
}

std::optional<event::CbAssigned> cb_assigned(const rs_cb_assigned& wire) {
    if (wire.list_cpu >= max_cpus)
        return std::nullopt;
    return event::CbAssigned{.gp_seq = wire.gp_seq, .bypass_ns = wire.bypass_ns, .list_cpu = wire.list_cpu};
}

std::optional<event::CbAssigned> cb_assigned_either(const rs_cb_assigned_either& wire) {
    if (wire.list_cpu >= max_cpus)
        return std::nullopt;
    return event::CbAssigned{.gp_seq = wire.gp_seq,
                             .bypass_ns = wire.bypass_ns,
                             .expedited_seq = wire.expedited_seq,
                             .reassigned_seq = wire.reassigned_seq,
                             .list_cpu = wire.list_cpu,
                             .either = true};
}

std::optional<event::CbInvoked> cb_invoked(const rs_cb& wire) {
    return event::CbInvoked{.head = wire.head, .func = wire.func};
}

std::optional<event::CbDone> cb_done(const rs_cb_done& wire) {
    return event::CbDone{wire.head};
}

std::optional<event::CbInvoked> cb_next(const rs_cb_next& wire) {
    return event::CbInvoked{.head = wire.head, .func = wire.func, .done = wire.done};
}

template <typename Body>
std::optional<Body> batch(const rs_batch& wire) {
    if (wire.list_cpu >= max_cpus)
        return std::nullopt;
    return Body{wire.list_cpu};
}

std::optional<event::WaitKind> wait_kind(rs_u16 aux) {
    switch (aux) {
    case RS_WAIT_SYNCHRONIZE_RCU:
        return event::WaitKind::synchronize_rcu;
    case RS_WAIT_SYNCHRONIZE_RCU_EXPEDITED:
        return event::WaitKind::synchronize_rcu_expedited;
    case RS_WAIT_RCU_BARRIER:
        return event::WaitKind::rcu_barrier;
    default:
        return std::nullopt;
    }
}

std::optional<event::WaitBegin> wait_begin(const rs_wait& wire) {
    const auto kind = wait_kind(wire.h.aux);
    if (!kind)
        return std::nullopt;
    return event::WaitBegin{*kind, wire.caller};
}

std::optional<event::WaitEnd> wait_end(const rs_wait& wire) {
    const auto kind = wait_kind(wire.h.aux);
    if (!kind)
        return std::nullopt;
    return event::WaitEnd{*kind};
}

std::optional<event::Site> site(const rs_site& wire) {
    return event::Site{wire.address, (wire.h.aux & RS_SITE_RETURN) != 0};
}

std::optional<event::ModuleStep> module_step(rs_u16 aux) {
    switch (aux) {
    case RS_MODULE_COMING:
        return event::ModuleStep::coming;
    case RS_MODULE_LIVE:
        return event::ModuleStep::live;
    case RS_MODULE_FAILED:
        return event::ModuleStep::failed;
    case RS_MODULE_FREEING:
        return event::ModuleStep::freeing;
    case RS_MODULE_FREED:
        return event::ModuleStep::freed;
    case RS_MODULE_UNLOADING:
        return event::ModuleStep::unloading;
    case RS_MODULE_EXITED:
        return event::ModuleStep::exited;
    case RS_MODULE_REFUSED:
        return event::ModuleStep::refused;
    case RS_MODULE_INIT_DONE:
        return event::ModuleStep::init_done;
    case RS_MODULE_INIT_FREED:
        return event::ModuleStep::init_freed;
    case RS_MODULE_UNPROBING:
        return event::ModuleStep::unprobing;
    case RS_MODULE_UNPROBED:
        return event::ModuleStep::unprobed;
    default:
        return std::nullopt;
    }
}

std::optional<event::Module> module(const rs_module& wire) {
    const auto step = module_step(wire.h.aux);
    auto name = terminated(wire.name);
    if (!step || !name)
        return std::nullopt;
    return event::Module{*step, std::move(*name), wire.base, wire.size, wire.ret};
}

std::optional<event::ModuleSection> module_section(const rs_module_section& wire) {
    auto module = terminated(wire.module);
    auto section = terminated(wire.section);
    if (!module || !section)
        return std::nullopt;
    return event::ModuleSection{std::move(*module), std::move(*section), wire.address};
}

std::optional<event::ModulePending> module_pending(const rs_module_pending& wire) {
    const auto step = module_step(wire.h.aux);
    auto name = terminated(wire.name);
    if (!step || !name)
        return std::nullopt;
    return event::ModulePending{*step, std::move(*name), wire.pending};
}

std::optional<event::ModuleRef> module_ref(const rs_module_ref& wire) {
    auto name = terminated(wire.name);
    if (!name)
        return std::nullopt;
    return event::ModuleRef{std::move(*name), wire.h.aux != 0, wire.count, wire.caller};
}

std::optional<event::ModuleWoken> module_woken(const rs_module_woken& wire) {
    auto name = terminated(wire.name);
    if (!name)
        return std::nullopt;
    return event::ModuleWoken{.head = wire.head, .name = std::move(*name)};
}

std::optional<event::CacheLeft> cache_left(const rs_cache_left& wire) {
    auto name = terminated(wire.name);
    if (!name)
        return std::nullopt;
    return event::CacheLeft{event::CacheLeft::What{.cache = wire.cache,
                                                   .caller = wire.caller,
                                                   .objects = wire.objects,
                                                   .kvfree_barrier = (wire.h.aux & RS_CACHE_KVFREE_BARRIER) != 0,
                                                   .name = std::move(*name)}};
}

std::optional<event::CacheSlab> cache_slab(const rs_cache_slab& wire) {
    if (wire.object_size == 0 || wire.in_use > wire.objects)
        return std::nullopt;
    return event::CacheSlab{event::CacheSlab::What{.cache = wire.cache,
                                                   .start = wire.start,
                                                   .object_size = wire.object_size,
                                                   .objects = wire.objects,
                                                   .in_use = wire.in_use,
                                                   .free_known = (wire.h.aux & RS_SLAB_FREE_KNOWN) != 0,
                                                   .free = {std::begin(wire.free), std::end(wire.free)}}};
}

std::optional<event::CachePending> cache_pending(const rs_cache_pending& wire) {
    auto name = terminated(wire.name);
    if (!name || wire.callbacks == 0)
        return std::nullopt;
    return event::CachePending{event::CachePending::What{
        .cache = wire.cache,
        .caller = wire.caller,
        .callbacks = wire.callbacks,
        .heads = {std::begin(wire.heads), std::find(std::begin(wire.heads), std::end(wire.heads), 0)},
        .name = std::move(*name)}};
}

std::optional<event::SwitchOut> switch_out(const rs_switch& wire) {
    const auto reason = wire.h.aux & RS_SWITCH_PREEMPTED ? event::SwitchReason::preempted
                        : wire.h.aux & RS_SWITCH_LOCK    ? event::SwitchReason::lock
                                                         : event::SwitchReason::blocked;
    return event::SwitchOut{reason, wire.nesting};
}

std::optional<event::SwitchIn> switch_in(const rs_switch& wire) {
    return event::SwitchIn{wire.nesting};
}

std::optional<event::TaskLeft> task_left(const rs_switch& wire) {
    switch (wire.h.aux) {
    case RS_LEFT_BY_EXIT:
        return event::TaskLeft{event::LeftKind::exit, wire.nesting};
    case RS_LEFT_TO_USER:
        return event::TaskLeft{event::LeftKind::user, wire.nesting};
    default:
        return std::nullopt;
    }
}

template <typename Wire, typename Body>
[[gnu::always_inline]] inline bool decode_as(std::span<const std::byte> record,
                                             std::optional<Body> (*convert)(const Wire&), EventBody& out) {
    Wire wire;
    if (!load(record, wire))
        return false;
    auto body = convert(wire);
    if (!body)
        return false;
    // `out` often holds an event of the same kind: assignment is cheaper than construction.
    if (auto* same = std::get_if<Body>(&out))
        *same = std::move(*body);
    else
        out.emplace<Body>(std::move(*body));
    return true;
}

[[gnu::always_inline]] inline bool decode_body(rs_u16 kind, std::span<const std::byte> record, EventBody& out) {
    switch (kind) {
    case RS_LOST:
        return decode_as(record, lost, out);
    case RS_TASK:
        return decode_as(record, task, out);
    case RS_STACK:
        return decode_as(record, stack, out);
    case RS_GP_START:
        return decode_as(record, gp_start, out);
    case RS_GP_END:
        return decode_as(record, gp<event::GpEnd>, out);
    case RS_GP_CLEANED:
        return decode_as(record, gp<event::GpCleaned>, out);
    case RS_GP_REQUESTED:
        return decode_as(record, gp_requested, out);
    case RS_GP_QUIESCENT:
        return decode_as(record, gp_quiescent, out);
    case RS_GP_SCAN:
        return decode_as(record, gp_scan, out);
    case RS_GP_BLOCKED:
        return decode_as(record, gp_blocked, out);
    case RS_GP_SAMPLE:
        return decode_as(record, gp_sample, out);
    case RS_CB_QUEUED:
        return decode_as(record, cb_queued, out);
    case RS_CB_ASSIGNED:
        return decode_as(record, cb_assigned, out);
    case RS_CB_ASSIGNED_EITHER:
        return decode_as(record, cb_assigned_either, out);
    case RS_CB_INVOKED:
        return decode_as(record, cb_invoked, out);
    case RS_CB_DONE:
        return decode_as(record, cb_done, out);
    case RS_CB_NEXT:
        return decode_as(record, cb_next, out);
    case RS_BATCH_BEGIN:
        return decode_as(record, batch<event::BatchBegin>, out);
    case RS_BATCH_END:
        return decode_as(record, batch<event::BatchEnd>, out);
    case RS_KVFREE:
        return decode_as(record, kvfree, out);
    case RS_WAIT_BEGIN:
        return decode_as(record, wait_begin, out);
    case RS_WAIT_END:
        return decode_as(record, wait_end, out);
    case RS_SITE:
        return decode_as(record, site, out);
    case RS_MODULE:
        return decode_as(record, module, out);
    case RS_MODULE_SECTION:
        return decode_as(record, module_section, out);
    case RS_MODULE_PENDING:
        return decode_as(record, module_pending, out);
    case RS_MODULE_REF:
        return decode_as(record, module_ref, out);
    case RS_MODULE_WOKEN:
        return decode_as(record, module_woken, out);
    case RS_CACHE_LEFT:
        return decode_as(record, cache_left, out);
    case RS_CACHE_SLAB:
        return decode_as(record, cache_slab, out);
    case RS_CACHE_PENDING:
        return decode_as(record, cache_pending, out);
    case RS_SWITCH_OUT:
        return decode_as(record, switch_out, out);
    case RS_SWITCH_IN:
        return decode_as(record, switch_in, out);
    case RS_TASK_LEFT:
        return decode_as(record, task_left, out);
    default:
        return false;
    }
}

} // namespace

bool decode_record(std::span<const std::byte> record, std::uint32_t cpu, Event& out) {
    rs_header header;
    if (!load(record, header) || !decode_body(header.kind, record, out.body))
        return false;
    out.ns = header.ns;
    out.cpu = cpu;
    out.tid = header.tid;
    return true;
}

std::optional<Event> decode_record(std::span<const std::byte> record, std::uint32_t cpu) {
    std::optional<Event> event(std::in_place);
    return decode_record(record, cpu, *event) ? std::move(event) : std::nullopt;
}

} // namespace rcuscope
