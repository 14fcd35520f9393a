// SPDX-License-Identifier: BSD-2-Clause
#include "capture/merge.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "base/ahead.hpp"
#include "base/heap.hpp"
#include "capture/chunk_reader.hpp"
#include "capture/open_chunk.hpp"

namespace rcuscope {
namespace {

Place first_place(const EventChunk& chunk) {
    return {chunk.first_ns, chunk.cpu, chunk.offset};
}

// A chunk that was opened ahead, or why it could not be.
struct Opened {
    OpenChunk chunk;
    Status status;
};

// Opens chunks, one after the other.
class Opener {
public:
    // `chunks` in the order in which they are to be opened. Refers to both.
    Opener(const InputFile& file, const std::vector<EventChunk>& chunks)
        : file_(file), reader_(file), chunks_(chunks) {}

    // Into one that is not needed any more. False if there are no more.
    bool open(Opened& out) {
        if (opened_ == chunks_.size()) {
            return false;
        }
        const EventChunk& wanted = chunks_[opened_++];
        std::vector<std::byte> memory = std::move(out.chunk.payload);
        out.chunk = OpenChunk{};
        out.chunk.payload = std::move(memory);
        out.chunk.offset = wanted.offset;
        out.chunk.cpu = wanted.cpu;
        out.status = load(out.chunk);
        if (out.status && out.chunk.place() != first_place(wanted)) {
            out.status = changed();
        }
        return true;
    }

private:
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
        if (chunk.payload.capacity() > 2 * chunk.payload.size()) { // a larger one's memory
            chunk.payload.shrink_to_fit();
        }
        if (!chunk.begin()) {
            return made_up(damaged(chunk.offset, "a record runs over its end, or there is none"));
        }
        if (found->times && (chunk.records() != found->times->records || chunk.ns() != found->times->first_ns)) {
            return made_up(damaged(chunk.offset, "its records are not those that it claims"));
        }
        return {};
    }

    const InputFile& file_;
    ChunkReader reader_;
    const std::vector<EventChunk>& chunks_;
    std::size_t opened_ = 0;
};

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
        : file_(file), chunks_(in_order(chunks)), opener_(file, chunks_),
          ahead_([this](Opened& opened) { return opener_.open(opened); }, chunks_.size() > 1 ? most_ahead : 0),
          skipped_records_(skipped_records), take_(take) {
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

    // Opening is most of reading: while the events of some are given out, others are opened.
    static constexpr std::size_t most_ahead = 4;

    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t next_due() const { return opened_ < chunks_.size() ? chunks_[opened_].first_ns : never; }
    static std::vector<EventChunk> in_order(std::span<const EventChunk> chunks) {
        std::vector<EventChunk> sorted(chunks.begin(), chunks.end());
        std::sort(sorted.begin(), sorted.end(),
                  [](const EventChunk& a, const EventChunk& b) { return first_place(a) < first_place(b); });
        return sorted;
    }

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
        spare_.chunk.payload = std::move(chunk.payload); // its memory is used again
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
        ahead_.next(spare_);
        if (!spare_.status) {
            return spare_.status;
        }
        const std::size_t slot = free_slot();
        OpenChunk& chunk = open_[slot];
        chunk = std::move(spare_.chunk);
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
    const std::vector<EventChunk> chunks_; // by the place of their first event
    Opener opener_;
    Ahead<Opened> ahead_;
    std::size_t opened_ = 0;        // of the chunks
    std::uint64_t due_ns_ = never;  // when the first of the others is
    std::vector<OpenChunk> open_;   // by slot
    std::vector<std::size_t> free_; // slots, to be used again
    std::vector<Front> front_;      // a heap
    const Later later_{open_};
    Opened spare_; // between two that are opened nothing but memory
    Event event_;  // that is given out: its memory is used again
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
