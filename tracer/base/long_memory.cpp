// SPDX-License-Identifier: BSD-2-Clause
#include "base/long_memory.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/temporary_file.hpp"

namespace rcuscope {

struct LongMemory::File {
    Fd fd;
    std::byte* data = nullptr;
    std::size_t mapped = 0;            // bytes; only what has a place on the disk is ever touched
    std::vector<std::uint8_t> reached; // by chunk

    ~File();
};

namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << LongMemory::chunk_shift;
constexpr std::size_t smallest_file = 64U << 10; // a shorter list is not worth one
constexpr std::size_t file_step = 8 * chunk_bytes;

[[noreturn]] void no_room(int error_number) {
    throw NoRoom({ExitCode::bad_input, "cannot hold so large a recording",
                  temporary_folder() + ": " + errno_text(error_number),
                  "what does not fit into memory goes into a temporary file there, about 100 bytes for each callback: "
                  "make room, or name another folder in TMPDIR"});
}

// A process may have so many files and no more. Lists as many as that are not long.
bool no_file_left() {
    const Fd probe(::open("/", O_PATH | O_CLOEXEC));
    return !probe && (errno == EMFILE || errno == ENFILE);
}

// What all lists of the process have together.
struct Shared {
    LongMemoryLimits limits;
    std::size_t on_heap = 0;
    std::deque<std::pair<void*, std::size_t>> resident; // file and chunk, reached longest ago first
};

Shared& shared() {
    static Shared all;
    return all;
}

} // namespace

LongMemoryLimits& LongMemoryLimits::in_force() {
    return shared().limits;
}

LongMemory::File::~File() {
    std::erase_if(shared().resident, [this](const auto& each) { return each.first == this; });
    if (data != nullptr) {
        ::munmap(data, mapped);
    }
}

LongMemory::LongMemory() noexcept = default;

LongMemory::LongMemory(LongMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)),
      reached_(std::exchange(other.reached_, nullptr)), file_(std::move(other.file_)) {}

LongMemory& LongMemory::operator=(LongMemory&& other) noexcept {
    if (this != &other) {
        release();
        data_ = std::exchange(other.data_, nullptr);
        capacity_ = std::exchange(other.capacity_, 0);
        reached_ = std::exchange(other.reached_, nullptr);
        file_ = std::move(other.file_);
    }
    return *this;
}

LongMemory::~LongMemory() {
    release();
}

void LongMemory::release() {
    if (!file_ && data_ != nullptr) {
        std::free(data_);
        shared().on_heap -= capacity_;
    }
    file_.reset();
    data_ = nullptr;
    reached_ = nullptr;
    capacity_ = 0;
}

void LongMemory::grow(std::size_t bytes) {
    if (bytes <= capacity_) {
        return;
    }
    const std::size_t wanted = std::max(bytes, capacity_ * 2);
    const bool on_heap = !file_ && (wanted < smallest_file ||
                                    shared().on_heap - capacity_ + wanted <= shared().limits.heap || no_file_left());
    if (on_heap) {
        grow_on_heap(wanted);
    } else {
        grow_in_file(bytes);
    }
}

void LongMemory::grow_on_heap(std::size_t bytes) {
    auto* grown = static_cast<std::byte*>(std::realloc(data_, bytes));
    if (grown == nullptr) {
        throw std::bad_alloc();
    }
    shared().on_heap += bytes - capacity_;
    data_ = grown;
    capacity_ = bytes;
}

void LongMemory::grow_in_file(std::size_t bytes) {
    const bool moves = !file_;
    std::unique_ptr<File> made;
    if (moves) {
        made = std::make_unique<File>();
        made->fd = temporary_file();
        if (!made->fd) {
            no_room(errno);
        }
    }
    File& file = moves ? *made : *file_;
    const std::size_t old = moves ? 0 : capacity_;
    const std::size_t size = (std::max(bytes, old + file_step) + chunk_bytes - 1) / chunk_bytes * chunk_bytes;
    // All of it gets its place now: a full disk later would be a SIGBUS.
    if (const int error = ::posix_fallocate(file.fd.get(), static_cast<off_t>(old), static_cast<off_t>(size - old));
        error != 0) {
        no_room(error);
    }
    if (size > file.mapped) {
        const std::size_t mapped = std::max(size, 2 * file.mapped);
        void* at = file.data == nullptr ? ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd.get(), 0)
                                        : ::mremap(file.data, file.mapped, mapped, MREMAP_MAYMOVE);
        if (at == MAP_FAILED) {
            no_room(errno);
        }
        file.data = static_cast<std::byte*>(at);
        file.mapped = mapped;
    }
    file.reached.resize(size >> chunk_shift, 0);
    if (moves) {
        if (data_ != nullptr) {
            std::memcpy(file.data, data_, capacity_);
        }
        release();
        file_ = std::move(made);
    }
    data_ = file.data;
    reached_ = file.reached.data();
    capacity_ = size;
}

void LongMemory::reach_chunk(std::size_t chunk) const {
    auto& resident = shared().resident;
    const std::size_t most = std::max<std::size_t>(shared().limits.resident >> chunk_shift, 2);
    while (resident.size() >= most) {
        File& file = *static_cast<File*>(resident.front().first);
        const std::size_t gone = resident.front().second;
        resident.pop_front();
        file.reached[gone] = 0;
        // An element may reach over the border: the next chunk's first page, too. The page cache keeps what is written.
        const std::size_t begin = gone << chunk_shift;
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        ::madvise(file.data + begin, std::min(chunk_bytes + page, file.mapped - begin), MADV_DONTNEED);
    }
    resident.emplace_back(file_.get(), chunk);
    reached_[chunk] = 1;
}

} // namespace rcuscope
