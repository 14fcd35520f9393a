// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "capture/event.hpp"
#include "capture/input_file.hpp"
#include "capture/metadata.hpp"
#include "capture/writer.hpp"

namespace rcuscope {

// How much of a file was whole.
struct CaptureExtent {
    std::uint64_t file_bytes = 0;
    std::uint64_t valid_bytes = 0;     // up to the end of the last whole chunk
    std::string cut_reason;            // why reading stopped before the end of the file; empty if it did not
    std::uint64_t skipped_chunks = 0;  // whole, but of an unknown type, or metadata again
    std::uint64_t skipped_records = 0; // of an unknown kind, or malformed
    std::uint64_t event_chunks = 0;
    std::uint64_t event_bytes = 0; // of the records, decompressed
};

// Reads a capture file, whole or cut off.
class CaptureReader {
public:
    // Fails with ExitCode::bad_input and one clear reason if the file cannot be
    // read, is empty, is no capture, is of a newer version, needs a feature not
    // known here, or was cut before its metadata was whole.
    static Result<CaptureReader> open(const std::string& path);
    static Result<CaptureReader> open(Result<InputFile> file);

    CaptureReader(CaptureReader&&) noexcept;
    CaptureReader& operator=(CaptureReader&&) noexcept;
    ~CaptureReader();

    const Metadata& metadata() const;
    // The symbols of all symbols chunks, as settle_symbols() leaves them.
    const std::vector<SymbolInfo>& symbols() const;
    const std::optional<Trailer>& trailer() const; // none: the recording was cut off
    const CaptureExtent& extent() const;           // skipped_records: after for_each_event()

    // Every event in the order of time (of equal times: by CPU, then as sent).
    // Fails if the file has changed since open(), if a chunk is not what it says of
    // itself, or if so much of it overlaps in time that it cannot have come from a
    // recording (merge.hpp).
    Status for_each_event(const std::function<void(const Event&)>& take);

private:
    struct Impl;
    explicit CaptureReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace rcuscope
