// SPDX-License-Identifier: BSD-2-Clause
#include "probes/ring.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace rcuscope {

namespace {

std::size_t page_bytes() {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Of the page with the producer's position, and the data.
std::size_t producer_bytes(std::size_t bytes) {
    return page_bytes() + 2 * bytes;
}

// Both count bytes since the ring was made; they never wrap.
std::uint64_t* position(std::byte* page) {
    return reinterpret_cast<std::uint64_t*>(page);
}

} // namespace

Result<Ring> Ring::map(Fd map, std::size_t bytes) {
    void* consumer = ::mmap(nullptr, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, map.get(), 0);
    if (consumer == MAP_FAILED)
        return fail(ExitCode::cannot_here, "cannot map a buffer of the programs", errno_text(errno));
    void* producer =
        ::mmap(nullptr, producer_bytes(bytes), PROT_READ, MAP_SHARED, map.get(), static_cast<off_t>(page_bytes()));
    if (producer == MAP_FAILED) {
        const int error_number = errno;
        ::munmap(consumer, page_bytes());
        return fail(ExitCode::cannot_here, "cannot map a buffer of the programs", errno_text(error_number));
    }
    return Ring(std::move(map), static_cast<std::byte*>(consumer), static_cast<std::byte*>(producer), bytes);
}

Ring::Ring(Fd map, std::byte* consumer, std::byte* producer, std::size_t bytes)
    : map_(std::move(map)), consumer_(consumer), producer_(producer), bytes_(bytes) {}

Ring::Ring(Ring&& other) noexcept
    : map_(std::move(other.map_)), consumer_(std::exchange(other.consumer_, nullptr)), producer_(other.producer_),
      bytes_(other.bytes_) {}

Ring::~Ring() {
    if (!consumer_)
        return;
    ::munmap(consumer_, page_bytes());
    ::munmap(producer_, producer_bytes(bytes_));
}

std::span<const std::byte> Ring::unread() const {
    const std::uint64_t from = *position(consumer_); // written here only
    const std::uint64_t to = __atomic_load_n(position(producer_), __ATOMIC_ACQUIRE);
    return {producer_ + page_bytes() + (from & (bytes_ - 1)), static_cast<std::size_t>(to - from)};
}

void Ring::release(std::size_t bytes) {
    // After everything that was read of them.
    __atomic_store_n(position(consumer_), *position(consumer_) + bytes, __ATOMIC_RELEASE);
}

} // namespace rcuscope
