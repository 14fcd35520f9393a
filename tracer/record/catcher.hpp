// SPDX-License-Identifier: BSD-2-Clause
//
// Keeps the last seconds of a recording, and writes them when a trigger fires.
//
// The file is begun at that moment, since the kernel may not live on: first what
// is kept, then what comes until the thing that fired has ended, and a short
// time more. Only then has it its name.
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

struct CatchRequest {
    std::vector<Trigger> triggers; // none: what is kept is written at the end
    std::chrono::nanoseconds keep_last{};
    std::uint64_t keep_bytes = 0;
    std::uint32_t max_files = 0;                     // of triggers that do not end the recording
    std::function<Result<CapturePlace>()> next_file; // of the next one of these
    std::function<void(CaptureWriter&)> written;     // one of these is finished
};

class Catcher final : public RecordSink {
public:
    // `place`: of the file of a trigger that ends the recording, or of what is kept at its end.
    static Result<std::unique_ptr<Catcher>> create(const CatchRequest& request, CapturePlace place,
                                                   const Metadata& metadata);

    Status ring(std::uint32_t cpu, std::span<const std::span<const std::byte>> parts) override;
    Status symbols(std::span<const SymbolInfo> symbols) override;
    Status flush(bool sync) override;
    // Of a file that is not whole yet, or of what is kept if nothing was waited for.
    Status finish(const Trailer& trailer) override;
    // That is done as it is written.
    Status compress(const GoOn&) override { return {}; }
    std::uint64_t bytes() const override { return history_.bytes(); }
    void discard() override {}
    Error with_what_is_left(Error error) const override {
        return file_ ? file_->writer.with_what_is_left(std::move(error)) : error;
    }
    std::string kept() const override { return file_ ? file_->writer.path() : wrote_ ? wrote_->path() : ""; }
    std::optional<CaptureWriter> take_capture() override { return std::move(wrote_); }

    void see(const Event& event) { watch_.take(event); }
    void hazard(const std::string& line, std::uint64_t now_ns) { watch_.say(TriggerKind::hazard, line, now_ns); }
    using Losses = std::function<std::vector<CpuLoss>()>; // the kernel's count
    struct Look {
        std::uint64_t now_ns = 0;
        std::uint64_t seen_until_ns = 0; // every record of this time or earlier was taken
        std::uint64_t lost_by_ns = 0;    // as of Drainer
        std::uint64_t pending = 0;       // callbacks
    };
    Status look(const Look& look, const Losses& losses);

    // Why the recording is over; empty while it is not.
    const std::string& end_reason() const { return end_reason_; }

private:
    struct File {
        CaptureWriter writer;
        bool last = false;
        std::uint64_t begun_ns = 0;
        std::optional<std::uint64_t> over_ns; // when everything that fired was seen to have ended
    };

    Catcher(CatchRequest request, CapturePlace place, const Metadata& metadata, std::optional<StallWatch> stalls);
    Status fire(const Look& look, const Losses& losses);
    Status begin(const CapturePlace& place, bool last, std::uint64_t now_ns);
    Status end(Trailer trailer);
    const Firing* cause() const;
    std::string reason(std::uint64_t now_ns) const;
    std::optional<FiredTrigger> fired_trigger(std::uint64_t now_ns) const;

    CatchRequest request_;
    CapturePlace place_;
    Metadata metadata_;
    History history_;
    TriggerWatch watch_;
    std::optional<StallWatch> stalls_;
    std::optional<File> file_;
    std::size_t file_firings_ = 0; // of watch_.fired(), that are in the file
    std::uint32_t files_ = 0;
    std::optional<CaptureWriter> wrote_; // of the place given to create()
    std::string end_reason_;
};

} // namespace rcuscope
