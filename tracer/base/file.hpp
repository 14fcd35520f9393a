// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace rcuscope {

// A file descriptor that is closed with its owner.
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
    // False with errno: some file systems tell only here that what was written could not be stored.
    bool close();
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

// The whole of a file, whatever its stat() size says (those of /proc and /sys say 0).
Result<std::string> read_file(const std::string& path);

// The same with white space at the end taken off; empty if it cannot be read.
std::string read_line_or_empty(const std::string& path);

// Writes to a file that is there (of /proc or /sys), in one write().
Status write_existing(const std::string& path, std::string_view text, bool append);

std::vector<std::string_view> split_lines(std::string_view text);

// The file's name without its folders.
std::string base_name(std::string_view path);

} // namespace rcuscope
