// SPDX-License-Identifier: BSD-2-Clause
#include "capture/open_chunk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <tuple>

#include "capture/payload.hpp"
#include "wire.h"

namespace rcuscope {
namespace {

static_assert(offsetof(rs_header, ns) == 0, "a record begins with its time");

struct Ref {
    std::uint64_t ns = 0;
    std::uint32_t begin = 0; // offset of its size in the payload

    friend bool operator<(const Ref& a, const Ref& b) { return std::tie(a.ns, a.begin) < std::tie(b.ns, b.begin); }
};

// Sorts all records that have a time. scan_capture() has counted the others.
std::vector<Ref> sorted_refs(std::span<const std::byte> payload) {
    // Nearly all records are in order already: only the late ones are sorted, and then merged in.
    std::vector<Ref> in_order;
    std::vector<Ref> late;
    for_each_record(payload, [&](std::span<const std::byte> record) {
        if (const auto ns = record_time(record)) {
            const auto begin =
                static_cast<std::uint32_t>(record.data() - payload.data()) - std::uint32_t{sizeof(RecordSize)};
            const bool is_late = !in_order.empty() && *ns < in_order.back().ns;
            (is_late ? late : in_order).push_back({*ns, begin});
        }
    });
    std::sort(late.begin(), late.end());
    std::vector<Ref> all(in_order.size() + late.size());
    std::merge(in_order.begin(), in_order.end(), late.begin(), late.end(), all.begin());
    return all;
}

// Fills `seen`. Returns false if the payload is malformed.
bool look_at_all(std::span<const std::byte> payload, Unpacked& seen) {
    seen = {.records = 0, .in_order = true};
    std::uint64_t latest = 0;
    return for_each_record(payload, [&](std::span<const std::byte> record) {
        const auto ns = record_time(record);
        seen.in_order = seen.in_order && ns && *ns >= latest;
        latest = ns.value_or(latest);
        seen.records++;
    });
}

} // namespace

bool OpenChunk::begin(const Unpacked& seen, std::vector<std::byte>& spare) {
    Unpacked now = seen;
    if (now.records == 0 && !look_at_all(payload, now))
        return false;
    records = now.records;
    if (!now.in_order) {
        const std::vector<Ref> refs = sorted_refs(payload);
        spare.clear();
        spare.reserve(payload.size());
        for (const Ref& ref : refs)
            append_record(spare, record_at(payload.data() + ref.begin));
        payload.swap(spare);
        records = refs.size();
    }
    if (records == 0)
        return false;
    std::memcpy(&first_ns, payload.data() + sizeof(RecordSize), sizeof first_ns);
    return true;
}

} // namespace rcuscope
