// SPDX-License-Identifier: BSD-2-Clause
#include "probes/summary_maps.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <bpf/bpf.h>
#include <cerrno>
#include <functional>
#include <memory>
#include <sys/mman.h>
#include <utility>

#include "base/file.hpp"

namespace rcuscope {

namespace {

tl::unexpected<Error> cannot_read(const char* what) {
    return fail(ExitCode::cannot_here, std::string("cannot read ") + what + " that the programs counted",
                errno_text(errno), "record with --mode events");
}

// Those of a hash map, each made of its key and its value.
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

SummaryRoom SummaryRoom::for_cpus(std::uint32_t cpus, std::uint32_t pending, bool whole_system) {
    constexpr std::uint32_t most_bytes = 64u << 20;
    const std::uint32_t slots = whole_system ? 512 : 64;
    const std::uint32_t fit = most_bytes / (slots * static_cast<std::uint32_t>(sizeof(rs_buckets)));
    return {pending, slots, std::bit_floor(std::clamp(fit, 1u, std::bit_ceil(cpus)))};
}

Result<SummaryMaps> SummaryMaps::map(const Descriptors& descriptors, const Shared& shared, const SummaryRoom& room,
                                     std::uint32_t cpus) {
    SummaryMaps maps(descriptors, shared, room, cpus, nullptr);
    void* mapped = ::mmap(nullptr, maps.tallies_bytes(), PROT_READ, MAP_SHARED, descriptors.tallies, 0);
    if (mapped == MAP_FAILED)
        return cannot_read("the numbers");
    maps.tallies_ = static_cast<const rs_tally*>(mapped);
    return maps;
}

SummaryMaps::SummaryMaps(SummaryMaps&& other) noexcept
    : descriptors_(other.descriptors_), shared_(other.shared_), room_(other.room_), cpus_(other.cpus_),
      tallies_(std::exchange(other.tallies_, nullptr)) {}

SummaryMaps::~SummaryMaps() {
    if (tallies_)
        ::munmap(const_cast<rs_tally*>(tallies_), tallies_bytes());
}

std::vector<SummaryFunction> SummaryMaps::functions() const {
    return elements<SummaryFunction, rs_function, std::uint32_t>(descriptors_.functions);
}

std::vector<SummarySection> SummaryMaps::sections() const {
    return elements<SummarySection, rs_section, std::uint64_t>(descriptors_.sections);
}

// Programs on other CPUs count on meanwhile: what ends first is read first, so that no more has ended than was queued.
rs_tally SummaryMaps::tally(std::uint32_t slot) const {
    rs_tally sum{};
    for (std::uint32_t cpu = 0; cpu < cpus_; cpu++) {
        const rs_tally of = tallies_[cpu * room_.slots + slot];
        sum.timed += of.timed;
        sum.untimed += of.untimed;
        sum.forgotten += of.forgotten;
        sum.sum += of.sum;
        sum.shortest = std::max<std::uint64_t>(sum.shortest, of.shortest);
        sum.longest = std::max<std::uint64_t>(sum.longest, of.longest);
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    for (std::uint32_t cpu = 0; cpu < cpus_; cpu++)
        sum.queued += tallies_[cpu * room_.slots + slot].queued;
    return sum;
}

CallbackCounts SummaryMaps::counts() const {
    CallbackCounts sum;
    for (std::uint32_t slot = 0; slot <= std::min(functions_seen(), room_.slots - 1); slot++) {
        const rs_tally of = tally(slot);
        sum.queued += of.queued;
        sum.done += of.timed + of.untimed;
    }
    return sum;
}

Result<KernelCallbacks> SummaryMaps::callbacks(std::uint32_t slot) const {
    const rs_tally sum = tally(slot);
    KernelCallbacks callbacks;
    callbacks.queued = sum.queued;
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
