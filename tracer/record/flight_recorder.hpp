// SPDX-License-Identifier: BSD-2-Clause
//
// Flight recorder: keeps the last seconds of a recording in memory and writes them to a file when a trigger fires.
//
// The file is created when the trigger fires, because the kernel may die soon after. It first gets the kept records,
// then the new ones until the observed thing has ended and a short time has passed. Only then does it get its final
// name.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "record/history.hpp"
#include "record/sink.hpp"
#include "record/stall_watch.hpp"
#include "record/trigger.hpp"
#include "record/trigger_watch.hpp"

namespace rcuscope {

struct FlightRecorderRequest {
    std::vector<Trigger> triggers; // if empty: the kept records are written at the end of the recording
    std::chrono::nanoseconds keep_last{};
    std::uint64_t keep_bytes = 0;
    std::uint32_t max_files = 0; // end after so many files of triggers that do not end the recording
    std::function<Result<CaptureDestination>()> next_file; // gives the path for the next such file
    std::function<void(CaptureWriter&)> written;           // called for each such file that is finished
};

class FlightRecorder final : public RecordSink {
public:
    // `place`: for the file of a trigger that ends the recording, or for the records kept at the end without triggers.
    static Result<std::unique_ptr<FlightRecorder>> create(const FlightRecorderRequest& request,
                                                          CaptureDestination place, const Metadata& metadata);

    Status ring(std::uint32_t cpu, std::span<const std::span<const std::byte>> parts) override;
    Status symbols(std::span<const SymbolInfo> symbols) override;
    Status flush(bool sync) override;
    // Finishes the open file, if there is one. Without triggers it writes the kept records.
    Status finish(const Trailer& trailer) override;
    // CaptureWriter::record() compresses as it writes.
    Status compress(const GoOn&) override { return {}; }
    std::uint64_t bytes() const override { return history_.bytes(); }
    void abort() override {} // look() has created no file yet
    Error add_partial_file_hint(Error error) const override {
        return file_ ? file_->writer.add_partial_file_hint(std::move(error)) : error;
    }
    std::string current_path() const override { return file_ ? file_->writer.path() : wrote_ ? wrote_->path() : ""; }
    std::optional<CaptureWriter> take_capture() override { return std::move(wrote_); }

    // For the events and hazards before each look().
    TriggerWatch& triggers() { return watch_; }
    using Losses = std::function<std::vector<CpuLoss>()>; // reads the BPF programs' counts
    struct Look {
        std::uint64_t now_ns = 0;
        std::uint64_t seen_until_ns = 0; // every record up to this time was taken
        std::uint64_t lost_by_ns = 0;    // Drainer::lost_by_ns()
        std::uint64_t pending = 0;       // callbacks that are queued and have not run
    };
    Status look(const Look& look, const Losses& losses);

    // Why the recording is over; empty while it goes on.
    const std::string& end_reason() const { return end_reason_; }

private:
    struct File {
        CaptureWriter writer;
        bool last = false;
        std::uint64_t begun_ns = 0;
        std::optional<std::uint64_t> over_ns; // when all firings were seen to have ended
    };

    FlightRecorder(FlightRecorderRequest request, CaptureDestination place, const Metadata& metadata,
                   std::optional<StallWatch> stalls);
    Status fire(const Look& look, const Losses& losses);
    Status begin(const CaptureDestination& place, bool last, std::uint64_t now_ns);
    Status end(Trailer trailer);
    const Firing* cause() const;
    std::string reason(std::uint64_t now_ns) const;
    std::optional<FiredTrigger> fired_trigger(std::uint64_t now_ns) const;

    FlightRecorderRequest request_;
    CaptureDestination place_;
    Metadata metadata_;
    History history_;
    TriggerWatch watch_;
    std::optional<StallWatch> stalls_;
    std::optional<File> file_;
    std::size_t file_firings_ = 0; // how many of watch_.fired() belong to the file
    std::uint32_t files_ = 0;
    std::optional<CaptureWriter> wrote_; // the finished file at the place given to create()
    std::string end_reason_;
};

} // namespace rcuscope
