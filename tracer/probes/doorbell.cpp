// SPDX-License-Identifier: BSD-2-Clause
#include "probes/doorbell.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace rcuscope {

namespace {

std::size_t page_bytes() {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Both positions count bytes since the buffer was made.
std::uint64_t* position(std::byte* page) {
    return reinterpret_cast<std::uint64_t*>(page);
}

} // namespace

Result<Doorbell> Doorbell::map(int map) {
    const auto page = [map](int protection, off_t at) {
        return ::mmap(nullptr, page_bytes(), protection, MAP_SHARED, map, at);
    };
    void* taken = page(PROT_READ | PROT_WRITE, 0);
    void* put = taken == MAP_FAILED ? MAP_FAILED : page(PROT_READ, static_cast<off_t>(page_bytes()));
    if (put == MAP_FAILED) {
        const int error_number = errno;
        if (taken != MAP_FAILED)
            ::munmap(taken, page_bytes());
        return fail(ExitCode::cannot_here, "cannot wait for the programs' buffers", errno_text(error_number));
    }
    return Doorbell(map, static_cast<std::byte*>(taken), static_cast<std::byte*>(put));
}

Doorbell::Doorbell(Doorbell&& other) noexcept
    : map_(other.map_), taken_(std::exchange(other.taken_, nullptr)), put_(other.put_) {}

Doorbell::~Doorbell() {
    if (!taken_)
        return;
    ::munmap(taken_, page_bytes());
    ::munmap(put_, page_bytes());
}

void Doorbell::silence() {
    const std::uint64_t put = __atomic_load_n(position(put_), __ATOMIC_ACQUIRE);
    __atomic_store_n(position(taken_), put, __ATOMIC_SEQ_CST);
}

} // namespace rcuscope
