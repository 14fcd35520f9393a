// SPDX-License-Identifier: BSD-2-Clause
//
// The destination of a recording's events: a file (FileSink), or memory until a trigger fires
// (record/flight_recorder.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "capture/writer.hpp"

namespace rcuscope {

class RecordSink {
public:
    RecordSink() = default;
    RecordSink(const RecordSink&) = delete;
    RecordSink& operator=(const RecordSink&) = delete;
    virtual ~RecordSink() = default;

    // See CaptureWriter for these functions.
    virtual Status ring(std::uint32_t cpu, std::span<const std::span<const std::byte>> parts) = 0;
    virtual Status symbols(std::span<const SymbolInfo> symbols) = 0;
    virtual Status flush(bool sync) = 0;
    virtual Status finish(const Trailer& trailer) = 0;
    virtual Status compress(const GoOn& go_on) = 0;
    virtual std::uint64_t bytes() const = 0; // of the file, or of the memory in use
    virtual void abort() = 0;                // the recording failed before it began: leaves no file
    virtual Error add_partial_file_hint(Error error) const = 0;
    // The present path of the file that holds the records so far; empty if there is none.
    virtual std::string current_path() const = 0;
    // After finish(): the file that holds the recording; empty if there is none, or if there are several.
    virtual std::optional<CaptureWriter> take_capture() = 0;
};

// Writes into a file at once.
class FileSink final : public RecordSink {
public:
    explicit FileSink(CaptureWriter writer) : writer_(std::move(writer)) {}

    Status ring(std::uint32_t cpu, std::span<const std::span<const std::byte>> parts) override {
        return writer_.ring(cpu, parts);
    }
    Status symbols(std::span<const SymbolInfo> symbols) override { return writer_.symbols(symbols); }
    Status flush(bool sync) override { return writer_.flush(sync); }
    Status finish(const Trailer& trailer) override { return writer_.finish(trailer); }
    Status compress(const GoOn& go_on) override { return writer_.compress(go_on); }
    std::uint64_t bytes() const override { return writer_.bytes_written(); }
    void abort() override { writer_.discard(); }
    Error add_partial_file_hint(Error error) const override { return writer_.add_partial_file_hint(std::move(error)); }
    std::string current_path() const override { return writer_.is_file() ? writer_.path() : ""; }
    std::optional<CaptureWriter> take_capture() override { return std::move(writer_); }

private:
    CaptureWriter writer_;
};

} // namespace rcuscope
