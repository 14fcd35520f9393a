// SPDX-License-Identifier: BSD-2-Clause
#include "probes/summary_maps.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <bpf/bpf.h>
#include <cerrno>
#include <functional>
#include <memory>

#include "base/file.hpp"

namespace rcuscope {

namespace {

tl::unexpected<Error> cannot_read(const char* what) {
    return fail(ExitCode::cannot_here, std::string("cannot read ") + what + " that the programs counted",
                errno_text(errno), "record with --mode events");
}

// The elements of a hash map, each made from a key and a value.
template <typename Element, typename Key, typename Value>
std::vector<Element> elements(int map) {
    std::vector<Element> all;
    Key key{};
    Key next{};
    Value value{};
    for (const Key* last = nullptr; bpf_map_get_next_key(map, last, &next) == 0; last = &key) {
        key = next;
        if (bpf_map_lookup_elem(map, &key, &value) == 0)
            all.push_back({key, value});
    }
    return all;
}

void add_buckets(const rs_buckets& buckets, KernelDurations& durations) {
    for (std::uint32_t bucket = 0; bucket < RS_BUCKETS; bucket++)
        if (buckets.counts[bucket])
            durations.buckets[rs_bucket_lowest(bucket)] += buckets.counts[bucket];
}

} // namespace

SummarySizes SummarySizes::for_cpus(std::uint32_t cpus, std::uint32_t pending, bool whole_system) {
    constexpr std::uint32_t max_bytes = 64u << 20;
    const std::uint32_t slots = whole_system ? 512 : 64;
    const std::uint32_t fit = max_bytes / (slots * static_cast<std::uint32_t>(sizeof(rs_buckets)));
    return {pending, slots, std::bit_floor(std::clamp(fit, 1u, std::bit_ceil(cpus)))};
}

Result<SummaryMaps> SummaryMaps::map(const Descriptors& descriptors, const Shared& shared, const SummarySizes& room) {
    std::uint32_t first = 0;
    for (rs_summary_cpu& cpu : shared.cpus) {
        rs_pending_ring_make(&cpu.ring, first, room.pending);
        first += room.pending;
    }
    auto pending = MappedMemory::map(descriptors.pending, sizeof(rs_pending) * first);
    if (!pending)
        return tl::unexpected(pending.error());
    auto tallies = MappedMemory::map(descriptors.tallies, sizeof(rs_tally) * room.slots * shared.cpus.size());
    if (!tallies)
        return tl::unexpected(tallies.error());
    return SummaryMaps(descriptors, shared, room, std::move(*pending), std::move(*tallies));
}

// The programs cache for each function whether its callbacks count. The cache is valid for one epoch, so a new epoch
// invalidates it.
void SummaryMaps::set_window(std::uint32_t open) {
    *shared_.open = open;
    __atomic_fetch_add(shared_.epoch, 1, __ATOMIC_SEQ_CST);
}

std::uint32_t SummaryMaps::slots() const {
    return std::min(functions_seen() + 1, room_.slots);
}

std::vector<SummaryFunction> SummaryMaps::functions() const {
    return elements<SummaryFunction, rs_function, std::uint32_t>(descriptors_.functions);
}

std::vector<SummarySection> SummaryMaps::sections() const {
    return elements<SummarySection, rs_section, std::uint64_t>(descriptors_.sections);
}

// Programs on other CPUs go on counting meanwhile.
rs_tally SummaryMaps::tally(std::uint32_t slot) const {
    rs_tally sum{};
    const auto* tallies = reinterpret_cast<const rs_tally*>(tallies_.bytes().data());
    for (std::size_t cpu = 0; cpu < shared_.cpus.size(); cpu++) {
        const rs_tally of = tallies[cpu * room_.slots + slot];
        // A program takes counts out of a run before it adds them to the tally. The tally is read first here, so no
        // count is read twice.
        std::atomic_thread_fence(std::memory_order_acquire);
        for (const rs_latency_run& run : shared_.cpus[cpu].runs)
            if (run.slot == slot) {
                sum.timed += run.count;
                sum.sum += run.sum;
            }
        sum.timed += of.timed;
        sum.late += of.late;
        sum.untimed += of.untimed;
        sum.forgotten += of.forgotten;
        sum.sum += of.sum;
        sum.shortest = std::max<std::uint64_t>(sum.shortest, of.shortest);
        sum.longest = std::max<std::uint64_t>(sum.longest, of.longest);
    }
    return sum;
}

std::vector<std::uint64_t> SummaryMaps::held() const {
    std::vector<std::uint64_t> held(RS_SLOTS);
    const auto* entries = reinterpret_cast<const rs_pending*>(pending_.bytes().data());
    for (const rs_summary_cpu& cpu : shared_.cpus) {
        const std::uint64_t first = cpu.ring.first;
        const std::uint64_t end = std::min<std::uint64_t>(cpu.ring.end, first + room_.pending);
        for (std::uint64_t position = first; position < end; position++)
            if (const std::uint64_t key = entries[rs_pending_place(&cpu.ring, position)].key)
                held[rs_pending_slot(key)]++;
    }
    held.resize(room_.slots);
    return held;
}

// Reads the tallies before the rings, so that `done` never exceeds `queued`.
CallbackCounts SummaryMaps::counts() const {
    CallbackCounts sum;
    for (std::uint32_t slot = 0; slot < slots(); slot++) {
        const rs_tally of = tally(slot);
        sum.queued += of.timed + of.late + of.forgotten;
        sum.done += of.timed + of.untimed;
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    for (const std::uint64_t of : held())
        sum.queued += of;
    return sum;
}

Result<std::vector<KernelCallbacks>> SummaryMaps::callbacks() const {
    std::vector<KernelCallbacks> all;
    const auto held_of = held();
    for (std::uint32_t slot = 0; slot < slots(); slot++) {
        auto of = callbacks(slot, held_of[slot]);
        if (!of)
            return tl::unexpected(of.error());
        all.push_back(std::move(*of));
    }
    return all;
}

Result<KernelCallbacks> SummaryMaps::callbacks(std::uint32_t slot, std::uint64_t held) const {
    const rs_tally sum = tally(slot);
    KernelCallbacks callbacks;
    callbacks.queued = held + sum.timed + sum.late + sum.forgotten;
    callbacks.untimed = sum.untimed;
    callbacks.forgotten = sum.forgotten;
    callbacks.latency.sum = sum.sum;
    callbacks.latency.shortest = sum.timed ? ~sum.shortest : 0;
    callbacks.latency.longest = sum.longest;
    const auto buckets = std::make_unique<rs_buckets>();
    for (std::uint32_t copy = 0; copy < room_.copies; copy++) {
        const std::uint32_t place = copy * room_.slots + slot;
        if (bpf_map_lookup_elem(descriptors_.buckets, &place, buckets.get()) != 0)
            return cannot_read("the latencies");
        add_buckets(*buckets, callbacks.latency);
    }
    for (const rs_summary_cpu& cpu : shared_.cpus)
        for (const rs_latency_run& run : cpu.runs)
            if (run.slot == slot && run.count)
                callbacks.latency.buckets[rs_bucket_lowest(run.bucket)] += run.count;
    return callbacks;
}

Result<KernelGracePeriods> SummaryMaps::grace_periods(bool expedited) const {
    const auto counted = std::make_unique<rs_durations>();
    const std::uint32_t kind = expedited ? 1 : 0;
    if (bpf_map_lookup_elem(descriptors_.periods, &kind, counted.get()) != 0)
        return cannot_read("the grace periods");
    KernelGracePeriods periods;
    add_buckets(counted->buckets, periods.duration);
    periods.longest.assign(std::begin(counted->longest), std::end(counted->longest));
    std::sort(periods.longest.begin(), periods.longest.end(), std::greater<>());
    periods.longest.resize(static_cast<std::size_t>(std::min<std::uint64_t>(counted->count, RS_KEPT_LONGEST)));
    periods.duration.sum = counted->sum;
    periods.duration.shortest = counted->count ? ~counted->shortest : 0;
    periods.duration.longest = periods.longest.empty() ? 0 : periods.longest.front();
    return periods;
}

} // namespace rcuscope
