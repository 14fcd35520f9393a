// SPDX-License-Identifier: BSD-2-Clause
#include "record/record_filter.hpp"

#include <algorithm>
#include <cstring>

#include "capture/format.hpp"
#include "capture/ring_records.hpp"
#include "wire.h"

namespace rcuscope {

namespace {

// Returns nullptr if the record is too short. The programs write records aligned, so they can be read in place.
template <typename Wire>
const Wire* at(std::span<const std::byte> record) {
    return record.size() < sizeof(Wire) ? nullptr : reinterpret_cast<const Wire*>(record.data());
}

void add_part(std::vector<std::span<const std::byte>>& parts, std::span<const std::byte> part) {
    if (!part.empty())
        parts.push_back(part);
}

} // namespace

std::size_t RecordFilter::look(std::uint32_t cpu, std::span<const std::byte> sent,
                               std::vector<std::span<const std::byte>>& parts) {
    LastCallback same;
    std::size_t part = 0; // begin of the current range
    std::size_t looked = 0;
    for (;;) {
        looked += count_repeats(sent.subspan(looked), same);
        const auto record = first_in_ring(sent.subspan(looked));
        if (record.empty())
            break;
        const std::size_t next = looked + ring_bytes_of(record.size());
        if (!take(cpu, record, same)) {
            add_part(parts, sent.subspan(part, looked - part));
            part = next;
        }
        looked = next;
    }
    add_part(parts, sent.subspan(part, looked - part));
    taken_ = taken_ || looked != 0;
    return looked;
}

namespace {

// Counts the records at the beginning of `sent` that have the kind, flags and task of `as` and a time from `first_ns`
// to `last_ns`, and for which alike() holds.
template <typename Wire, typename Alike>
[[gnu::always_inline]] inline std::size_t count_alike(std::span<const std::byte> sent, std::uint64_t first_ns,
                                                      std::uint64_t last_ns, const Wire& as, Alike&& alike) {
    const std::uint64_t window = last_ns - first_ns;
    std::uint64_t kind = 0; // kind, flags and task
    std::memcpy(&kind, &as.h.tid, sizeof kind);
    return count_leading_records<Wire>(sent, [&](const Wire& wire) {
        std::uint64_t own_kind = 0;
        std::memcpy(&own_kind, &wire.h.tid, sizeof own_kind);
        return own_kind == kind && wire.h.ns - first_ns <= window && alike(wire);
    });
}

} // namespace

// Counts the leading callback records that repeat the fields in `same`; nothing else is done for these. Returns how
// many bytes they take.
std::size_t RecordFilter::count_repeats(std::span<const std::byte> sent, const LastCallback& same) const {
    const auto first = first_in_ring(sent);
    if (triggers_ || first.size() != sizeof(rs_cb_queued))
        return 0;
    const auto& queued = *at<rs_cb_queued>(first);
    const auto& invoked = *at<rs_cb_next>(first);
    std::size_t count = 0;
    if (queued.h.kind == RS_CB_QUEUED) {
        UnloadWatch::List* const list = same.queued_on;
        const std::uint64_t until = list ? std::min(list->marked_until(), end_ns_) : end_ns_;
        if (until >= start_ns_)
            count = count_alike(sent, start_ns_, until, queued,
                                [function = same.queued_function, caller = same.caller](const rs_cb_queued& each) {
                                    return each.func == function && each.caller == caller;
                                });
        if (list)
            list->queued += count;
    } else if (invoked.h.kind == RS_CB_NEXT && invoked.h.tid == same.invoked_by) {
        count =
            count_alike(sent, start_ns_, end_ns_, invoked,
                        [function = same.invoked_function](const rs_cb_next& each) { return each.func == function; });
        if (same.run_by)
            same.run_by->invoked += count;
    }
    return count * ring_bytes_of(sizeof(rs_cb_queued));
}

// Returns false if the record does not go to the sink.
[[gnu::always_inline]] inline bool RecordFilter::take(std::uint32_t cpu, std::span<const std::byte> record,
                                                      LastCallback& same) {
    const auto* header = at<rs_header>(record);
    if (!header) [[unlikely]]
        return true;
    const bool in_window = header->ns - start_ns_ <= end_ns_ - start_ns_;
    if (!in_window && header->kind != RS_TASK && header->kind != RS_LOST) [[unlikely]]
        return false;
    if (triggers_) [[unlikely]]
        if (const auto event = decode_record(record, cpu))
            triggers_->take(*event);
    const auto* queued = header->kind == RS_CB_QUEUED ? at<rs_cb_queued>(record) : nullptr;
    // rs_cb_next begins with the fields of rs_cb.
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

void RecordFilter::queued_by_another(std::uint32_t cpu, const rs_cb_queued& queued, LastCallback& same) {
    symbols_.see(queued.func);
    symbols_.see(queued.caller);
    same.queued_function = queued.func;
    same.caller = queued.caller;
    same.queued_on = unloads_.queued_on(cpu, queued.func);
}

void RecordFilter::take_other(std::uint32_t cpu, const rs_header& header, std::span<const std::byte> record,
                              LastCallback& same) {
    if (header.kind == RS_CB_DONE || header.kind == RS_BATCH_END)
        return;
    if (header.kind != RS_BATCH_BEGIN)
        take_event(cpu, record);
    else if (const auto* batch = at<rs_batch>(record); batch && batch->list_cpu < max_cpus)
        unloads_.batch_begins(cpu, header.tid, batch->list_cpu);
    same = {};
}

void RecordFilter::take_event(std::uint32_t cpu, std::span<const std::byte> record) {
    const auto event = decode_record(record, cpu);
    if (!event)
        return;
    symbols_.take(*event);
    unloads_.take(*event);
    // Other modules do not count: any user can make the kernel request modules, which may fail to load.
    if (const auto* module = std::get_if<event::Module>(&event->body); module && unloads_.follows(module->name))
        module_event_ = true;
}

std::vector<SymbolInfo> RecordFilter::new_names() {
    // The file of a trigger may be finished before a later call of names() gives the rest, so all names are read now.
    return triggers_ ? symbols_.all_names() : symbols_.names();
}

std::vector<std::string> RecordFilter::new_hazards(std::uint64_t now_ns) {
    std::vector<std::string> lines = unloads_.say();
    if (triggers_)
        for (const std::string& line : lines)
            triggers_->say(TriggerKind::hazard, line, now_ns);
    return lines;
}

bool RecordFilter::must_hold() {
    const bool must = module_event_ || (unloads_.in_danger() && taken_);
    module_event_ = taken_ = false;
    return must;
}

} // namespace rcuscope
