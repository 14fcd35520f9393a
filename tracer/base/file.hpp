// SPDX-License-Identifier: BSD-2-Clause
//
// An owner of a file descriptor, and helpers for whole small files, such as those of /proc and /sys.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace rcuscope {

// Owns a file descriptor and closes it in the destructor.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void reset();
    // Returns false and sets errno on failure: some file systems report only here that data could not be stored.
    bool close();
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

// Reads a file to its end, whatever its size in stat() is (0 in /proc and /sys). Errors: cannot_here if permission is
// denied, else bad_input.
Result<std::string> read_file(const std::string& path);

// The same without white space at the end; empty if the file cannot be read.
std::string read_line_or_empty(const std::string& path);

// Writes to an existing file (of /proc or /sys) with one write(). Errors as above; cannot_here also for a short write.
Status write_existing(const std::string& path, std::string_view text, bool append);

std::vector<std::string_view> split_lines(std::string_view text);

// The file's name without its folders.
std::string base_name(std::string_view path);

} // namespace rcuscope
