// SPDX-License-Identifier: BSD-2-Clause
#include "capture/writer.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "capture/background_sync.hpp"
#include "capture/chunk_writer.hpp"
#include "capture/ring_records.hpp"
#include "capture/symbols.hpp"
#include "wire.h"

namespace rcuscope {
namespace {

// Unpacked size of an events chunk: large enough to compress well, small enough that a crash loses little.
constexpr std::size_t events_target = 256u << 10;
static_assert(events_target + sizeof(RecordSize) + std::numeric_limits<RecordSize>::max() <= max_events_size);

// More than any record takes in a ring, including its header there.
constexpr std::size_t ring_step = 4096;
static_assert(ring_step < std::numeric_limits<RecordSize>::max());

// Keeps the JSON of one symbols chunk far below max_chunk_size.
constexpr std::size_t symbols_per_chunk = 4096;

// If one drain yields at least this much from a CPU, the records are not compressed before they are written. At the
// recorder's 20 drains per second, compression would take more than a few thousandths of a CPU.
constexpr std::size_t ring_slow = 64u << 10;
// Uncompressed chunks take at most 1/quick_share of the free disk space. Their compressed copy takes a tenth of that.
constexpr std::uint64_t quick_share = 4;

} // namespace

struct CaptureWriter::Impl {
    ChunkWriter chunks;
    std::vector<RecordPacker> held;   // by CPU: packed records that are held back
    bool quick = false;               // the current records are not compressed
    std::uint64_t quick_bytes = 0;    // bytes written without compression
    std::uint64_t max_quick;          // limit on quick_bytes; 0 for a pipe, which cannot be compressed later
    std::optional<Error> final_error; // every later call returns this
    CaptureDestination place;
    bool discarded = false;
    std::optional<InputFile> compressed; // the file that replaced the one that was written
    BackgroundSync syncing;

    Impl(OutputFile output, CaptureDestination capture_place, std::uint32_t cpus)
        : chunks(std::move(output)), held(cpus),
          max_quick(chunks.file().regular() ? chunks.file().free_bytes() / quick_share : 0),
          place(std::move(capture_place)), syncing([this] { return chunks.file().sync(); }) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        // Keeps the records that are held back if the writer is destroyed before finish().
        if (!discarded)
            attempt([this] { return write_held(); });
    }

    template <typename Step>
    Status attempt(Step&& step) {
        if (final_error)
            return tl::unexpected<Error>(*final_error);
        Status status = step();
        if (!status)
            final_error = status.error();
        return status;
    }

    tl::unexpected<Error> refuse(std::string why) const {
        return fail(ExitCode::bad_input, "cannot write " + chunks.file().path(), std::move(why));
    }

    Status no_cpu(std::uint32_t cpu) const {
        return refuse("a record is of CPU " + std::to_string(cpu) + ", but the metadata names " +
                      std::to_string(held.size()) + " CPUs");
    }

    Status write_file_header() {
        FileHeader header{};
        std::memcpy(header.magic, file_magic, sizeof header.magic);
        header.version = format_version;
        header.wire_version = RS_WIRE_VERSION;
        return chunks.file().append({std::as_bytes(std::span(&header, 1))});
    }

    Status write_json(ChunkType type, const nlohmann::json& json) {
        const std::string text = dump_json(json);
        return chunks.write(type, std::as_bytes(std::span(text)));
    }

    Status write_held_of(std::uint32_t cpu) {
        auto& records = held[cpu];
        if (records.empty())
            return {};
        Status status = quick ? chunks.quick_events(cpu, records) : chunks.events(cpu, records);
        quick_bytes += quick ? records.packed().size() : 0;
        records.clear();
        return status;
    }

    Status write_held() {
        for (std::uint32_t cpu = 0; cpu < held.size(); ++cpu)
            if (Status status = write_held_of(cpu); !status)
                return status;
        return {};
    }

    Status take_ring(std::uint32_t cpu, std::span<const std::span<const std::byte>> parts) {
        std::size_t size = 0;
        for (const auto part : parts)
            size += part.size();
        quick = size >= ring_slow && quick_bytes < max_quick;
        Status status = cpu < held.size() ? Status{} : no_cpu(cpu);
        for (auto part : parts) {
            while (status && !part.empty()) {
                // The last record may exceed the target, as in hold().
                const std::size_t room = events_target - held[cpu].unpacked_size() + ring_step;
                const std::size_t taken = held[cpu].add_ring(part.first(std::min(part.size(), room)));
                part = part.subspan(taken);
                if (taken == 0)
                    status = refuse("a record has more than " + std::to_string(ring_step) + " bytes");
                else if (held[cpu].unpacked_size() >= events_target)
                    status = write_held_of(cpu);
            }
        }
        quick = false;
        return status;
    }

    Status hold(std::uint32_t cpu, std::span<const std::byte> record) {
        if (cpu >= held.size())
            return no_cpu(cpu);
        if (record.size() > std::numeric_limits<RecordSize>::max())
            return refuse("a record of " + std::to_string(record.size()) + " bytes is more than the format holds");
        held[cpu].add(record);
        return held[cpu].unpacked_size() < events_target ? Status{} : write_held_of(cpu);
    }

    Status write_symbols(std::span<const SymbolInfo> symbols) {
        while (!symbols.empty()) {
            const auto some = symbols.first(std::min(symbols.size(), symbols_per_chunk));
            if (Status status = write_json(ChunkType::symbols, symbols_to_json(some)); !status)
                return status;
            symbols = symbols.subspan(some.size());
        }
        return {};
    }

    Status write_end(const Trailer& trailer) {
        return write_held()
            .and_then([&] { return write_json(ChunkType::trailer, to_json(trailer)); })
            .and_then([&] { return syncing.finish(); })
            .and_then([&] { return chunks.file().sync(); })
            .and_then([&] { return place.passing ? Status() : chunks.file().put_in_place(); });
    }
};

CaptureWriter::CaptureWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CaptureWriter::CaptureWriter(CaptureWriter&&) noexcept = default;
CaptureWriter& CaptureWriter::operator=(CaptureWriter&&) noexcept = default;
CaptureWriter::~CaptureWriter() = default;

Result<CaptureWriter> CaptureWriter::create(const CaptureDestination& place, const Metadata& metadata) {
    auto file = place.target ? OutputFile::part(*place.target) : OutputFile::temporary();
    if (!file)
        return tl::unexpected<Error>(file.error());
    if (metadata.host.cpus > max_cpus) {
        file->discard();
        return fail(ExitCode::bad_input, "cannot write " + file->path(),
                    std::to_string(metadata.host.cpus) + " CPUs are more than the format holds");
    }
    CaptureWriter writer(std::make_unique<Impl>(std::move(*file), place, metadata.host.cpus));
    const Status begun = writer.impl_->attempt([&] {
        return writer.impl_->write_file_header().and_then(
            [&] { return writer.impl_->write_json(ChunkType::metadata, to_json(metadata)); });
    });
    if (!begun) {
        writer.discard();
        return tl::unexpected<Error>(begun.error());
    }
    return writer;
}

Status CaptureWriter::record(std::uint32_t cpu, std::span<const std::byte> record) {
    return impl_->attempt([&] { return impl_->hold(cpu, record); });
}

Status CaptureWriter::ring(std::uint32_t cpu, std::span<const std::span<const std::byte>> parts) {
    return impl_->attempt([&] { return cpu < impl_->held.size() ? impl_->take_ring(cpu, parts) : impl_->no_cpu(cpu); });
}

Status CaptureWriter::symbols(std::span<const SymbolInfo> symbols) {
    return impl_->attempt([&] { return impl_->write_symbols(symbols); });
}

Status CaptureWriter::flush(bool sync) {
    return impl_->attempt([&] {
        return impl_->write_held().and_then([&] {
            if (sync)
                impl_->syncing.ask();
            return impl_->syncing.status();
        });
    });
}

Status CaptureWriter::finish(const Trailer& trailer) {
    Status ended = impl_->attempt([&] { return impl_->write_end(trailer); });
    if (ended)
        impl_->final_error = impl_->refuse("the recording has ended").value();
    return ended;
}

std::uint64_t CaptureWriter::bytes_written() const {
    return impl_->chunks.file().size();
}

Status CaptureWriter::compress(const GoOn& go_on) {
    if (impl_->quick_bytes == 0 || impl_->place.passing || !impl_->chunks.file().regular())
        return {};
    return read_back()
        .and_then([&](const InputFile& from) { return compress_capture(from, *impl_->place.target, go_on); })
        .map([&](std::optional<InputFile> made) { impl_->compressed = std::move(made); });
}

Result<InputFile> CaptureWriter::read_back() const {
    return impl_->compressed
               ? impl_->compressed->again()
               : impl_->chunks.file().reopened().and_then([&](Fd fd) { return InputFile::of(std::move(fd), path()); });
}

bool CaptureWriter::is_file() const {
    return impl_->chunks.file().regular();
}

int CaptureWriter::fd() const {
    return impl_->compressed ? impl_->compressed->fd() : impl_->chunks.file().fd();
}

void CaptureWriter::discard() {
    impl_->discarded = true;
    impl_->chunks.file().discard();
}

std::string CaptureWriter::path() const {
    return impl_->chunks.file().path();
}

Error CaptureWriter::add_partial_file_hint(Error error) const {
    // A file without a name is deleted when the process ends, and data written to a pipe is not kept.
    if (impl_->place.target && impl_->chunks.file().regular())
        error.hint += (error.hint.empty() ? "" : "; ") + ("the records up to then are kept: rcuscope info " + path());
    return error;
}

} // namespace rcuscope
