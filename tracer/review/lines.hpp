// SPDX-License-Identifier: BSD-2-Clause
//
// The source lines of a module's code, where its file has debug information.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "kernel/ko_elf.hpp"

namespace rcuscope {

struct SourceLine {
    std::string file; // as the compiler was given it
    unsigned line = 0;
};

class Lines {
public:
    // Reads nothing of it before it is first asked. The ELF object must outlive this.
    explicit Lines(const KoElf& elf);
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;
    ~Lines();

    std::optional<SourceLine> at(const KoElf::Place& place);

private:
    struct Session;

    const KoElf& elf_;
    bool opened_ = false;
    std::unique_ptr<Session> session_; // none where there are no lines
};

} // namespace rcuscope
