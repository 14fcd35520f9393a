// SPDX-License-Identifier: BSD-2-Clause
//
// Reads a capture, whole or cut off: metadata, symbols, trailer, and all events in the order of time.
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

// How much of the file is valid, and how much of it was skipped.
struct CaptureExtent {
    std::uint64_t file_bytes = 0;
    std::uint64_t valid_bytes = 0;     // up to the end of the last whole chunk
    std::string cut_reason;            // why reading stopped before the end of the file; empty: it did not
    std::uint64_t skipped_chunks = 0;  // whole, but of an unknown type or flag, or a second metadata chunk
    std::uint64_t skipped_records = 0; // of an unknown kind, or malformed
    std::uint64_t event_chunks = 0;
    std::uint64_t event_bytes = 0; // of the records, unpacked
};

class CaptureReader {
public:
    // Fails with ExitCode::bad_input and one clear reason if the file cannot be read, is empty, is no capture, is of a
    // newer version, needs an unknown feature, or was cut off before its metadata was whole.
    static Result<CaptureReader> open(const std::string& path);
    static Result<CaptureReader> open(Result<InputFile> file);

    CaptureReader(CaptureReader&&) noexcept;
    CaptureReader& operator=(CaptureReader&&) noexcept;
    ~CaptureReader();

    const Metadata& metadata() const;
    // The names of all symbols chunks, sorted and reduced by sort_and_deduplicate_symbols().
    const std::vector<SymbolInfo>& symbols() const;
    const std::optional<Trailer>& trailer() const; // none: the recording was cut off
    const CaptureExtent& extent() const;           // skipped_records is complete after for_each_event()

    // Passes every event to `take`, ordered by time, then by CPU, then as sent. Fails if the file has changed since
    // open(), if a chunk's content contradicts its header, or if more chunks overlap in time than in any recording
    // (merge.hpp).
    Status for_each_event(const std::function<void(const Event&)>& take);

private:
    struct Impl;
    explicit CaptureReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace rcuscope
