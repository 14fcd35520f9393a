// SPDX-License-Identifier: BSD-2-Clause
#include "capture/compress_capture.hpp"

#include "capture/chunk_reader.hpp"
#include "capture/chunk_writer.hpp"

namespace rcuscope {
namespace {

Status copy_file_header(const InputFile& from, OutputFile& to) {
    FileHeader header{};
    const auto bytes = std::as_writable_bytes(std::span(&header, 1));
    if (!from.read_at(0, bytes))
        return from.cannot_read("its first bytes cannot be read");
    return to.append({bytes});
}

// Returns false if `go_on` stopped it.
Result<bool> compress_chunks(const InputFile& from, ChunkWriter& to, const GoOn& go_on) {
    ChunkReader chunks(from);
    for (std::uint64_t at = sizeof(FileHeader); at < from.size();) {
        if (!go_on(static_cast<double>(at) / static_cast<double>(from.size())))
            return false;
        const auto chunk = chunks.read(at);
        if (!chunk)
            return from.cannot_read(chunk.error());
        at = chunk->end();
        const Status written = to.copy(*chunk);
        if (!written)
            return tl::unexpected<Error>(written.error());
    }
    return true;
}

} // namespace

Result<std::optional<InputFile>> compress_capture(const InputFile& from, const OutputTarget& target,
                                                  const GoOn& go_on) {
    if (!from.only_as(target))
        return std::nullopt;
    auto file = OutputFile::hidden(target);
    if (!file)
        return tl::unexpected<Error>(file.error());
    ChunkWriter to(std::move(*file));
    Result<bool> done = copy_file_header(from, to.file())
                            .and_then([&] { return compress_chunks(from, to, go_on); })
                            .and_then([&](bool whole) { return to.file().sync().map([&] { return whole; }); });
    if (!done)
        return tl::unexpected<Error>(done.error());
    if (!*done || !from.only_as(target))
        return std::nullopt;
    return to.file()
        .put_in_place()
        .and_then([&] { return to.file().reopened(); })
        .and_then([&](Fd fd) { return InputFile::of(std::move(fd), target.path()); })
        .map([](InputFile made) { return std::optional(std::move(made)); });
}

} // namespace rcuscope
