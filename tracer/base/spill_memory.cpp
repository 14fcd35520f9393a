// SPDX-License-Identifier: BSD-2-Clause
#include "base/spill_memory.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/available_memory.hpp"
#include "base/file.hpp"
#include "base/limit_error.hpp"
#include "base/temporary_file.hpp"
#include "base/text_out.hpp"

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
    std::vector<std::uint8_t> reached; // by chunk; 1 for the window, which is not in SpillBudget::resident_
    SpillBudget& budget;

    explicit File(SpillBudget& of);
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
constexpr std::size_t max_growth = 32 * chunk_bytes;
constexpr std::size_t smallest_file = 64U << 10; // a shorter list stays on the heap
constexpr std::size_t first_addresses = 64 * chunk_bytes;

[[noreturn]] void no_room(int error_number) {
    throw LimitError({ExitCode::cannot_write, "cannot process a recording of this size",
                      temporary_folder() + ": " + errno_text(error_number),
                      "data that exceeds memory goes into a temporary file in that folder, about 100 bytes for each "
                      "callback: free some space there, or name another folder in TMPDIR"});
}

// Whether the limit on open files is reached. So many lists are short ones, and the heap can hold them.
bool no_file_left() {
    const Fd probe(::open("/", O_PATH | O_CLOEXEC));
    return !probe && (errno == EMFILE || errno == ENFILE);
}

} // namespace

std::size_t SpillLimits::default_heap() {
    static const std::size_t heap = std::clamp<std::size_t>(available_memory() / 4, 48U << 20, 1U << 30);
    return heap;
}

SpillBudget::SpillBudget() : Bindable("lists of a recording") {}

SpillBudget::~SpillBudget() {
    if (on_heap_ != 0 || files_ != 0) {
        StandardError() << "rcuscope: a list is used longer than its recording\n";
        std::abort();
    }
}

SpillMemory::File::File(SpillBudget& of) : budget(of) {
    budget.files_++;
}

SpillMemory::File::~File() {
    budget.files_--;
    std::erase_if(budget.resident_, [this](const auto& each) { return each.file == this; });
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
    : budget_(std::exchange(other.budget_, nullptr)), data_(std::exchange(other.data_, nullptr)),
      capacity_(std::exchange(other.capacity_, 0)), reached_(std::exchange(other.reached_, nullptr)),
      file_(std::move(other.file_)) {}

SpillMemory& SpillMemory::operator=(SpillMemory&& other) noexcept {
    if (this != &other) {
        release();
        budget_ = std::exchange(other.budget_, nullptr);
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
    if (budget_ == nullptr)
        return;
    budget_->check_no_other_thread();
    if (!file_) {
        std::free(data_);
        budget_->on_heap_ -= capacity_;
    }
    file_.reset();
    data_ = nullptr;
    reached_ = nullptr;
    capacity_ = 0;
    budget_ = nullptr;
}

void SpillMemory::grow(std::size_t bytes) {
    if (bytes <= capacity_)
        return;
    if (budget_ == nullptr)
        budget_ = &Binding<SpillBudget>::current();
    budget_->check_bound();
    // A long list grows in steps, so that it can use most of the budget. realloc() moves its pages, not its bytes.
    const std::size_t wanted = std::max(bytes, capacity_ + std::min(capacity_, max_growth));
    const bool on_heap = !file_ && (wanted < smallest_file ||
                                    budget_->on_heap_ - capacity_ + wanted <= budget_->limits.heap || no_file_left());
    if (on_heap)
        grow_on_heap(wanted);
    else
        grow_in_file(bytes);
}

void SpillMemory::grow_on_heap(std::size_t bytes) {
    auto* grown = static_cast<std::byte*>(std::realloc(data_, bytes));
    if (grown == nullptr)
        throw std::bad_alloc();
    budget_->on_heap_ += bytes - capacity_;
    data_ = grown;
    capacity_ = bytes;
}

void SpillMemory::move_into_file() {
    auto made = std::make_unique<File>(*budget_);
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
    budget_ = &made->budget;
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
    budget_->check_bound();
    auto& resident = budget_->resident_;
    const std::size_t limit = std::max<std::size_t>(budget_->limits.resident >> chunk_shift, 2);
    while (resident.size() >= limit) {
        const auto [file, gone] = resident.front();
        resident.pop_front();
        file->reached[gone] = 0;
        file->let_go(gone << chunk_shift, (gone + 1) << chunk_shift);
    }
    resident.push_back({file_.get(), chunk});
    reached_[chunk] = 1;
}

} // namespace rcuscope
