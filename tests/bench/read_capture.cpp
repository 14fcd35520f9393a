// SPDX-License-Identifier: BSD-2-Clause
//
// Measures the capture reader by itself: it counts all events in time order. For comparison, measures zstd: to
// decompress the same records if zstd alone had compressed them, and to decompress the file's own chunks, which packing
// (capture/packing.hpp) has already made small. Reports processor time. For reading, in which threads open and merge
// chunks ahead, it also reports elapsed time.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capture/chunk_reader.hpp"
#include "capture/reader.hpp"

namespace {

using namespace rcuscope;

double processor_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

Status read_all(const std::string& path, std::uint64_t& events) {
    auto reader = CaptureReader::open(path);
    if (!reader)
        return tl::unexpected(reader.error());
    return reader->for_each_event([&](const Event&) { ++events; });
}

// In memory, so that only zstd's own time is measured.
class Frames {
public:
    void add(std::span<const std::byte> stored, std::size_t size) {
        frames_.push_back({{stored.begin(), stored.end()}, size});
        bytes_ += stored.size();
    }

    std::uint64_t bytes() const { return bytes_; } // compressed size

    // Decompresses all frames; returns the seconds.
    std::optional<double> decompress() const {
        Decompressor decompressor;
        std::vector<std::byte> out;
        const double begin = processor_seconds();
        for (const Frame& frame : frames_) {
            out.resize(std::max(out.size(), frame.size));
            if (!decompressor.decompress(frame.stored, std::span(out).first(frame.size)))
                return std::nullopt;
        }
        return processor_seconds() - begin;
    }

private:
    struct Frame {
        std::vector<std::byte> stored;
        std::size_t size = 0;
    };
    std::vector<Frame> frames_;
    std::uint64_t bytes_ = 0;
};

// Loads the frames of the file as it is, and frames of its unpacked records.
Status load(const std::string& path, Frames& packed, Frames& records) {
    auto file = InputFile::open(path);
    if (!file)
        return tl::unexpected(file.error());
    ChunkReader chunks(*file);
    Compressor compressor;
    std::vector<std::byte> payload;
    for (std::uint64_t at = sizeof(FileHeader); at < file->size();) {
        const auto chunk = chunks.read(at);
        if (!chunk)
            return file->cannot_read(chunk.error());
        at = chunk->end();
        if (chunk->type() != ChunkType::events || (chunk->header.flags & chunk_compressed) == 0)
            continue;
        packed.add(chunk->stored, chunk->header.size);
        if (const auto read = chunks.payload(*chunk, payload); !read)
            return file->cannot_read(read.error());
        if (const auto frame = compressor.compress(payload))
            records.add(*frame, payload.size());
    }
    return {};
}

int failed(const std::string& why) {
    std::cerr << "read_capture: " << why << "\n";
    return 2;
}

int measure(const std::string& path) {
    std::uint64_t events = 0;
    const auto began = std::chrono::steady_clock::now();
    const double begin = processor_seconds();
    Status status = read_all(path, events);
    const double reading = processor_seconds() - begin;
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began;
    Frames packed;
    Frames records;
    status = status.and_then([&] { return load(path, packed, records); });
    if (!status)
        return failed(status.error().what + ": " + status.error().why);
    const auto zstd = records.decompress();
    const auto zstd_packed = packed.decompress();
    if (!zstd || !zstd_packed)
        return failed(path + " cannot be decompressed");
    std::cout << R"({"events": )" << events << R"(, "reading_seconds": )" << reading << R"(, "reading_elapsed": )"
              << elapsed.count() << R"(, "zstd_seconds": )" << *zstd << R"(, "zstd_bytes": )" << records.bytes()
              << R"(, "zstd_of_packed_seconds": )" << *zstd_packed << R"(, "packed_bytes": )" << packed.bytes()
              << "}\n";
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: read_capture FILE.rcu\n";
        return 2;
    }
    return measure(argv[1]);
}
