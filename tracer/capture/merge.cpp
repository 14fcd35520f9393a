// SPDX-License-Identifier: BSD-2-Clause
#include "capture/merge.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "base/prefetcher.hpp"
#include "base/tournament_tree.hpp"
#include "capture/chunk_opener.hpp"
#include "capture/open_chunk.hpp"
#include "capture/payload.hpp"

namespace rcuscope {
namespace {

// Limits of the prefetching: opened chunks, and batches of merged events.
constexpr std::size_t chunks_ahead = 8;
constexpr std::size_t batches_ahead = 4;

// A smaller file is read before a thread has started.
bool is_worth_threads(const InputFile& file) {
    constexpr std::uint64_t bytes = 16 << 10;
    return file.size() > bytes;
}

// Consecutive events in the order of time.
struct Batch {
    static constexpr std::size_t limit = 8192;

    std::vector<Event> events = std::vector<Event>(limit); // reused memory
    std::size_t size = 0;                                  // number of valid events
    std::uint64_t skipped = 0;                             // records in between that are no event
    Status status;                                         // the error that ends the merge after these events, if any
};

class Merge {
public:
    Merge(const InputFile& file, std::span<const EventChunk> chunks)
        : file_(file), chunks_(in_order(chunks)),
          ranks_(ranks_of(chunks_)), openers_{{{file, chunks_}, {file, chunks_}}}, own_opener_(file, chunks_),
          ahead_(make_by_each(std::span(openers_).first(opening_threads())), is_worth_threads(file) ? chunks_ahead : 0,
                 make_by(own_opener_)) {
        due_ = next_due();
        budget_ = open_bytes_floor + cpus() * open_bytes_per_cpu;
    }

    // Overwrites `batch` with the next events. Returns false if there are no more.
    bool next(Batch& batch) {
        batch.size = 0;
        batch.skipped = 0;
        while (!failed_ && batch.size < Batch::limit) {
            if (due_ < first_.first()) {
                batch.status = open_next();
                failed_ = !batch.status;
            } else if (first_.first() == never) {
                break;
            } else {
                take_records(batch);
            }
        }
        return batch.size != 0 || batch.skipped != 0 || !batch.status;
    }

private:
    // The sort key of a record. Upper half: its time. Lower half: the rank of its chunk (by CPU, then as sent), and in
    // the lowest place_bits the chunk's place, which is its index in open_, streams_ and first_. Keys are in the same
    // order as EventOrder (open_chunk.hpp).
    __extension__ using Key = unsigned __int128;
    static constexpr Key never = ~Key{0};
    static constexpr unsigned place_bits = 26;

    // The read state of an open chunk, between two of its records.
    struct Stream {
        const std::byte* at = nullptr; // the size of the next record
        std::uint64_t left = 0;        // records that are left
        std::uint64_t which = 0;       // the lower half of the chunk's keys
        std::uint32_t cpu = 0;
    };

    // A chunk of the writer's size takes less than half a MiB, and at most two of a CPU are open. The floor is for
    // recordings with many small chunks, because they were flushed often, and for unusual small recordings.
    static constexpr std::uint64_t open_bytes_floor = 64u << 20;
    static constexpr std::uint64_t open_bytes_per_cpu = 1u << 20;
    // An open chunk counts at least this many bytes, so place_bits hold every place.
    static_assert((open_bytes_floor + max_cpus * open_bytes_per_cpu) / OpenChunk::bookkeeping_bytes < 1u << place_bits);

    static constexpr std::size_t max_spare = chunks_ahead; // buffers of closed chunks that are kept for reuse

    // The number of threads that prefetch chunks; the merging thread also opens chunks instead of waiting. With more
    // threads than processors, a thread would often not run while another one waits for it.
    static std::size_t opening_threads() { return std::thread::hardware_concurrency() == 2 ? 1 : 2; }
    static Prefetcher<OpenedChunk>::Make make_by(ChunkOpener& opener) {
        return [&opener](OpenedChunk& opened, std::size_t number) { return opener.open(opened, number); };
    }
    static std::vector<Prefetcher<OpenedChunk>::Make> make_by_each(std::span<ChunkOpener> openers) {
        std::vector<Prefetcher<OpenedChunk>::Make> makers;
        makers.reserve(openers.size());
        for (ChunkOpener& opener : openers)
            makers.push_back(make_by(opener));
        return makers;
    }

    static std::vector<EventChunk> in_order(std::span<const EventChunk> chunks) {
        std::vector<EventChunk> sorted(chunks.begin(), chunks.end());
        std::sort(sorted.begin(), sorted.end(),
                  [](const EventChunk& a, const EventChunk& b) { return first_place(a) < first_place(b); });
        return sorted;
    }

    static std::vector<std::uint64_t> ranks_of(const std::vector<EventChunk>& chunks) {
        std::vector<std::size_t> order(chunks.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return std::tie(chunks[a].cpu, chunks[a].offset) < std::tie(chunks[b].cpu, chunks[b].offset);
        });
        std::vector<std::uint64_t> ranks(chunks.size());
        for (std::size_t rank = 0; rank < order.size(); rank++)
            ranks[order[rank]] = rank;
        return ranks;
    }

    std::uint64_t cpus() const {
        std::vector<std::uint32_t> numbers;
        for (const EventChunk& chunk : chunks_)
            numbers.push_back(chunk.cpu);
        std::sort(numbers.begin(), numbers.end());
        return static_cast<std::uint64_t>(std::unique(numbers.begin(), numbers.end()) - numbers.begin());
    }

    static Key key_of(std::uint64_t ns, std::uint64_t which) { return Key{ns} << 64 | which; }

    Key next_due() const {
        return opened_ < chunks_.size() ? key_of(chunks_[opened_].first_ns, ranks_[opened_] << place_bits) : never;
    }

    // Takes records until another chunk must be opened first, the batch is full, or a chunk has no more records.
    void take_records(Batch& batch) {
        std::size_t size = batch.size;
        std::size_t before = streams_.size();
        unsigned again = 0; // how often in a row the same chunk was first
        do {
            const std::size_t place = place_of(first_.first());
            Stream& stream = streams_[place];
            again = place == before ? again + 1 : 0;
            before = place;
            // A chunk that was first repeatedly most often stays first. Its records up to the second chunk's key are
            // taken without updates of the tournament tree.
            const Key until = again > 1 ? std::min(first_.first_but(place), due_) : Key{0};
            Key key = 0;
            do {
                const auto record = record_at(stream.at);
                if (decode_record(record, stream.cpu, batch.events[size])) [[likely]]
                    size++;
                else
                    batch.skipped++;
                if (--stream.left == 0) [[unlikely]] {
                    batch.size = size;
                    close(place);
                    return;
                }
                stream.at = record.data() + record.size();
                key = key_of(time_at(stream.at), stream.which);
            } while (key < until && size < Batch::limit);
            first_.set(place, key);
        } while (size < Batch::limit && first_.first() < due_);
        batch.size = size;
    }

    static std::size_t place_of(Key key) {
        return static_cast<std::size_t>(key) & ((std::size_t{1} << place_bits) - 1);
    }

    static std::uint64_t time_at(const std::byte* record) {
        std::uint64_t ns = 0;
        std::memcpy(&ns, record + sizeof(RecordSize), sizeof ns);
        return ns;
    }

    void close(std::size_t place) {
        OpenChunk& chunk = open_[place];
        held_bytes_ -= chunk.bytes();
        if (spare_.size() < max_spare)
            spare_.push_back(std::move(chunk.payload));
        chunk.payload = {};
        free_.push_back(place);
        first_.set(place, never);
    }

    Status open_next() {
        if (next_.chunk.payload.capacity() == 0 && !spare_.empty()) {
            next_.chunk.payload = std::move(spare_.back());
            spare_.pop_back();
        }
        ahead_.next(next_);
        if (!next_.status)
            return next_.status;
        const std::size_t place = free_place();
        OpenChunk& chunk = open_[place];
        chunk = std::move(next_.chunk);
        streams_[place] = {chunk.payload.data(), chunk.records, ranks_[opened_] << place_bits | place, chunk.cpu};
        ++opened_;
        due_ = next_due();
        held_bytes_ += chunk.bytes();
        if (held_bytes_ > budget_) {
            return file_.cannot_read("too many of its chunks overlap in time, which no recording does",
                                     "the file is damaged or forged: record again");
        }
        first_.set(place, key_of(chunk.first_ns, streams_[place].which));
        return {};
    }

    std::size_t free_place() {
        if (free_.empty()) {
            open_.emplace_back();
            streams_.emplace_back();
            while (first_.places() < open_.size())
                first_.add_places();
            return open_.size() - 1;
        }
        const std::size_t place = free_.back();
        free_.pop_back();
        return place;
    }

    const InputFile& file_;
    const std::vector<EventChunk> chunks_;   // sorted by their first event
    const std::vector<std::uint64_t> ranks_; // rank of each chunk by CPU, then as sent
    std::array<ChunkOpener, 2> openers_;     // one for each prefetching thread
    ChunkOpener own_opener_;
    Prefetcher<OpenedChunk> ahead_;
    std::size_t opened_ = 0;      // number of chunks opened so far
    Key due_ = never;             // key of the first record in the chunks that are not opened yet
    std::vector<OpenChunk> open_; // by place
    std::vector<Stream> streams_; // by place
    std::vector<std::size_t> free_;
    TournamentTree<Key> first_{never};
    OpenedChunk next_; // between two calls of open_next() only a buffer for reuse
    std::vector<std::vector<std::byte>> spare_;
    std::uint64_t held_bytes_ = 0;
    std::uint64_t budget_ = 0;
    bool failed_ = false;
};

} // namespace

Status merge_events(const InputFile& file, std::span<const EventChunk> chunks, std::uint64_t& skipped_records,
                    const std::function<void(const Event&)>& take) {
    Merge merge(file, chunks);
    Prefetcher<Batch> ahead({[&](Batch& batch, std::size_t) { return merge.next(batch); }},
                            is_worth_threads(file) ? batches_ahead : 0);
    Batch batch;
    while (ahead.next(batch)) {
        skipped_records += batch.skipped;
        for (const Event& event : std::span(batch.events).first(batch.size))
            take(event);
        if (!batch.status)
            return batch.status;
    }
    return {};
}

} // namespace rcuscope
