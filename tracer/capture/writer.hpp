// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "capture/metadata.hpp"

namespace rcuscope {

struct SymbolInfo {
    std::uint64_t address = 0; // the code address, not the function's start
    std::string name;          // the function, without suffix of the module
    std::uint64_t offset = 0;  // address minus the function's start
    std::string module;        // empty for the kernel proper
};

// Writes a capture file. Every error is final: the file then ends with the last
// whole chunk. Not thread-safe.
class CaptureWriter {
public:
    // Creates (mode 0600: it holds kernel addresses) or empties the file and writes
    // its header and metadata.
    static Result<CaptureWriter> create(const std::string& path, const Metadata& metadata);

    CaptureWriter(CaptureWriter&&) noexcept;
    CaptureWriter& operator=(CaptureWriter&&) noexcept;
    ~CaptureWriter();

    // Takes one wire record of a CPU (below Metadata::host.cpus). Held back until a
    // chunk is full or flush().
    Status record(std::uint32_t cpu, std::span<const std::byte> record);

    // Takes records of a CPU as ring_records.hpp says, each part whole records, valid during the call only.
    // Held back, as of record(). What comes fast is packed, but not compressed.
    Status ring(std::uint32_t cpu, std::span<const std::span<const std::byte>> parts);
    // Whether anything was not, so that compress_capture() makes the file smaller.
    bool can_be_compressed() const;

    // Names of code addresses. Written before any record held back now.
    Status symbols(std::span<const SymbolInfo> symbols);

    // Writes what is held back; with `sync` that goes to the disk at once, which is not waited for: if it fails, a
    // later call does.
    Status flush(bool sync);

    // Flushes with the trailer, and waits for the disk. Nothing may be written afterwards.
    Status finish(const Trailer& trailer);

    std::uint64_t bytes_written() const;
    const std::string& path() const;

private:
    struct Impl;
    explicit CaptureWriter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace rcuscope
