// SPDX-License-Identifier: BSD-2-Clause
//
// Memory of which little is resident, however much there is: what LongList (long_list.hpp) is made of.
//
// All lists together have a budget on the heap. One that grows when it is used up moves into a temporary file, which
// has no name, and is mapped: its elements keep their addresses as on the heap, until it grows. The newest are in
// memory until there are enough of them to be written. Of all mappings a bounded number of chunks is resident; what was
// reached longest ago goes when another chunk is reached, and is there again as soon as somebody looks. The kernel's
// page cache holds as much of the file as it has room for.
//
// One thread at a time has such memory: as long as there is any, that which made the first of it. If another one
// grows, reaches or releases some, the process ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace rcuscope {

struct LongMemoryLimits { // bytes, of all lists together
    std::size_t heap = 48U << 20;
    std::size_t resident = 40U << 20; // of what is in files

    // What is in force, for lists that grow from now on. Tests make it small.
    static LongMemoryLimits& in_force();
};

// A piece of such memory: bytes that grow at the end.
class LongMemory {
public:
    static constexpr unsigned chunk_shift = 20; // 1 MiB

    LongMemory() noexcept;
    LongMemory(LongMemory&& other) noexcept;
    LongMemory& operator=(LongMemory&& other) noexcept;
    LongMemory(const LongMemory&) = delete;
    LongMemory& operator=(const LongMemory&) = delete;
    ~LongMemory();

    std::byte* data() const { return data_; }
    std::size_t capacity() const { return capacity_; }
    bool in_file() const { return reached_ != nullptr; }

    // Room for at least so many bytes, what is there kept. Throws LimitError if the temporary file
    // has no room, std::bad_alloc.
    void grow(std::size_t bytes);

    // Before the byte at this place is looked at or changed. The one to call is inline, since most often there is
    // nothing to be done.
    void reach(std::size_t place) const {
        if (reached_ != nullptr && reached_[place >> chunk_shift] == 0) {
            reach_chunk(place >> chunk_shift);
        }
    }

private:
    struct File;

    void grow_on_heap(std::size_t bytes);
    void grow_in_file(std::size_t bytes);
    void move_into_file();
    void reach_chunk(std::size_t chunk) const;
    void release();

    std::byte* data_ = nullptr;
    std::size_t capacity_ = 0;        // bytes that can be used
    std::uint8_t* reached_ = nullptr; // of the file's chunks: whether they are counted as resident
    std::unique_ptr<File> file_;      // none: on the heap
};

} // namespace rcuscope
