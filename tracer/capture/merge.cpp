// SPDX-License-Identifier: BSD-2-Clause
#include "capture/merge.hpp"

#include <algorithm>
#include <queue>
#include <tuple>
#include <vector>

#include "capture/chunk_reader.hpp"

namespace rcuscope {
namespace {

// Where an event stands among all: by time, then CPU, then as sent, which is
// the offset of its chunk in the file: later chunks of a CPU were sent later.
using Place = std::tuple<std::uint64_t, std::uint32_t, std::uint64_t>;

struct RecordRef {
    std::uint64_t ns = 0;
    std::uint32_t begin = 0; // in the payload
    RecordSize size = 0;

    auto key() const { return std::tie(ns, begin); }
};

struct OpenChunk {
    std::vector<std::byte> payload;
    std::vector<RecordRef> records; // by time, then as sent
    std::size_t next = 0;           // of the records
    std::uint64_t offset = 0;
    std::uint32_t cpu = 0;

    Place place() const { return {records[next].ns, cpu, offset}; }
    bool done() const { return next == records.size(); }
    std::size_t bytes() const {
        constexpr std::size_t bookkeeping = 256;
        return bookkeeping + payload.capacity() + records.capacity() * sizeof(RecordRef);
    }
    std::span<const std::byte> record() const {
        return std::span(payload).subspan(records[next].begin, records[next].size);
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
        budget_ = open_bytes_floor + cpus() * open_bytes_per_cpu;
    }

    Status run() {
        while (opened_ < chunks_.size() || !front_.empty()) {
            if (Status status = open_due(); !status) {
                return status;
            }
            const auto [place, slot] = front_.top();
            front_.pop();
            give_out(open_[slot]);
            if (open_[slot].done()) {
                held_bytes_ -= open_[slot].bytes();
                open_[slot] = OpenChunk{}; // with its memory: what is held is what is counted
                free_.push_back(slot);
            } else {
                front_.emplace(open_[slot].place(), slot);
            }
        }
        return {};
    }

private:
    // A chunk of the writer's size takes less than half a MiB. The floor is for
    // recordings whose chunks were written often, and small ones that are odd.
    static constexpr std::uint64_t open_bytes_floor = 256u << 20;
    static constexpr std::uint64_t open_bytes_per_cpu = 4u << 20;

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
        while (opened_ < chunks_.size() && (front_.empty() || first_place(chunks_[opened_]) < front_.top().first)) {
            if (Status status = open_next(); !status) {
                return status;
            }
        }
        return {};
    }

    Status open_next() {
        const std::size_t slot = free_slot();
        OpenChunk& chunk = open_[slot];
        chunk.offset = chunks_[opened_].offset;
        chunk.cpu = chunks_[opened_].cpu;
        if (!load(chunk) || chunk.place() != first_place(chunks_[opened_])) {
            return file_.cannot_read("it changed while it was read", "read it when nothing writes to it any more");
        }
        ++opened_;
        held_bytes_ += chunk.bytes();
        if (held_bytes_ > budget_) {
            return file_.cannot_read("too many of its chunks overlap in time: no recording does that",
                                     "the file was damaged or made up: record again");
        }
        front_.emplace(chunk.place(), slot);
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

    bool load(OpenChunk& chunk) {
        const auto found = reader_.read(chunk.offset);
        if (!found || found->type() != ChunkType::events || found->header.cpu != chunk.cpu ||
            !reader_.payload(*found, chunk.payload)) {
            return false;
        }
        const bool whole = for_each_record(chunk.payload, [&](std::span<const std::byte> record) {
            if (const auto ns = record_time(record)) {
                const auto begin = static_cast<std::uint32_t>(record.data() - chunk.payload.data());
                chunk.records.push_back({*ns, begin, static_cast<RecordSize>(record.size())});
            }
        });
        const auto earlier = [](const RecordRef& a, const RecordRef& b) { return a.key() < b.key(); };
        if (!std::is_sorted(chunk.records.begin(), chunk.records.end(), earlier)) {
            std::sort(chunk.records.begin(), chunk.records.end(), earlier);
        }
        return whole && !chunk.records.empty();
    }

    // Gives out a chunk's events up to where another chunk's next one comes first.
    void give_out(OpenChunk& chunk) {
        const bool others_open = !front_.empty();
        const bool others_wait = opened_ < chunks_.size();
        do {
            if (const auto event = decode_record(chunk.record(), chunk.cpu)) {
                take_(*event);
            } else {
                ++skipped_records_;
            }
            ++chunk.next;
        } while (!chunk.done() && !(others_open && front_.top().first < chunk.place()) &&
                 !(others_wait && first_place(chunks_[opened_]) < chunk.place()));
    }

    using Front = std::pair<Place, std::size_t>; // the next event of an open chunk, and its slot

    const InputFile& file_;
    ChunkReader reader_;
    std::vector<EventChunk> chunks_; // by the place of their first event
    std::size_t opened_ = 0;         // of them
    std::vector<OpenChunk> open_;    // by slot
    std::vector<std::size_t> free_;  // slots, to be used again
    std::priority_queue<Front, std::vector<Front>, std::greater<>> front_;
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
