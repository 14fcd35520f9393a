// SPDX-License-Identifier: BSD-2-Clause
#include "capture/merge.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <tuple>
#include <vector>

#include "base/heap.hpp"
#include "capture/chunk_reader.hpp"
#include "wire.h"

namespace rcuscope {
namespace {

// Where an event stands among all: by time, then CPU, then as sent, which is
// the offset of its chunk in the file: later chunks of a CPU were sent later.
struct Place {
    std::uint64_t ns = 0;
    std::uint32_t cpu = 0;
    std::uint64_t offset = 0;

    auto key() const { return std::tie(ns, cpu, offset); }
    friend bool operator<(const Place& a, const Place& b) { return a.key() < b.key(); }
    friend bool operator==(const Place& a, const Place& b) { return a.key() == b.key(); }
};

// The records of a chunk that is open, one at a time in the order of time.
class OpenChunk {
public:
    std::vector<std::byte> payload;
    std::uint64_t offset = 0; // in the file
    std::uint32_t cpu = 0;

    // Begins with the first record of the payload. False if it holds none, or is no records.
    bool begin() {
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

    std::uint64_t records() const { return records_; } // that have a time
    std::uint64_t ns() const { return ns_; }
    Place place() const { return {ns_, cpu, offset}; }
    std::span<const std::byte> record() const { return {at_ + sizeof size_, size_}; }
    bool done() const { return left_ == 0; }
    void next() {
        if (--left_ != 0) {
            ++at_ref_;
            at_ += sizeof size_ + size_;
            look();
        }
    }
    std::size_t bytes() const {
        constexpr std::size_t bookkeeping = 256;
        return bookkeeping + payload.capacity() + sorted_.capacity() * sizeof(Ref);
    }

private:
    struct Ref {
        std::uint64_t ns = 0;
        std::uint32_t begin = 0; // of its size, in the payload

        auto key() const { return std::tie(ns, begin); }
    };

    // What has no time is left out: scan_capture() has counted it.
    void sort() {
        for_each_record(payload, [&](std::span<const std::byte> record) {
            if (const auto ns = record_time(record)) {
                const auto begin = static_cast<std::size_t>(record.data() - payload.data()) - sizeof(RecordSize);
                sorted_.push_back({*ns, static_cast<std::uint32_t>(begin)});
            }
        });
        std::sort(sorted_.begin(), sorted_.end(), [](const Ref& a, const Ref& b) { return a.key() < b.key(); });
        records_ = left_ = sorted_.size();
    }

    void look() {
        if (!sorted_.empty()) [[unlikely]] {
            at_ = payload.data() + sorted_[at_ref_].begin;
        }
        std::memcpy(&size_, at_, sizeof size_);
        std::memcpy(&ns_, at_ + sizeof size_, sizeof ns_);
    }

    std::vector<Ref> sorted_; // by time, then as sent; none: they were sent so
    std::uint64_t records_ = 0;
    std::size_t left_ = 0;
    std::size_t at_ref_ = 0;        // of those that were sorted
    const std::byte* at_ = nullptr; // its size, in the payload
    std::uint64_t ns_ = 0;
    RecordSize size_ = 0;
};
static_assert(offsetof(rs_header, ns) == 0, "a record begins with its time");

struct Front { // when the next event of an open chunk is, and its slot
    std::uint64_t ns = 0;
    std::size_t slot = 0;
};

// For a heap whose first is the earliest.
struct Later {
    const std::vector<OpenChunk>& open; // by slot

    bool operator()(const Front& a, const Front& b) const {
        return a.ns != b.ns ? a.ns > b.ns : open[b.slot].place() < open[a.slot].place();
    }
};

class Merge {
public:
    Merge(const InputFile& file, std::span<const EventChunk> chunks, std::uint64_t& skipped_records,
          const std::function<void(const Event&)>& take)
        : file_(file), reader_(file), chunks_(chunks.begin(), chunks.end()), skipped_records_(skipped_records),
          take_(take) {
        std::sort(chunks_.begin(), chunks_.end(),
                  [](const EventChunk& a, const EventChunk& b) { return first_place(a) < first_place(b); });
        due_ns_ = next_due();
        budget_ = open_bytes_floor + cpus() * open_bytes_per_cpu;
    }

    Status run() {
        for (;;) {
            if (front_.empty() || due_ns_ <= front_.front().ns) {
                if (Status status = open_due(); !status || front_.empty()) {
                    return status;
                }
            }
            OpenChunk& chunk = open_[front_.front().slot];
            give_out(chunk);
            if (!chunk.done()) [[likely]] {
                front_.front().ns = chunk.ns();
                sift_first(front_, later_);
            } else {
                close_first(chunk);
            }
        }
    }

private:
    // A chunk of the writer's size takes less than half a MiB, and two of a CPU are open at most. The
    // floor is for recordings whose chunks were written often, and small ones that are odd.
    static constexpr std::uint64_t open_bytes_floor = 64u << 20;
    static constexpr std::uint64_t open_bytes_per_cpu = 1u << 20;

    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t next_due() const { return opened_ < chunks_.size() ? chunks_[opened_].first_ns : never; }
    static Place first_place(const EventChunk& chunk) { return {chunk.first_ns, chunk.cpu, chunk.offset}; }

    std::uint64_t cpus() const {
        std::vector<std::uint32_t> numbers;
        for (const EventChunk& chunk : chunks_) {
            numbers.push_back(chunk.cpu);
        }
        std::sort(numbers.begin(), numbers.end());
        return static_cast<std::uint64_t>(std::unique(numbers.begin(), numbers.end()) - numbers.begin());
    }

    // Opens every chunk whose first event is due before any of the chunks that are open.
    Status open_due() {
        while (opened_ < chunks_.size() && (front_.empty() || comes_before_front(chunks_[opened_]))) {
            if (Status status = open_next(); !status) {
                return status;
            }
        }
        return {};
    }

    void close_first(OpenChunk& chunk) {
        held_bytes_ -= chunk.bytes();
        spare_ = std::move(chunk.payload); // one, for the next; beside it, what is held is what is counted
        chunk = OpenChunk{};
        free_.push_back(front_.front().slot);
        std::pop_heap(front_.begin(), front_.end(), later_);
        front_.pop_back();
    }

    bool comes_before_front(const EventChunk& chunk) const {
        const Front& front = front_.front();
        return chunk.first_ns != front.ns ? chunk.first_ns < front.ns : first_place(chunk) < open_[front.slot].place();
    }

    Status open_next() {
        const std::size_t slot = free_slot();
        OpenChunk& chunk = open_[slot];
        chunk.payload = std::move(spare_);
        chunk.offset = chunks_[opened_].offset;
        chunk.cpu = chunks_[opened_].cpu;
        if (Status loaded = load(chunk); !loaded) {
            return loaded;
        }
        if (chunk.place() != first_place(chunks_[opened_])) {
            return changed();
        }
        ++opened_;
        due_ns_ = next_due();
        held_bytes_ += chunk.bytes();
        if (held_bytes_ > budget_) {
            return file_.cannot_read("too many of its chunks overlap in time: no recording does that",
                                     "the file was damaged or made up: record again");
        }
        front_.push_back({chunk.ns(), slot});
        std::push_heap(front_.begin(), front_.end(), later_);
        return {};
    }

    std::size_t free_slot() {
        if (free_.empty()) {
            open_.emplace_back();
            return open_.size() - 1;
        }
        const std::size_t slot = free_.back();
        free_.pop_back();
        return slot;
    }

    tl::unexpected<Error> changed() const {
        return file_.cannot_read("it changed while it was read", "read it when nothing writes to it any more");
    }

    Status load(OpenChunk& chunk) {
        const auto found = reader_.read(chunk.offset);
        if (!found || found->type() != ChunkType::events || found->header.cpu != chunk.cpu) {
            return changed();
        }
        const auto made_up = [&](const Damage& why) {
            return file_.cannot_read(why, "its checksum is right, so it was written like that: record again");
        };
        if (const auto read = reader_.payload(*found, chunk.payload); !read) {
            return made_up(read.error());
        }
        if (!chunk.begin()) {
            return made_up(damaged(chunk.offset, "a record runs over its end, or there is none"));
        }
        if (found->times && (chunk.records() != found->times->records || chunk.ns() != found->times->first_ns)) {
            return made_up(damaged(chunk.offset, "its records are not those that it claims"));
        }
        return {};
    }

    // Gives out the first chunk's next event, and more up to where another chunk's may come first.
    void give_out(OpenChunk& chunk) {
        std::uint64_t until = due_ns_;
        if (front_.size() > 1) { // one of these is the next
            until = std::min(until, front_[1].ns);
        }
        if (front_.size() > 2) {
            until = std::min(until, front_[2].ns);
        }
        do {
            if (decode_record(chunk.record(), chunk.cpu, event_)) {
                take_(event_);
            } else {
                ++skipped_records_;
            }
            chunk.next();
        } while (!chunk.done() && chunk.ns() < until);
    }

    const InputFile& file_;
    ChunkReader reader_;
    std::vector<EventChunk> chunks_; // by the place of their first event
    std::size_t opened_ = 0;         // of them
    std::uint64_t due_ns_ = never;   // when the first of the others is
    std::vector<OpenChunk> open_;    // by slot
    std::vector<std::size_t> free_;  // slots, to be used again
    std::vector<Front> front_;       // a heap
    const Later later_{open_};
    std::vector<std::byte> spare_;
    Event event_; // that is given out: its memory is used again
    std::uint64_t held_bytes_ = 0;
    std::uint64_t budget_ = 0;
    std::uint64_t& skipped_records_;
    const std::function<void(const Event&)>& take_;
};

} // namespace

Status merge_events(const InputFile& file, std::span<const EventChunk> chunks, std::uint64_t& skipped_records,
                    const std::function<void(const Event&)>& take) {
    return Merge(file, chunks, skipped_records, take).run();
}

} // namespace rcuscope
