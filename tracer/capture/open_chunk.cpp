// SPDX-License-Identifier: BSD-2-Clause
#include "capture/open_chunk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "wire.h"

namespace rcuscope {

static_assert(offsetof(rs_header, ns) == 0, "a record begins with its time");

bool OpenChunk::begin() {
    bool in_order = true;
    std::uint64_t last_ns = 0;
    const bool whole = for_each_record(payload, [&](std::span<const std::byte> record) {
        std::uint64_t ns = 0;
        if (record.size() >= sizeof(rs_header)) {
            std::memcpy(&ns, record.data(), sizeof ns);
        } else {
            in_order = false;
        }
        in_order = in_order && ns >= last_ns;
        last_ns = ns;
        ++records_;
    });
    at_ = payload.data();
    left_ = records_;
    if (whole && !in_order) {
        sort();
    }
    if (!whole || left_ == 0) {
        return false;
    }
    look();
    return true;
}

// What has no time is left out: scan_capture() has counted it.
void OpenChunk::sort() {
    for_each_record(payload, [&](std::span<const std::byte> record) {
        if (const auto ns = record_time(record)) {
            const auto begin = static_cast<std::size_t>(record.data() - payload.data()) - sizeof(RecordSize);
            sorted_.push_back({*ns, static_cast<std::uint32_t>(begin)});
        }
    });
    std::sort(sorted_.begin(), sorted_.end(), [](const Ref& a, const Ref& b) { return a.key() < b.key(); });
    records_ = left_ = sorted_.size();
}

} // namespace rcuscope
