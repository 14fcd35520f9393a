// SPDX-License-Identifier: BSD-2-Clause
#include "base/spill_memory.hpp"

#include <algorithm>
#include <bit>
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
#include "base/interning.hpp"
#include "base/limit_error.hpp"
#include "base/temporary_file.hpp"

namespace rcuscope {

// A reserved address range, larger than its contents. From `data` on it holds:
//
//     the file, mapped | the window, one chunk | unused addresses
//
// New elements go into the window, which is anonymous memory. A full window is written to the file with one call. To
// write through the mapping instead would take a page fault for each page, and on some file systems a page that becomes
// dirty costs several times as much as its share of a write.
struct SpillMemory::File {
    Fd fd;
    std::byte* data = nullptr;
    std::size_t addresses = 0;         // bytes reserved
    std::size_t written = 0;           // bytes in the file; the window begins here
    std::vector<std::uint8_t> reached; // by chunk; 1 for the window, which is not in Shared::resident

    File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File();
    std::byte* window() const { return data + written; }
    void take_addresses(std::size_t bytes);
    void write(const std::byte* from, std::size_t bytes);
    void next_window();
    void let_go(std::size_t begin, std::size_t end) const;
};

namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << SpillMemory::chunk_shift;
constexpr std::size_t smallest_file = 64U << 10; // a shorter list stays on the heap
constexpr std::size_t first_addresses = 64 * chunk_bytes;

[[noreturn]] void no_room(int error_number) {
    throw LimitError(
        {ExitCode::cannot_write, "cannot hold so large a recording",
         temporary_folder() + ": " + errno_text(error_number),
         "what does not fit into memory goes into a temporary file there, about 100 bytes for each callback: "
         "make room, or name another folder in TMPDIR"});
}

// Whether the limit on open files is reached. So many lists are short ones, and the heap can hold them.
bool no_file_left() {
    const Fd probe(::open("/", O_PATH | O_CLOEXEC));
    return !probe && (errno == EMFILE || errno == ENFILE);
}

// The state that all lists of the process share.
struct Shared {
    SpillLimits limits;
    std::size_t on_heap = 0;
    std::deque<std::pair<void*, std::size_t>> resident; // file and chunk; the first was reached longest ago
    std::size_t files = 0;
    interning::OwnerThread owner; // while any list has memory

    void check_thread() {
        if (on_heap == 0 && files == 0)
            owner.release();
        owner.check("lists of a recording");
    }
};

Shared& shared() {
    static Shared all;
    return all;
}

} // namespace

SpillLimits& SpillLimits::in_force() {
    return shared().limits;
}

SpillMemory::File::File() {
    shared().files++;
}

SpillMemory::File::~File() {
    shared().files--;
    std::erase_if(shared().resident, [this](const auto& each) { return each.first == this; });
    if (data != nullptr)
        ::munmap(data, addresses);
}

void SpillMemory::File::take_addresses(std::size_t bytes) {
    void* const taken = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (taken == MAP_FAILED)
        no_room(errno);
    auto* const at = static_cast<std::byte*>(taken);
    const auto put = [&](void* mapped) {
        if (mapped == MAP_FAILED) {
            const int error = errno;
            ::munmap(at, bytes);
            no_room(error);
        }
    };
    if (written > 0)
        put(::mmap(at, written, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd.get(), 0));
    if (data == nullptr) {
        put(::mmap(at + written, chunk_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    } else {
        put(::mremap(window(), chunk_bytes, chunk_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, at + written));
        ::munmap(data, addresses);
    }
    data = at;
    addresses = bytes;
}

void SpillMemory::File::write(const std::byte* from, std::size_t bytes) {
    for (std::size_t done = 0; done < bytes;) {
        const ssize_t put = ::pwrite(fd.get(), from + done, bytes - done, static_cast<off_t>(written + done));
        if (put < 0 && errno != EINTR)
            no_room(errno);
        done += put < 0 ? 0 : static_cast<std::size_t>(put);
    }
}

// mremap() moves the window's pages to the next addresses, so that the new window needs no page faults.
void SpillMemory::File::next_window() {
    if (written + 2 * chunk_bytes > addresses)
        take_addresses(2 * addresses);
    write(window(), chunk_bytes);
    std::byte* const full = window();
    if (::mremap(full, chunk_bytes, chunk_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, full + chunk_bytes) == MAP_FAILED ||
        ::mmap(full, chunk_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd.get(),
               static_cast<off_t>(written)) == MAP_FAILED)
        no_room(errno);
    reached.back() = 0;
    reached.push_back(1);
    written += chunk_bytes;
}

SpillMemory::SpillMemory() noexcept = default;

SpillMemory::SpillMemory(SpillMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)),
      reached_(std::exchange(other.reached_, nullptr)), file_(std::move(other.file_)) {}

SpillMemory& SpillMemory::operator=(SpillMemory&& other) noexcept {
    if (this != &other) {
        release();
        data_ = std::exchange(other.data_, nullptr);
        capacity_ = std::exchange(other.capacity_, 0);
        reached_ = std::exchange(other.reached_, nullptr);
        file_ = std::move(other.file_);
    }
    return *this;
}

SpillMemory::~SpillMemory() {
    release();
}

void SpillMemory::release() {
    if (data_ != nullptr)
        shared().check_thread();
    if (!file_ && data_ != nullptr) {
        std::free(data_);
        shared().on_heap -= capacity_;
    }
    file_.reset();
    data_ = nullptr;
    reached_ = nullptr;
    capacity_ = 0;
}

void SpillMemory::grow(std::size_t bytes) {
    if (bytes <= capacity_)
        return;
    shared().check_thread();
    const std::size_t wanted = std::max(bytes, capacity_ * 2);
    const bool on_heap = !file_ && (wanted < smallest_file ||
                                    shared().on_heap - capacity_ + wanted <= shared().limits.heap || no_file_left());
    if (on_heap)
        grow_on_heap(wanted);
    else
        grow_in_file(bytes);
}

void SpillMemory::grow_on_heap(std::size_t bytes) {
    auto* grown = static_cast<std::byte*>(std::realloc(data_, bytes));
    if (grown == nullptr)
        throw std::bad_alloc();
    shared().on_heap += bytes - capacity_;
    data_ = grown;
    capacity_ = bytes;
}

void SpillMemory::move_into_file() {
    auto made = std::make_unique<File>();
    made->fd = temporary_file();
    if (!made->fd)
        no_room(errno);
    const std::size_t whole = capacity_ / chunk_bytes * chunk_bytes;
    made->write(data_, whole);
    made->written = whole;
    made->reached.resize(whole / chunk_bytes, 0);
    made->reached.push_back(1);
    made->take_addresses(std::max(first_addresses, std::bit_ceil(whole + chunk_bytes)));
    if (data_ != nullptr)
        std::memcpy(made->window(), data_ + whole, capacity_ - whole);
    release();
    file_ = std::move(made);
}

void SpillMemory::grow_in_file(std::size_t bytes) {
    if (!file_)
        move_into_file();
    const auto take = [this] {
        data_ = file_->data;
        reached_ = file_->reached.data();
        capacity_ = file_->written + chunk_bytes;
    };
    for (take(); capacity_ < bytes; take())
        file_->next_window();
}

// Drops whole pages and the next page, since an element may cross the end of the chunk. The page cache keeps the
// written data. The window has no other copy, so the range stops at `written`.
void SpillMemory::File::let_go(std::size_t begin, std::size_t end) const {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t first = begin / page * page;
    const std::size_t last = std::min((end / page + 1) * page, written);
    if (first < last)
        ::madvise(data + first, last - first, MADV_DONTNEED);
}

void SpillMemory::reach_chunk(std::size_t chunk) const {
    shared().check_thread();
    auto& resident = shared().resident;
    const std::size_t limit = std::max<std::size_t>(shared().limits.resident >> chunk_shift, 2);
    while (resident.size() >= limit) {
        File& file = *static_cast<File*>(resident.front().first);
        const std::size_t gone = resident.front().second;
        resident.pop_front();
        file.reached[gone] = 0;
        file.let_go(gone << chunk_shift, (gone + 1) << chunk_shift);
    }
    resident.emplace_back(file_.get(), chunk);
    reached_[chunk] = 1;
}

} // namespace rcuscope
