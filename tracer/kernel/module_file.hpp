// SPDX-License-Identifier: BSD-2-Clause
//
// A module's .ko file: its functions and the places where it opens and closes
// read-side critical sections.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "kernel/code_memory.hpp"
#include "kernel/function_places.hpp"

namespace rcuscope {

// Where the kernel puts a probe, and what it knows the place by.
struct ProbedCode {
    bool init = false;       // in the memory that is freed once the module has been initialised
    std::uint64_t place = 0; // bytes from the beginning of its memory, which begins a page
    // The first byte there, or what is none: ftrace puts the probe; the kernel may put a return for the jump there,
    // which is to __x86_return_thunk.
    std::uint16_t opcode = 0;
    static constexpr std::uint16_t of_ftrace = 0x100;
    static constexpr std::uint16_t of_return = 0x101;
    std::optional<CodeRange> decoded; // CodeMemory::decoded_to_the_end()
};

struct KoFunction {
    std::string name;                  // as kallsyms will show it
    std::string section;               // ".text", ".init.text", ...
    std::uint64_t offset = 0;          // in the section, bytes
    std::uint64_t size = 0;            // bytes
    bool can_be_entered = true;        // false for the parts that a compiler split off (".cold")
    bool notrace = false;              // kprobe events refuse it, as they do every __exit function
    bool unsafe = false;               // so that there must be no probe at its entry (kernel/code_memory.hpp)
    bool no_kprobe = false;            // the kernel refuses kprobes in it, as the module asks for (NOKPROBE_SYMBOL)
    bool ambiguous = false;            // others have its name, by which probes are placed
    const char* conflict = nullptr;    // with another place, that is probed (probes/place_conflicts.hpp)
    std::optional<ProbedCode> entry{}; // where a probe at its entry lies
    // Where its calls are seen by probes that are not ftrace's; none: there are none for certain.
    std::optional<FunctionPlaces> places{};
    std::vector<ProbedCode> code_of_places{}; // entry, then leaves

    // Why there is no probe at its entry, after its name and a colon; nothing if there can be one.
    const char* why_unseen() const;
    // Why it is notrace, after its name: as far as its section tells.
    const char* why_notrace() const;
};

// A call, or a jump at a function's end, to __rcu_read_lock() or __rcu_read_unlock().
struct KoReadSite {
    bool lock = false;        // otherwise unlock
    std::string function;     // the one that holds it
    std::uint64_t offset = 0; // of the instruction in the function, bytes
    ProbedCode code{};
};

// A jump at a function's end to a function of the kernel's that defers work or waits. That one returns to the caller of
// the module's function, which its return address names.
struct KoJump {
    std::string function;     // empty: it lies in none
    std::uint64_t offset = 0; // of the instruction in the function, or in the section where it is in none, bytes
    std::string target;       // "call_rcu"
    std::string why_unseen;   // why there is no probe at it; empty: there can be one
    ProbedCode code{};        // where there can be one
};

struct UnseenFunction {
    std::string name;
    std::string why;               // "several functions have that name"
    const char* notrace = nullptr; // as of KoFunction::why_notrace(), if that is why
};

struct ModuleFile {
    std::string path;
    std::string name;
    std::string release;  // of the kernel it was built for (vermagic's first word)
    std::string build_id; // hex, empty if there is none
    std::string init_function;
    std::string exit_function;
    std::vector<KoFunction> functions;  // by section, then offset; one for each address
    std::vector<KoReadSite> read_sites; // by section, then offset
    // References to those two functions that cannot be probed, as they are no plain call or jump, or lie in
    // no function, or in one that does not have its name alone: how many, and one of them in words.
    std::uint64_t unusable_sites = 0;
    std::string unusable_example;
    // Functions whose places are left out, as there can be no probe at one of them. A function and the parts that
    // the compiler split off are left out together: what one opens, another may close.
    std::vector<UnseenFunction> unseen_readers;
    // What it imports of the kinds of RCU that a recording does not follow: "call_srcu()". In the order of the table.
    std::vector<std::string> not_followed;
    std::vector<KoJump> jumps; // by section, then offset
    struct CodeSection {
        std::string name;
        std::uint64_t size = 0; // bytes
    };
    std::vector<CodeSection> code_sections; // those whose names are theirs alone

    // From read_sites to unseen_readers: the places of these families of functions (family_of()), and why.
    void leave_readers_out(const std::map<std::string, const char*>& families);
};

// Why there is no probe where one is not safe.
inline constexpr const char* unsafe_probe =
    "a probe there can make the kernel read beyond the end of the module's code, and die";

// "read" of "read.part.0" and "read.cold"
std::string family_of(const std::string& function);

// Fails with ExitCode::bad_input if the file cannot be read or is no x86-64 kernel module.
Result<ModuleFile> read_module_file(const std::string& path);

} // namespace rcuscope
