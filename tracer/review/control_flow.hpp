// SPDX-License-Identifier: BSD-2-Clause
//
// Control flow through a module's functions, by direct calls and jumps: which code a function reaches, which of it
// waits for callbacks on every path, and what may still happen after the last wait. A wait is a call known in
// known_functions.hpp.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "kernel/code.hpp"
#include "review/lines.hpp"
#include "review/reading.hpp"
#include "review/values.hpp"

namespace rcuscope {

// One instruction, and its successors in the control flow.
struct Step {
    KoElf::SectionOffset place;
    Flow flow = Flow::next;
    std::optional<CodeRef> calls;  // target of a direct call or tail call
    bool calls_pointer = false;    // a call or tail call through a pointer
    bool jump = false;             // a tail call
    bool returns = false;          // to the function's caller, also by a tail call
    std::vector<std::size_t> next; // indices of the following steps
};

class ControlFlow {
public:
    ControlFlow(const Code& code, std::string_view release) : code_(code), release_(release), lines_(code.elf()) {}

    const Code& code() const { return code_; }
    // A function's steps in reverse postorder: each before its successors, except for the back edges of loops. The
    // first is the entry.
    const std::vector<Step>& steps(std::size_t function);
    // Values of its registers at calls (values.hpp).
    const FunctionValues& values(std::size_t function);
    // The own functions that it reaches by direct calls; the function itself is the first.
    const std::vector<std::size_t>& reached(std::size_t function);
    // Names of the kernel's and other modules' functions that reached() calls directly.
    const std::set<std::string_view>& externals(std::size_t function);

    // Own functions to which the object at `place` has pointers. They are in its data, or the code writes them into it,
    // or a call has the object and the function as arguments (init_timer_key()).
    std::vector<std::size_t> functions_of_object(const KoElf::SectionOffset& place);

    ReachedWaits waits_reached_from(std::size_t function);
    CodePosition place_of(const KoElf::SectionOffset& place);

    // Own functions that call an external function for which `wanted` holds, directly or through other own functions,
    // with the name of one such external function.
    std::map<std::size_t, std::string_view> callers_of(const std::function<bool(std::string_view)>& wanted) const;

    // Whether every path through the function waits for callbacks of the flavour; whether any code that it reaches
    // does.
    bool always_waits(std::size_t function, Flavour flavour);
    bool may_wait(std::size_t function, Flavour flavour);
    // All calls in the module that wait for callbacks of the flavour, reached or not.
    std::vector<KoElf::SectionOffset> waits_anywhere(Flavour flavour) const;

    // An event is a step for which `happens` holds. not_waited_for() returns the events from which a path leads to the
    // function's return without a wait. `after_wait`: only events that a path reaches after a wait.
    struct Event {
        KoElf::SectionOffset place;
        std::size_t function = 0;
    };
    using Happens = std::function<bool(std::size_t function, const Step& step)>;
    std::vector<Event> not_waited_for(std::size_t function, Flavour flavour, const Happens& happens, bool after_wait);
    // Whether a path without a wait leads from the function's entry to the event.
    bool reached_without_wait(std::size_t function, Flavour flavour, const KoElf::SectionOffset& event);
    // Whether a path with a wait leads from the function's entry to the event.
    bool reached_after_wait(std::size_t function, Flavour flavour, const KoElf::SectionOffset& event);

private:
    void read_runtime_pointers();
    std::vector<Step> steps_of(std::size_t function) const;
    std::optional<std::size_t> own(const Step& step) const;
    bool waits_for_callbacks(std::string_view external, Flavour flavour) const;
    bool waits_for(const Step& step, Flavour flavour, bool certain);
    std::vector<bool> reachable(const std::vector<Step>& steps, std::vector<std::size_t> from,
                                const std::function<bool(const Step&)>& ends) const;
    // Properties of a call: it is on every path; it may be reached again from itself.
    struct Course {
        bool certain = true;
        bool in_loop = false;
    };
    void collect(std::size_t function, Course course, ReachedWaits& way, std::vector<std::size_t>& path,
                 std::set<std::size_t>& done);
    void open_events(std::size_t function, Flavour flavour, const Happens& happens, bool after_wait,
                     std::vector<Event>& events, std::set<std::pair<std::size_t, bool>>& done);
    std::vector<bool> returns_without(const std::vector<Step>& steps,
                                      const std::function<bool(const Step&)>& waits) const;
    static std::vector<bool> on_every_path(const std::vector<Step>& steps);
    static std::vector<bool> in_loops(const std::vector<Step>& steps);

    const Code& code_;
    std::string_view release_;
    Lines lines_;
    std::map<std::size_t, std::vector<Step>> steps_;
    std::map<std::size_t, FunctionValues> values_;
    std::map<std::size_t, std::vector<std::size_t>> reached_;
    std::map<std::size_t, std::set<std::string_view>> externals_;
    std::map<std::pair<std::size_t, Flavour>, bool> always_;
    std::map<Flavour, std::map<std::size_t, std::string_view>> may_wait_;
    std::optional<std::vector<Code::DataPointer>> runtime_pointers_; // sorted by section offset
    std::size_t depth_ = 0;                                          // current depth of the recursion through calls
};

} // namespace rcuscope
