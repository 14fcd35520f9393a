// SPDX-License-Identifier: BSD-2-Clause
//
// A file that is being made, in the folder where it is to be. It takes its name in one step, when it is whole; what had
// the name is untouched until then. It is made new, so nobody else has it open or can decide who reads it, and written
// and read by its descriptor only: whatever others do to its folder meanwhile, they change names.
#pragma once

#include <string>
#include <sys/types.h>

#include "base/output_target.hpp"

namespace rcuscope {

class NewFile {
public:
    // Not to be seen until it is whole: without a name, where the file system has such files, so that nothing is left
    // behind even if the process is killed; else by a name that cannot be guessed.
    static Result<NewFile> hidden(const OutputTarget& target, mode_t mode);
    // By the target's name with ".part", or, since what another recording has left is kept, ".part-2" and so on. It
    // stays unless it is put in place or discarded.
    static Result<NewFile> part(const OutputTarget& target, mode_t mode);

    NewFile(NewFile&& other) noexcept;
    NewFile& operator=(NewFile&& other) noexcept;
    ~NewFile();

    // For writing and reading.
    int fd() const { return fd_.get(); }
    // It takes the target's name, and replaces what has that. The descriptor stays open.
    Status put_in_place();
    void discard();
    // That it can be found by now: the .part, or the target. Of a hidden file the target.
    std::string path() const { return in_place_ ? target_.path() : target_.file_path() + suffix_; }

private:
    explicit NewFile(const OutputTarget& target) : target_(target) {}
    int create(const std::string& name, mode_t mode, int flags);
    bool still_named() const;

    OutputTarget target_;
    Fd fd_;
    std::string name_;   // in the folder; empty: it has none
    std::string suffix_; // of a .part
    bool in_place_ = false;
};

} // namespace rcuscope
