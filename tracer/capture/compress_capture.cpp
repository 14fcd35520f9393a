// SPDX-License-Identifier: BSD-2-Clause
#include "capture/compress_capture.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "base/write_error.hpp"
#include "capture/chunk_reader.hpp"
#include "capture/chunk_writer.hpp"

namespace rcuscope {
namespace {

Status copy_file_header(const InputFile& from, OutputFile& to) {
    FileHeader header{};
    const auto bytes = std::as_writable_bytes(std::span(&header, 1));
    if (!from.read_at(0, bytes)) {
        return from.cannot_read("its first bytes cannot be read");
    }
    return to.append({bytes});
}

// False: it was told to leave it.
Result<bool> compress_chunks(const InputFile& from, ChunkWriter& to, const GoOn& go_on) {
    ChunkReader chunks(from);
    for (std::uint64_t at = sizeof(FileHeader); at < from.size();) {
        if (!go_on(static_cast<double>(at) / static_cast<double>(from.size()))) {
            return false;
        }
        const auto chunk = chunks.read(at);
        if (!chunk) {
            return from.cannot_read(chunk.error());
        }
        at = chunk->end();
        const Status written = to.copy(*chunk);
        if (!written) {
            return tl::unexpected<Error>(written.error());
        }
    }
    return true;
}

} // namespace

Status compress_capture(const std::string& path, const GoOn& go_on) {
    auto from = InputFile::open(path);
    if (!from) {
        return tl::unexpected<Error>(from.error());
    }
    // Where a link leads to: the link stays.
    std::error_code error;
    const std::string place = std::filesystem::canonical(path, error).string();
    struct stat status {};
    if (error || ::stat(place.c_str(), &status) != 0) {
        return from->cannot_read(errno_text(error ? error.value() : errno));
    }
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
        return {};
    }
    const std::string part = place + ".part";
    auto file = OutputFile::create(part);
    if (!file) {
        return tl::unexpected<Error>(file.error());
    }
    ChunkWriter to(std::move(*file));
    Result<bool> done = to.file()
                            .give_to(status.st_uid, status.st_gid)
                            .and_then([&] { return copy_file_header(*from, to.file()); })
                            .and_then([&] { return compress_chunks(*from, to, go_on); })
                            .and_then([&](bool whole) { return to.file().sync().map([&] { return whole; }); })
                            .and_then([&](bool whole) { return to.file().close().map([&] { return whole; }); });
    if (done && *done && ::rename(part.c_str(), place.c_str()) != 0) {
        done = write_error(path, errno);
    }
    if (!done || !*done) {
        ::unlink(part.c_str());
    }
    return done.map([](bool) {});
}

} // namespace rcuscope
