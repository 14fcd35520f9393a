// SPDX-License-Identifier: BSD-2-Clause
#include "record/intake.hpp"

#include "capture/format.hpp"
#include "capture/ring_records.hpp"
#include "wire.h"

namespace rcuscope {

namespace {

// Nothing: it is too short for that. Records lie in the ring as the programs laid them out, aligned.
template <typename Wire>
const Wire* at(std::span<const std::byte> record) {
    return record.size() < sizeof(Wire) ? nullptr : reinterpret_cast<const Wire*>(record.data());
}

void add_part(std::vector<std::span<const std::byte>>& parts, std::span<const std::byte> part) {
    if (!part.empty())
        parts.push_back(part);
}

} // namespace

std::size_t Intake::look(std::uint32_t cpu, std::span<const std::byte> sent,
                         std::vector<std::span<const std::byte>>& parts) {
    Same same;
    std::size_t part = 0; // where it begins
    const std::size_t looked = for_each_ring_record(sent, [&](std::span<const std::byte> record) {
        const auto begin = static_cast<std::size_t>(record.data() - sent.data()) - sizeof(rs_ring_header);
        const bool kept = take(cpu, record, same);
        if (kept) [[likely]]
            return;
        add_part(parts, sent.subspan(part, begin - part));
        part = begin + ring_bytes_of(record.size());
    });
    add_part(parts, sent.subspan(part, looked - part));
    taken_ = taken_ || looked != 0;
    return looked;
}

// False: it is not for the file.
[[gnu::always_inline]] inline bool Intake::take(std::uint32_t cpu, std::span<const std::byte> record, Same& same) {
    const auto* header = at<rs_header>(record);
    if (!header) [[unlikely]]
        return true;
    const bool in_window = header->ns - start_ns_ <= end_ns_ - start_ns_;
    if (!in_window && header->kind != RS_TASK && header->kind != RS_LOST) [[unlikely]]
        return false;
    if (catcher_) [[unlikely]]
        if (const auto event = decode_record(record, cpu))
            catcher_->see(*event);
    const auto* queued = header->kind == RS_CB_QUEUED ? at<rs_cb_queued>(record) : nullptr;
    // Both begin alike.
    const auto* invoked = header->kind == RS_CB_NEXT || header->kind == RS_CB_INVOKED ? at<rs_cb>(record) : nullptr;
    if (queued) {
        if (queued->func != same.queued_function || queued->caller != same.caller)
            queued_by_another(cpu, *queued, same);
        if (same.queued_on)
            same.queued_on->queue(header->ns);
    } else if (invoked) {
        if (invoked->func != same.invoked_function || header->tid != same.invoked_by) {
            same.invoked_function = invoked->func;
            same.invoked_by = header->tid;
            same.run_by = unloads_.run_by(cpu, header->tid, invoked->func);
        }
        if (same.run_by)
            same.run_by->invoked++;
    } else {
        take_other(cpu, *header, record, same);
    }
    return true;
}

void Intake::queued_by_another(std::uint32_t cpu, const rs_cb_queued& queued, Same& same) {
    symbols_.see(queued.func);
    symbols_.see(queued.caller);
    same.queued_function = queued.func;
    same.caller = queued.caller;
    same.queued_on = unloads_.queued_on(cpu, queued.func);
}

void Intake::take_other(std::uint32_t cpu, const rs_header& header, std::span<const std::byte> record, Same& same) {
    if (header.kind == RS_CB_DONE || header.kind == RS_BATCH_END)
        return;
    if (header.kind != RS_BATCH_BEGIN)
        take_event(cpu, record);
    else if (const auto* batch = at<rs_batch>(record); batch && batch->list_cpu < max_cpus)
        unloads_.batch_begins(cpu, header.tid, batch->list_cpu);
    same = {};
}

void Intake::take_event(std::uint32_t cpu, std::span<const std::byte> record) {
    const auto event = decode_record(record, cpu);
    if (!event)
        return;
    symbols_.take(*event);
    unloads_.take(*event);
    if (std::holds_alternative<event::Module>(event->body))
        module_event_ = true;
}

bool Intake::must_hold() {
    const bool must = module_event_ || (unloads_.in_danger() && taken_);
    module_event_ = taken_ = false;
    return must;
}

} // namespace rcuscope
