// SPDX-License-Identifier: BSD-2-Clause
//
// A regular file that is read at given positions with pread(). It is not mapped: if the file shrinks while it is read,
// because a recording into the same path begins, the result is an error instead of a SIGBUS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/output_target.hpp"

namespace rcuscope {

class InputFile {
public:
    static Result<InputFile> open(const std::string& path);
    // Takes a file that is already open. The path is for messages.
    static Result<InputFile> of(Fd fd, const std::string& path);

    // A second descriptor of the same file.
    Result<InputFile> again() const;

    // Returns false if it cannot read all of `out` at this position.
    bool read_at(std::uint64_t offset, std::span<std::byte> out) const;

    std::uint64_t size() const { return size_; } // when the file was opened
    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); }

    // Whether the target's name is the file's only name.
    bool only_as(const OutputTarget& target) const;

    tl::unexpected<Error> cannot_read(std::string why, std::string hint = {}) const;

private:
    InputFile(std::string path, Fd fd, std::uint64_t size) : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}

    std::string path_;
    Fd fd_;
    std::uint64_t size_ = 0;
};

} // namespace rcuscope
