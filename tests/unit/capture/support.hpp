// SPDX-License-Identifier: BSD-2-Clause
//
// Helpers for the tests of capture files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "capture/format.hpp"
#include "capture/payload.hpp"
#include "capture/reader.hpp"
#include "capture/ring_records.hpp"
#include "capture/writer.hpp"
#include "temp_dir.hpp"
#include "wire.h"

namespace rcuscope::test {

using Bytes = std::vector<std::byte>;

inline Bytes read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

inline void write_file(const std::string& path, std::span<const std::byte> bytes) {
    std::string text(bytes.size(), '\0');
    std::transform(bytes.begin(), bytes.end(), text.begin(), [](std::byte b) { return static_cast<char>(b); });
    std::ofstream(path, std::ios::binary) << text;
}

template <typename T>
Bytes bytes_of(const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    return {bytes.begin(), bytes.end()};
}

inline Bytes bytes_of_text(const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

inline void append(Bytes& to, std::span<const std::byte> more) {
    to.insert(to.end(), more.begin(), more.end());
}

inline rs_header header_of(rs_kind kind, rs_u64 ns, rs_u16 aux = 0, rs_u32 tid = 7) {
    return {ns, tid, static_cast<rs_u16>(kind), aux};
}

// A record whose `head` distinguishes it from all others.
inline Bytes cb_record(rs_u64 ns, rs_u64 head) {
    return bytes_of(rs_cb{header_of(RS_CB_INVOKED, ns), head, 0});
}

// Appends a record to the contents of a ring buffer.
inline void put_in_ring(Bytes& ring, std::span<const std::byte> record, bool whole = true) {
    append(ring, bytes_of(rs_ring_header{whole ? record.size() : 0}));
    append(ring, record);
    ring.resize((ring.size() + 7) & ~std::size_t{7});
}

inline std::uint64_t head_of(const Event& event) {
    return std::get<event::CbInvoked>(event.body).head;
}

inline Metadata metadata_of_cpus(std::uint32_t cpus) {
    Metadata metadata;
    metadata.tool_version = "0.1.0";
    metadata.host.cpus = cpus;
    return metadata;
}

// A chunk in the writer's format with arbitrary contents.
inline Bytes chunk_of(std::uint16_t type, std::span<const std::byte> stored, std::uint32_t cpu = 0,
                      std::uint16_t flags = 0, std::uint32_t size = 0) {
    ChunkHeader header{};
    header.magic = chunk_magic;
    header.type = type;
    header.flags = flags;
    header.cpu = cpu;
    header.stored = static_cast<std::uint32_t>(stored.size());
    header.size = size != 0 ? size : header.stored;
    header.checksum = chunk_checksum(header, stored);
    Bytes chunk = bytes_of(header);
    append(chunk, stored);
    return chunk;
}

inline Bytes chunk_of(ChunkType type, std::span<const std::byte> stored, std::uint32_t cpu = 0) {
    return chunk_of(static_cast<std::uint16_t>(type), stored, cpu);
}

inline Bytes sized(std::span<const std::byte> record) {
    Bytes out = bytes_of(static_cast<RecordSize>(record.size()));
    append(out, record);
    return out;
}

inline Result<CaptureWriter> capture_at(const std::string& path, const Metadata& metadata) {
    return OutputTarget::resolve(path).and_then(
        [&](OutputTarget target) { return CaptureWriter::create({std::move(target)}, metadata); });
}

// The beginning of a capture of `cpus` CPUs: its header and its metadata.
inline Bytes capture_beginning(const TempDir& dir, std::uint32_t cpus) {
    const std::string path = dir.file("beginning.rcu");
    auto writer = capture_at(path, metadata_of_cpus(cpus));
    EXPECT_TRUE(writer);
    Bytes beginning = read_file(writer->path());
    writer->discard();
    return beginning;
}

struct ReadBack {
    std::vector<Event> events;
    CaptureExtent extent;
    std::optional<Trailer> trailer;
};

inline Result<ReadBack> read_back(Result<InputFile> file) {
    auto reader = CaptureReader::open(std::move(file));
    if (!reader)
        return tl::unexpected<Error>(reader.error());
    ReadBack back;
    const Status read = reader->for_each_event([&](const Event& event) { back.events.push_back(event); });
    if (!read)
        return tl::unexpected<Error>(read.error());
    back.extent = reader->extent();
    back.trailer = reader->trailer();
    return back;
}

inline Result<ReadBack> read_back(const std::string& path) {
    return read_back(InputFile::open(path));
}

inline Result<ReadBack> read_back(const TempDir& dir, std::span<const std::byte> bytes) {
    const std::string path = dir.file("made.rcu");
    write_file(path, bytes);
    return read_back(path);
}

} // namespace rcuscope::test
