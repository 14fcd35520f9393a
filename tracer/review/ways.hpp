// SPDX-License-Identifier: BSD-2-Clause
//
// The ways that control takes through a module's functions, by direct calls and jumps: what is reached, what waits on
// each path, and what may still happen after the last wait.
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

// One instruction on the way, and where it goes on.
struct Step {
    KoElf::Place place;
    Flow flow = Flow::next;
    std::optional<CodeRef> calls; // directly, also by a jump
    bool calls_pointer = false;
    bool jump = false;    // it does not come back here
    bool returns = false; // to the function's caller
    std::vector<std::size_t> next;
};

class Ways {
public:
    Ways(const Code& code, std::string_view release) : code_(code), release_(release), lines_(code.elf()) {}

    const Code& code() const { return code_; }
    // A function's steps, each before what follows it but for loops; the first is its entry.
    const std::vector<Step>& steps(std::size_t function);
    // What its registers hold at calls.
    const FunctionValues& values(std::size_t function);
    // The functions that it reaches by direct calls, itself first.
    const std::vector<std::size_t>& reached(std::size_t function);
    // Names of other modules' and the kernel's functions that are called directly within `reached()`.
    const std::set<std::string_view>& externals(std::size_t function);

    // Own functions that an object of the module's has pointers to: by its data, or by the code that fills it in, or
    // that the kernel is given together with it (init_timer_key()). The object is the one that holds the place.
    std::vector<std::size_t> functions_of_object(const KoElf::Place& place);

    CodeWay way_from(std::size_t function);
    KoPlace place_of(const KoElf::Place& place);

    // Functions that call one of the kernel's or another module's of which `wanted` holds, themselves or by others of
    // their own, and that one's name.
    std::map<std::size_t, std::string_view> callers_of(const std::function<bool(std::string_view)>& wanted) const;

    // Whether each path through the function waits for callbacks of the flavour; whether some code on the way does.
    bool always_waits(std::size_t function, Flavour flavour);
    bool may_wait(std::size_t function, Flavour flavour);
    // Whether some code of the module does, on its way or not; the places.
    std::vector<KoElf::Place> waits_anywhere(Flavour flavour) const;

    // What may happen on the way and not be waited for before the function returns: `happens` tells of a step what
    // does. `after_wait`: only if a wait may come before it.
    struct Event {
        KoElf::Place place;
        std::size_t function = 0;
    };
    using Happens = std::function<bool(std::size_t function, const Step& step)>;
    std::vector<Event> not_waited_for(std::size_t function, Flavour flavour, const Happens& happens, bool after_wait);
    // Whether a path leads from the function's entry to the event without a wait.
    bool reached_without_wait(std::size_t function, Flavour flavour, const KoElf::Place& event);
    // Whether a path leads from the function's entry over a wait to the event.
    bool reached_after_wait(std::size_t function, Flavour flavour, const KoElf::Place& event);

private:
    void read_runtime_pointers();
    std::vector<Step> steps_of(std::size_t function) const;
    std::optional<std::size_t> own(const Step& step) const;
    bool waits_for_callbacks(std::string_view external, Flavour flavour) const;
    bool waits_for(const Step& step, Flavour flavour, bool certain);
    std::vector<bool> reachable(const std::vector<Step>& steps, std::vector<std::size_t> from,
                                const std::function<bool(const Step&)>& ends) const;
    // What holds of a call on the way: it is on each path, or may be reached again from itself.
    struct Course {
        bool certain = true;
        bool in_loop = false;
    };
    void collect(std::size_t function, Course course, CodeWay& way, std::vector<std::size_t>& path,
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
    std::optional<std::vector<Code::DataPointer>> runtime_pointers_; // sorted by place
    std::size_t depth_ = 0;                                          // of calls that are being followed
};

} // namespace rcuscope
