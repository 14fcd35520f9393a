// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/output_target.hpp"
#include "capture/compress_capture.hpp"
#include "capture/input_file.hpp"
#include "capture/metadata.hpp"

namespace rcuscope {

struct SymbolInfo {
    std::uint64_t address = 0; // the code address, not the function's start
    std::string name;          // the function, without suffix of the module
    std::uint64_t offset = 0;  // address minus the function's start
    std::string module;        // empty for the kernel proper
    // Since when the address has had this name: the load of its module, 0 if that was before the recording. A later
    // name of the same address replaces it from then on. None in captures of before there were times.
    std::optional<std::uint64_t> since_ns{};

    bool same_name(const SymbolInfo& other) const {
        return name == other.name && offset == other.offset && module == other.module;
    }
};

// Where a capture is written.
struct CapturePlace {
    std::optional<OutputTarget> target; // none: a file without a name, in the folder for temporary files
    bool passing = false; // only for what is made of it: it keeps the name that it has while it is written
};

// Writes a capture file. Every error is final: the file then ends with the last
// whole chunk. Not thread-safe.
class CaptureWriter {
public:
    // Creates the file and writes its header and metadata. Mode 0600: it holds kernel addresses. Until finish() its
    // name ends in ".part", and it can be read by that, whatever becomes of the writer, the process or the kernel.
    static Result<CaptureWriter> create(const CapturePlace& place, const Metadata& metadata);

    CaptureWriter(CaptureWriter&&) noexcept;
    CaptureWriter& operator=(CaptureWriter&&) noexcept;
    ~CaptureWriter();

    // Takes one wire record of a CPU (below Metadata::host.cpus). Held back until a
    // chunk is full or flush().
    Status record(std::uint32_t cpu, std::span<const std::byte> record);

    // Takes records of a CPU as ring_records.hpp says, each part whole records, valid during the call only.
    // Held back, as of record(). What comes fast is packed, but not compressed.
    Status ring(std::uint32_t cpu, std::span<const std::span<const std::byte>> parts);
    // Names of code addresses. Written before any record held back now.
    Status symbols(std::span<const SymbolInfo> symbols);

    // Writes what is held back; with `sync` that goes to the disk at once, which is not waited for: if it fails, a
    // later call does.
    Status flush(bool sync);

    // Flushes with the trailer, waits for the disk, and gives the file its name, where it replaces what had that.
    // Nothing may be written afterwards.
    Status finish(const Trailer& trailer);
    // After finish(): compress_capture(), where that makes the file smaller.
    Status compress(const GoOn& go_on);
    // After finish(): the file, by its descriptor. Fails if what was written to is none.
    Result<InputFile> read_back() const;
    bool is_file() const;
    int fd() const; // of the file, for a process that is to read it
    // Removes the file, unless it has its name.
    void discard();

    std::uint64_t bytes_written() const;
    std::string path() const; // that the file can be found by now
    // For an error that ends the recording: adds to the hint where that is which was recorded so far.
    Error with_what_is_left(Error error) const;

private:
    struct Impl;
    explicit CaptureWriter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace rcuscope
