// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <sys/types.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

// A file that only grows, by whole pieces: what append() could not write whole
// is taken off again, where the file can do that.
class OutputFile {
public:
    // Creates or empties it. Anything that can be written to will do: a FIFO, /dev/stdout.
    static Result<OutputFile> create(const std::string& path);

    Status append(std::initializer_list<std::span<const std::byte>> parts);
    Status sync();
    Status close();
    Status give_to(uid_t user, gid_t group);

    bool regular() const { return regular_; }
    std::uint64_t free_bytes() const; // of its file system; 0 if that is not known

    std::uint64_t size() const { return size_; }
    const std::string& path() const { return path_; }

private:
    OutputFile(std::string path, Fd fd, bool regular) : path_(std::move(path)), fd_(std::move(fd)), regular_(regular) {}
    tl::unexpected<Error> failed(int error_number) const;

    std::string path_;
    Fd fd_;
    bool regular_ = false;
    std::uint64_t size_ = 0;
};

} // namespace rcuscope
