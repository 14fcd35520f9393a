// SPDX-License-Identifier: BSD-2-Clause
//
// A new file that atomically replaces its target when it is complete. It is made in the target's folder; the target
// stays untouched until then. No other process has the new file open or has set its permissions, because it is made
// new. It is written and read through its descriptor only, so other users of the folder can change nothing but names.
#pragma once

#include <string>
#include <sys/types.h>

#include "base/output_target.hpp"

namespace rcuscope {

class NewFile {
public:
    // Makes a file that is invisible until it is complete. It has no name (O_TMPFILE) where the file system supports
    // that, so that a killed process leaves nothing behind; elsewhere it has a random name. The destructor removes it.
    static Result<NewFile> hidden(const OutputTarget& target, mode_t mode);
    // Makes a file with the target's name and ".part", or ".part-2" and so on if another recording has left that one.
    // The destructor keeps it.
    static Result<NewFile> part(const OutputTarget& target, mode_t mode);

    NewFile(NewFile&& other) noexcept;
    NewFile& operator=(NewFile&& other) noexcept;
    ~NewFile();

    // For writing and reading.
    int fd() const { return fd_.get(); }
    // Gives the file the target's name and replaces the file of that name. The descriptor stays open.
    Status put_in_place();
    void discard();
    // The present path of the file: that of the .part, or the target. For a hidden file always the target.
    std::string path() const { return in_place_ ? target_.path() : target_.file_path() + suffix_; }

private:
    explicit NewFile(const OutputTarget& target) : target_(target) {}
    int create(const std::string& name, mode_t mode, int flags);
    bool still_named() const;

    OutputTarget target_;
    Fd fd_;
    std::string name_;   // in the folder; empty if the file has none
    std::string suffix_; // ".part", ".part-2", ...; empty for a hidden file
    bool in_place_ = false;
};

} // namespace rcuscope
