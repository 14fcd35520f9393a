// SPDX-License-Identifier: BSD-2-Clause
#include "probes/ring.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace rcuscope {

namespace {

// The producers wake user space when they have filled 1/wake_share of the ring since the last release().
constexpr std::size_t wake_share = 4;

// For more bytes at once memset() uses an instruction that clears bytewise in microcode and is slow to start.
constexpr std::size_t clear_step = 1024;

} // namespace

Result<MappedMemory> MappedMemory::map(int map, std::size_t bytes) {
    void* begin = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
    if (begin == MAP_FAILED)
        return fail(ExitCode::cannot_here, "cannot map a buffer of the programs", errno_text(errno));
    return MappedMemory(static_cast<std::byte*>(begin), bytes);
}

MappedMemory::MappedMemory(MappedMemory&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)), bytes_(other.bytes_) {}

MappedMemory::~MappedMemory() {
    if (begin_)
        ::munmap(begin_, bytes_);
}

std::uint32_t Ring::segments_for(std::size_t bytes) {
    return static_cast<std::uint32_t>(std::max<std::size_t>(bytes / RS_SEGMENT_BYTES, 1));
}

Ring::Ring(rs_ring& ring, std::span<std::byte> segments, std::size_t bytes)
    : ring_(&ring), segments_(segments), bytes_(bytes) {
    release(begin());
}

std::span<std::byte> Ring::piece_of(std::uint64_t from, std::uint64_t to) const {
    const std::uint64_t offset = from & (RS_SEGMENT_BYTES - 1);
    const std::uint64_t size = std::min<std::uint64_t>(to - from, RS_SEGMENT_BYTES - offset);
    return segments_.subspan(from & (segments_.size() - 1), size);
}

std::span<const std::byte> Ring::piece(std::uint64_t from, std::uint64_t to) const {
    return from < to ? piece_of(from, to) : std::span<std::byte>();
}

void Ring::release(std::uint64_t to) {
    for (std::uint64_t from = begin(); from < to;) {
        const auto piece = piece_of(from, to);
        const std::size_t size = std::min(piece.size(), clear_step);
        std::memset(piece.data(), 0, size);
        from += size;
    }
    // Release order: after all reads and the clearing.
    __atomic_store_n(&ring_->tail, to, __ATOMIC_RELEASE);
    // Sequentially consistent: this store comes before the load of the head in fills_up(). A producer moves the head
    // before it loads wake_at. So the producer wakes user space, or fills_up() is true, or both.
    __atomic_store_n(&ring_->wake_at, to + bytes_ / wake_share, __ATOMIC_SEQ_CST);
}

} // namespace rcuscope
