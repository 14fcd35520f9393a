// SPDX-License-Identifier: BSD-2-Clause
//
// Mutates capture files: whole chunks, their headers and their content. Most changes of single bytes would only make a
// file unreadable.
#include <random>
#include <utility>

#include "capture/payload.hpp"
#include "chunks.hpp"
#include "mutator.hpp"

namespace rcuscope::fuzz {

namespace {

class Mutator {
public:
    explicit Mutator(unsigned seed) : random_(seed) {}

    void change(RawCapture& capture) {
        auto& chunks = capture.chunks;
        const std::size_t at = below(chunks.size());
        switch (below(8)) {
        case 0:
            chunks.erase(chunks.begin() + static_cast<std::ptrdiff_t>(at));
            break;
        case 1:
            chunks.push_back(chunks[at]);
            break;
        case 2:
            std::swap(chunks[at], chunks[below(chunks.size())]);
            break;
        case 3:
            change_header(chunks[at].header);
            break;
        default:
            change_payload(chunks[at]);
            break;
        }
    }

    std::size_t below(std::size_t limit) { return random_() % limit; }

private:
    void change_header(ChunkHeader& header) {
        header.type = below(4) == 0 ? header.type : static_cast<std::uint16_t>(below(6));
        header.flags ^= static_cast<std::uint16_t>(below(8));
        header.cpu = static_cast<std::uint32_t>(below(4));
        if (below(4) == 0)
            header.size = static_cast<std::uint32_t>(random_());
    }

    void change_payload(RawChunk& chunk) {
        auto payload = payload_of(chunk);
        if (!payload)
            return;
        if (chunk.header.type == static_cast<std::uint16_t>(ChunkType::events) && below(8) != 0)
            change_records(*payload);
        else
            mutate(*payload, payload->size() + 64);
        set_payload(chunk, *payload, below(8) == 0);
    }

    void change_records(Bytes& payload) {
        std::vector<Bytes> records;
        for_each_record(payload,
                        [&](std::span<const std::byte> record) { records.emplace_back(record.begin(), record.end()); });
        if (records.empty())
            return;
        for (std::size_t times = 1 + below(4); times > 0; times--) {
            const std::size_t at = below(records.size());
            switch (below(8)) {
            case 0:
                if (records.size() > 1)
                    records.erase(records.begin() + static_cast<std::ptrdiff_t>(at));
                break;
            case 1:
                records.push_back(Bytes(records[at]));
                break;
            case 2:
                std::swap(records[at], records[below(records.size())]);
                break;
            case 3: // copy the time of another record, which is its first field
                copy_front(records[at], records[below(records.size())], sizeof(std::uint64_t));
                break;
            default:
                mutate(records[at], below(4) == 0 ? records[at].size() + 8 : records[at].size());
                break;
            }
        }
        payload.clear();
        for (const Bytes& record : records) {
            const auto size = static_cast<RecordSize>(record.size());
            const auto before = std::as_bytes(std::span(&size, 1));
            payload.insert(payload.end(), before.begin(), before.end());
            payload.insert(payload.end(), record.begin(), record.end());
        }
    }

    static void copy_front(Bytes& to, const Bytes& from, std::size_t size) {
        if (to.size() >= size && from.size() >= size)
            std::memmove(to.data(), from.data(), size);
    }

    static void mutate(Bytes& bytes, std::size_t limit) {
        std::vector<std::uint8_t> copy(std::max<std::size_t>(limit, 1));
        if (!bytes.empty())
            std::memcpy(copy.data(), bytes.data(), bytes.size());
        copy.resize(LLVMFuzzerMutate(copy.data(), bytes.size(), copy.size()));
        const auto changed = std::as_bytes(std::span(copy));
        bytes.assign(changed.begin(), changed.end());
    }

    std::minstd_rand random_;
};

} // namespace

} // namespace rcuscope::fuzz

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
    using namespace rcuscope::fuzz;
    Mutator mutator(seed);
    RawCapture capture = take_apart(bytes_of(data, size));
    if (capture.chunks.empty() || mutator.below(8) == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    mutator.change(capture);
    const Bytes changed = put_together(capture);
    if (changed.size() > max_size)
        return LLVMFuzzerMutate(data, size, max_size);
    std::memcpy(data, changed.data(), changed.size());
    return changed.size();
}
