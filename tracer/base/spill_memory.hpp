// SPDX-License-Identifier: BSD-2-Clause
//
// Growing memory that spills to disk, the storage of SpillVector (spill_vector.hpp). Its resident size is bounded.
//
// The lists of a recording share a heap budget (SpillBudget). A list that grows beyond the budget moves to a temporary
// file without a name, which is mapped: addresses stay the same until the list grows, as on the heap. The newest
// elements are in anonymous memory until they fill a chunk, which is then written. The number of resident chunks of the
// lists of a budget is bounded: a new one evicts the one that was reached first (FIFO). An access to an evicted chunk
// faults its pages in again. The kernel's page cache holds as much of the file as it has room for.
//
// A list belongs to the budget that the thread had bound (binding.hpp) when the list first grew. Only the thread that
// has bound the budget may grow the list or reach chunks of it, and no thread may release it while another one has
// bound the budget; the process aborts otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "base/binding.hpp"

namespace rcuscope {

struct SpillLimits { // bytes, for all lists of a budget together
    std::size_t heap = default_heap();
    std::size_t resident = 40U << 20; // of mapped chunks

    // A quarter of the memory that was available when it was first asked for, from 48 MiB to 1 GiB.
    static std::size_t default_heap();
};

class SpillBudget;

// The memory of one list: bytes that grow at the end.
class SpillMemory {
public:
    static constexpr unsigned chunk_shift = 20; // 1 MiB

    SpillMemory() noexcept;
    SpillMemory(SpillMemory&& other) noexcept;
    SpillMemory& operator=(SpillMemory&& other) noexcept;
    SpillMemory(const SpillMemory&) = delete;
    SpillMemory& operator=(const SpillMemory&) = delete;
    ~SpillMemory();

    std::byte* data() const { return data_; }
    std::size_t capacity() const { return capacity_; }
    bool in_file() const { return reached_ != nullptr; }

    // Makes room for at least so many bytes and keeps the contents. Throws LimitError if the temporary file cannot be
    // made or written, and std::bad_alloc.
    void grow(std::size_t bytes);

    // Call this before an access to the byte at this offset. Inline, because the chunk is resident most of the time.
    void make_resident(std::size_t place) const {
        if (reached_ != nullptr && reached_[place >> chunk_shift] == 0)
            reach_chunk(place >> chunk_shift);
    }

private:
    friend class SpillBudget;
    struct File;

    void grow_on_heap(std::size_t bytes);
    void grow_in_file(std::size_t bytes);
    void move_into_file();
    void reach_chunk(std::size_t chunk) const;
    void release();

    SpillBudget* budget_ = nullptr; // null: no memory
    std::byte* data_ = nullptr;
    std::size_t capacity_ = 0;        // usable bytes
    std::uint8_t* reached_ = nullptr; // for each chunk of the file: whether it counts as resident
    std::unique_ptr<File> file_;      // null: on the heap
};

// The memory budget of the lists of one recording. If it is destroyed before a list that uses it, the process aborts.
class SpillBudget : public Bindable {
public:
    SpillBudget();
    ~SpillBudget();

    SpillLimits limits; // a change applies to lists that grow from then on; tests make the limits small
    std::size_t on_heap() const { return on_heap_; } // bytes
    std::size_t files() const { return files_; }

private:
    friend class SpillMemory;
    struct Chunk {
        SpillMemory::File* file;
        std::size_t index;
    };

    std::size_t on_heap_ = 0;
    std::size_t files_ = 0;
    std::deque<Chunk> resident_; // the first was reached longest ago
};

} // namespace rcuscope
