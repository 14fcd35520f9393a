// SPDX-License-Identifier: BSD-2-Clause
//
// Source lines of a module's code, from the debug information of its .ko (DWARF, read with libdwfl).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "kernel/ko_elf.hpp"

namespace rcuscope {

struct SourceLine {
    std::string file; // path as given to the compiler
    unsigned line = 0;
};

class Lines {
public:
    // Reads debug information at the first call of at(). The ELF object must outlive this.
    explicit Lines(const KoElf& elf);
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;
    ~Lines();

    // None if the file has no line for the section offset.
    std::optional<SourceLine> at(const KoElf::SectionOffset& place);

private:
    struct Session;

    const KoElf& elf_;
    bool opened_ = false;
    std::unique_ptr<Session> session_; // nullptr: the file has no line information
};

} // namespace rcuscope
