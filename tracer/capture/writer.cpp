// SPDX-License-Identifier: BSD-2-Clause
#include "capture/writer.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "capture/output_file.hpp"
#include "capture/packing.hpp"
#include "capture/payload.hpp"
#include "capture/symbols.hpp"
#include "wire.h"

namespace rcuscope {
namespace {

// When unpacked: large enough to compress well, small enough that a crash costs little.
constexpr std::size_t events_target = 256u << 10;
static_assert(events_target + sizeof(RecordSize) + std::numeric_limits<RecordSize>::max() <= max_events_size);

// Keeps the JSON of one symbols chunk far below max_chunk_size.
constexpr std::size_t symbols_per_chunk = 4096;

} // namespace

struct CaptureWriter::Impl {
    OutputFile file;
    std::vector<RecordPacker> held; // by CPU: records, as in an events chunk
    Compressor compressor;
    std::optional<Error> final_error; // what every call answers from now on

    Impl(OutputFile output, std::uint32_t cpus) : file(std::move(output)), held(cpus) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        // Whoever gives up early still keeps what was recorded.
        attempt([this] { return write_held(); });
    }

    template <typename Step>
    Status attempt(Step&& step) {
        if (final_error) {
            return tl::unexpected<Error>(*final_error);
        }
        Status status = step();
        if (!status) {
            final_error = status.error();
        }
        return status;
    }

    tl::unexpected<Error> refuse(std::string why) const {
        return fail(ExitCode::bad_input, "cannot write " + file.path(), std::move(why));
    }

    Status write_file_header() {
        FileHeader header{};
        std::memcpy(header.magic, file_magic, sizeof header.magic);
        header.version = format_version;
        header.wire_version = RS_WIRE_VERSION;
        return file.append({std::as_bytes(std::span(&header, 1))});
    }

    // `unpacked`: how many bytes it is when unpacked; 0 if it is not packed.
    Status write_chunk(ChunkType type, std::uint32_t cpu, std::span<const std::byte> payload,
                       std::size_t unpacked = 0) {
        if (payload.size() > max_chunk_size) {
            return refuse("a chunk of " + std::to_string(payload.size()) + " bytes is more than the format holds");
        }
        const auto compressed = compressor.compress(payload);
        const auto stored = compressed.value_or(payload);
        ChunkHeader header{};
        header.magic = chunk_magic;
        header.type = static_cast<std::uint16_t>(type);
        header.flags = static_cast<std::uint16_t>((compressed ? chunk_compressed : 0) | (unpacked ? chunk_packed : 0));
        header.cpu = cpu;
        header.stored = static_cast<std::uint32_t>(stored.size());
        header.size = static_cast<std::uint32_t>(payload.size());
        header.unpacked = static_cast<std::uint32_t>(unpacked);
        header.checksum = chunk_checksum(header, stored);
        return file.append({std::as_bytes(std::span(&header, 1)), stored});
    }

    Status write_json(ChunkType type, const nlohmann::json& json) {
        const std::string text = dump_json(json);
        return write_chunk(type, 0, std::as_bytes(std::span(text)));
    }

    Status write_held_of(std::uint32_t cpu) {
        auto& records = held[cpu];
        if (records.empty()) {
            return {};
        }
        Status status = write_chunk(ChunkType::events, cpu, records.packed(), records.unpacked_size());
        records.clear();
        return status;
    }

    Status write_held() {
        for (std::uint32_t cpu = 0; cpu < held.size(); ++cpu) {
            if (Status status = write_held_of(cpu); !status) {
                return status;
            }
        }
        return {};
    }

    Status hold(std::uint32_t cpu, std::span<const std::byte> record) {
        if (cpu >= held.size()) {
            return refuse("a record is of CPU " + std::to_string(cpu) + ", but the metadata names " +
                          std::to_string(held.size()) + " CPUs");
        }
        if (record.size() > std::numeric_limits<RecordSize>::max()) {
            return refuse("a record of " + std::to_string(record.size()) + " bytes is more than the format holds");
        }
        held[cpu].add(record);
        return held[cpu].unpacked_size() < events_target ? Status{} : write_held_of(cpu);
    }

    Status write_symbols(std::span<const SymbolInfo> symbols) {
        while (!symbols.empty()) {
            const auto some = symbols.first(std::min(symbols.size(), symbols_per_chunk));
            if (Status status = write_json(ChunkType::symbols, symbols_to_json(some)); !status) {
                return status;
            }
            symbols = symbols.subspan(some.size());
        }
        return {};
    }

    Status write_end(const Trailer& trailer) {
        return write_held()
            .and_then([&] { return write_json(ChunkType::trailer, to_json(trailer)); })
            .and_then([&] { return file.sync(); })
            .and_then([&] { return file.close(); });
    }
};

CaptureWriter::CaptureWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CaptureWriter::CaptureWriter(CaptureWriter&&) noexcept = default;
CaptureWriter& CaptureWriter::operator=(CaptureWriter&&) noexcept = default;
CaptureWriter::~CaptureWriter() = default;

Result<CaptureWriter> CaptureWriter::create(const std::string& path, const Metadata& metadata) {
    if (metadata.host.cpus > max_cpus) {
        return fail(ExitCode::bad_input, "cannot write " + path,
                    std::to_string(metadata.host.cpus) + " CPUs are more than the format holds");
    }
    auto file = OutputFile::create(path);
    if (!file) {
        return tl::unexpected<Error>(file.error());
    }
    auto impl = std::make_unique<Impl>(std::move(*file), metadata.host.cpus);
    const Status begun = impl->attempt([&] {
        return impl->write_file_header().and_then(
            [&] { return impl->write_json(ChunkType::metadata, to_json(metadata)); });
    });
    if (!begun) {
        return tl::unexpected<Error>(begun.error());
    }
    return CaptureWriter(std::move(impl));
}

Status CaptureWriter::record(std::uint32_t cpu, std::span<const std::byte> record) {
    return impl_->attempt([&] { return impl_->hold(cpu, record); });
}

Status CaptureWriter::symbols(std::span<const SymbolInfo> symbols) {
    return impl_->attempt([&] { return impl_->write_symbols(symbols); });
}

Status CaptureWriter::flush(bool sync) {
    return impl_->attempt(
        [&] { return impl_->write_held().and_then([&] { return sync ? impl_->file.sync() : Status{}; }); });
}

Status CaptureWriter::finish(const Trailer& trailer) {
    Status ended = impl_->attempt([&] { return impl_->write_end(trailer); });
    if (ended) {
        impl_->final_error = impl_->refuse("the recording has ended").value();
    }
    return ended;
}

std::uint64_t CaptureWriter::bytes_written() const {
    return impl_->file.size();
}

const std::string& CaptureWriter::path() const {
    return impl_->file.path();
}

} // namespace rcuscope
