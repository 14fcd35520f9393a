// SPDX-License-Identifier: BSD-2-Clause
//
// Writes a capture (format.hpp) during a recording: collects records by CPU, and packs, compresses and appends them as
// chunks.
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
    std::string name;          // the function, without the suffix that names the module
    std::uint64_t offset = 0;  // address minus the function's start
    std::string module;        // empty for the kernel proper
    // The time since when the address has this name: the load of its module, or 0 if that was before the recording. A
    // later name of the same address replaces this one from its own time on. None in captures of older versions, which
    // have no times.
    std::optional<std::uint64_t> since_ns{};

    bool same_name(const SymbolInfo& other) const {
        return name == other.name && offset == other.offset && module == other.module;
    }
};

// The destination of a capture.
struct CaptureDestination {
    std::optional<OutputTarget> target; // none: a file without a name in the folder for temporary files
    bool passing = false; // an intermediate file, which finish() does not rename; set if there is no target
};

// Every error is final: the file then ends with the last whole chunk, and all later calls return the error. Not
// thread-safe.
class CaptureWriter {
public:
    // Creates the file and writes its header and metadata. The mode is 0600 because the file holds kernel addresses.
    // Its name ends in ".part" until finish(). Under that name it can be read even if the recorder or the kernel
    // crashes.
    static Result<CaptureWriter> create(const CaptureDestination& place, const Metadata& metadata);

    CaptureWriter(CaptureWriter&&) noexcept;
    CaptureWriter& operator=(CaptureWriter&&) noexcept;
    ~CaptureWriter();

    // Takes one record of a CPU (below Metadata::host.cpus). Holds it back until a chunk is full or flush() is called.
    Status record(std::uint32_t cpu, std::span<const std::byte> record);

    // Takes records of a CPU, laid out as in ring_records.hpp. Each part holds whole records and need only be valid
    // during the call. Holds them back as record() does. At a high rate the records are packed but not compressed.
    Status ring(std::uint32_t cpu, std::span<const std::span<const std::byte>> parts);
    // Writes names of code addresses, before the records that are held back now.
    Status symbols(std::span<const SymbolInfo> symbols);

    // Writes the records that are held back. With `sync`, also starts a sync to disk and does not wait for it: if that
    // fails, a later call returns the error.
    Status flush(bool sync);

    // Writes the records that are held back and the trailer, waits for the disk, and gives the file its final name,
    // replacing an existing file. Nothing may be written afterwards.
    Status finish(const Trailer& trailer);
    // After finish(): compress_capture(), if chunks were written uncompressed into a file that finish() has named.
    Status compress(const GoOn& go_on);
    // After finish(): opens the file for reading, by its descriptor. Fails if the output is no file.
    Result<InputFile> read_back() const;
    bool is_file() const;
    int fd() const; // the file's descriptor, for a process that reads it
    // Removes the file, unless it has its final name.
    void discard();

    std::uint64_t bytes_written() const;
    std::string path() const; // the name under which the file can be found at present
    // Adds to the hint of an error that ends the recording where the events recorded so far are kept.
    Error add_partial_file_hint(Error error) const;

private:
    struct Impl;
    explicit CaptureWriter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace rcuscope
