// SPDX-License-Identifier: BSD-2-Clause
#include "capture/event.hpp"

#include <cstring>

#include "capture/format.hpp"
#include "wire.h"

namespace rcuscope {
namespace {

// The wire struct at the start of a record. A longer record is fine: a later
// version may have appended to it.
template <typename Wire>
std::optional<Wire> load(std::span<const std::byte> record) {
    Wire wire;
    if (record.size() < sizeof wire) {
        return std::nullopt;
    }
    std::memcpy(&wire, record.data(), sizeof wire);
    return wire;
}

template <std::size_t N>
std::optional<std::string> terminated(const char (&text)[N]) {
    const std::size_t length = ::strnlen(text, N);
    if (length == N) {
        return std::nullopt;
    }
    return std::string(text, length);
}

std::optional<EventBody> lost(const rs_lost& wire) {
    return event::Lost{wire.total, wire.from_ns, wire.to_ns};
}

std::optional<EventBody> task(const rs_task& wire) {
    auto comm = terminated(wire.comm);
    if (!comm) {
        return std::nullopt;
    }
    return event::Task{wire.tgid, (wire.flags & RS_TASK_KTHREAD) != 0, std::move(*comm)};
}

// Frames of a stack; nothing if there are said to be more than fit.
std::optional<std::vector<std::uint64_t>> stack_frames(const rs_u64 (&stack)[RS_STACK_FRAMES], rs_u32 frames) {
    if (frames > RS_STACK_FRAMES) {
        return std::nullopt;
    }
    return std::vector<std::uint64_t>(stack, stack + frames);
}

std::optional<EventBody> stack(const rs_stack& wire) {
    auto frames = stack_frames(wire.stack, wire.frames);
    if (!frames) {
        return std::nullopt;
    }
    return event::Stack{std::move(*frames)};
}

std::optional<EventBody> gp_start(const rs_gp_start& wire) {
    return event::GpStart{wire.gp_seq, wire.since_ns, (wire.h.aux & RS_GP_EXPEDITED) != 0};
}

template <typename Body>
std::optional<EventBody> gp(const rs_gp& wire) {
    return Body{wire.gp_seq, (wire.h.aux & RS_GP_EXPEDITED) != 0};
}

std::optional<EventBody> gp_requested(const rs_gp& wire) {
    return event::GpRequested{wire.gp_seq};
}

std::optional<EventBody> gp_quiescent(const rs_gp_quiescent& wire) {
    const unsigned kind = wire.h.aux & ~static_cast<unsigned>(RS_QS_EXPEDITED);
    if (kind > RS_QS_OTHER || wire.first_cpu >= max_cpus) {
        return std::nullopt;
    }
    return event::GpQuiescent{static_cast<event::QuiescentKind>(kind),
                              (wire.h.aux & RS_QS_EXPEDITED) != 0,
                              wire.gp_seq,
                              wire.mask,
                              wire.left,
                              wire.first_cpu,
                              wire.blocked != 0};
}

std::optional<EventBody> gp_scan(const rs_gp_scan& wire) {
    return event::GpScan{wire.gp_seq, wire.count};
}

std::optional<EventBody> gp_blocked(const rs_gp_blocked& wire) {
    auto comm = terminated(wire.comm);
    if (!comm || wire.first_cpu >= max_cpus) {
        return std::nullopt;
    }
    return event::GpBlocked{(wire.h.aux & RS_GP_EXPEDITED) != 0, wire.gp_seq, wire.tid, wire.first_cpu,
                            std::move(*comm)};
}

std::optional<EventBody> gp_sample(const rs_gp_sample& wire) {
    auto frames = stack_frames(wire.stack, wire.frames);
    if (!frames) {
        return std::nullopt;
    }
    return event::GpSample{(wire.h.aux & RS_GP_EXPEDITED) != 0, wire.gp_seq, std::move(*frames), wire.no_tick_us};
}

std::optional<EventBody> cb_queued(const rs_cb_queued& wire) {
    return event::CbQueued{wire.head, wire.func, wire.caller, (wire.h.aux & RS_CB_LAZY) != 0};
}

std::optional<EventBody> kvfree(const rs_kvfree& wire) {
    return event::KvfreeRcu{wire.object, wire.caller, (wire.h.aux & RS_KVFREE_HEADLESS) != 0};
}

std::optional<EventBody> cb_assigned(const rs_cb_assigned& wire) {
    if (wire.list_cpu >= max_cpus) {
        return std::nullopt;
    }
    return event::CbAssigned{wire.gp_seq, wire.list_cpu, wire.bypass_ns};
}

std::optional<EventBody> cb_invoked(const rs_cb& wire) {
    return event::CbInvoked{.head = wire.head, .func = wire.func};
}

std::optional<EventBody> cb_done(const rs_cb_done& wire) {
    return event::CbDone{wire.head};
}

std::optional<EventBody> cb_next(const rs_cb_next& wire) {
    return event::CbInvoked{.head = wire.head, .func = wire.func, .done = wire.done};
}

template <typename Body>
std::optional<EventBody> batch(const rs_batch& wire) {
    if (wire.list_cpu >= max_cpus) {
        return std::nullopt;
    }
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

std::optional<EventBody> wait_begin(const rs_wait& wire) {
    const auto kind = wait_kind(wire.h.aux);
    if (!kind) {
        return std::nullopt;
    }
    return event::WaitBegin{*kind, wire.caller};
}

std::optional<EventBody> wait_end(const rs_wait& wire) {
    const auto kind = wait_kind(wire.h.aux);
    if (!kind) {
        return std::nullopt;
    }
    return event::WaitEnd{*kind};
}

std::optional<EventBody> site(const rs_site& wire) {
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
    default:
        return std::nullopt;
    }
}

std::optional<EventBody> module(const rs_module& wire) {
    const auto step = module_step(wire.h.aux);
    auto name = terminated(wire.name);
    if (!step || !name) {
        return std::nullopt;
    }
    return event::Module{*step, std::move(*name), wire.base, wire.size, wire.ret};
}

std::optional<EventBody> module_section(const rs_module_section& wire) {
    auto module = terminated(wire.module);
    auto section = terminated(wire.section);
    if (!module || !section) {
        return std::nullopt;
    }
    return event::ModuleSection{std::move(*module), std::move(*section), wire.address};
}

std::optional<EventBody> module_pending(const rs_module_pending& wire) {
    const auto step = module_step(wire.h.aux);
    auto name = terminated(wire.name);
    if (!step || !name) {
        return std::nullopt;
    }
    return event::ModulePending{*step, std::move(*name), wire.pending};
}

std::optional<EventBody> module_ref(const rs_module_ref& wire) {
    auto name = terminated(wire.name);
    if (!name) {
        return std::nullopt;
    }
    return event::ModuleRef{std::move(*name), wire.h.aux != 0, wire.count, wire.caller};
}

std::optional<EventBody> switch_out(const rs_switch& wire) {
    return event::SwitchOut{(wire.h.aux & RS_SWITCH_PREEMPTED) != 0, wire.nesting};
}

std::optional<EventBody> switch_in(const rs_switch& wire) {
    return event::SwitchIn{wire.nesting};
}

template <typename Wire>
std::optional<EventBody> decode_as(std::span<const std::byte> record,
                                   std::optional<EventBody> (*convert)(const Wire&)) {
    const auto wire = load<Wire>(record);
    return wire ? convert(*wire) : std::nullopt;
}

std::optional<EventBody> decode_body(rs_u16 kind, std::span<const std::byte> record) {
    switch (kind) {
    case RS_LOST:
        return decode_as(record, lost);
    case RS_TASK:
        return decode_as(record, task);
    case RS_STACK:
        return decode_as(record, stack);
    case RS_GP_START:
        return decode_as(record, gp_start);
    case RS_GP_END:
        return decode_as(record, gp<event::GpEnd>);
    case RS_GP_CLEANED:
        return decode_as(record, gp<event::GpCleaned>);
    case RS_GP_REQUESTED:
        return decode_as(record, gp_requested);
    case RS_GP_QUIESCENT:
        return decode_as(record, gp_quiescent);
    case RS_GP_SCAN:
        return decode_as(record, gp_scan);
    case RS_GP_BLOCKED:
        return decode_as(record, gp_blocked);
    case RS_GP_SAMPLE:
        return decode_as(record, gp_sample);
    case RS_CB_QUEUED:
        return decode_as(record, cb_queued);
    case RS_CB_ASSIGNED:
        return decode_as(record, cb_assigned);
    case RS_CB_INVOKED:
        return decode_as(record, cb_invoked);
    case RS_CB_DONE:
        return decode_as(record, cb_done);
    case RS_CB_NEXT:
        return decode_as(record, cb_next);
    case RS_BATCH_BEGIN:
        return decode_as(record, batch<event::BatchBegin>);
    case RS_BATCH_END:
        return decode_as(record, batch<event::BatchEnd>);
    case RS_KVFREE:
        return decode_as(record, kvfree);
    case RS_WAIT_BEGIN:
        return decode_as(record, wait_begin);
    case RS_WAIT_END:
        return decode_as(record, wait_end);
    case RS_SITE:
        return decode_as(record, site);
    case RS_MODULE:
        return decode_as(record, module);
    case RS_MODULE_SECTION:
        return decode_as(record, module_section);
    case RS_MODULE_PENDING:
        return decode_as(record, module_pending);
    case RS_MODULE_REF:
        return decode_as(record, module_ref);
    case RS_SWITCH_OUT:
        return decode_as(record, switch_out);
    case RS_SWITCH_IN:
        return decode_as(record, switch_in);
    default:
        return std::nullopt;
    }
}

} // namespace

std::optional<Event> decode_record(std::span<const std::byte> record, std::uint32_t cpu) {
    const auto header = load<rs_header>(record);
    if (!header) {
        return std::nullopt;
    }
    auto body = decode_body(header->kind, record);
    if (!body) {
        return std::nullopt;
    }
    return Event{header->ns, cpu, header->tid, std::move(*body)};
}

} // namespace rcuscope
