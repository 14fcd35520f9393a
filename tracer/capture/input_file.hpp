// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/output_target.hpp"

namespace rcuscope {

// A regular file, read at places. Not mapped: a file that shrinks while it is
// read (a recording into the same path begins) then is an error, not a SIGBUS.
class InputFile {
public:
    static Result<InputFile> open(const std::string& path);
    // One that is open already. The path is for messages.
    static Result<InputFile> of(Fd fd, const std::string& path);

    // The same file, once more.
    Result<InputFile> again() const;

    // False if that much cannot be read there.
    bool read_at(std::uint64_t offset, std::span<std::byte> out) const;

    std::uint64_t size() const { return size_; } // as it was when opened
    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); }

    // Whether it has this name and no other.
    bool only_as(const OutputTarget& target) const;

    tl::unexpected<Error> cannot_read(std::string why, std::string hint = {}) const;

private:
    InputFile(std::string path, Fd fd, std::uint64_t size) : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}

    std::string path_;
    Fd fd_;
    std::uint64_t size_ = 0;
};

} // namespace rcuscope
