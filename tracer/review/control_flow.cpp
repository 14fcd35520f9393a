// SPDX-License-Identifier: BSD-2-Clause
#include "review/control_flow.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.hpp"
#include "review/known_functions.hpp"

namespace rcuscope {

namespace {

// Limit of the call depth; the kernel's stack has room for no more.
constexpr std::size_t deepest = 64;

} // namespace

const std::vector<Step>& ControlFlow::steps(std::size_t function) {
    const auto found = steps_.find(function);
    return found != steps_.end() ? found->second : steps_.emplace(function, steps_of(function)).first->second;
}

const FunctionValues& ControlFlow::values(std::size_t function) {
    const auto found = values_.find(function);
    return found != values_.end() ? found->second : values_.emplace(function, values_of(code_, function)).first->second;
}

// Depth-first search; the result is in reverse postorder.
std::vector<Step> ControlFlow::steps_of(std::size_t function) const {
    struct Open {
        std::size_t step;
        Code::Next next;
        std::size_t taken = 0;
    };
    std::vector<Step> steps;
    std::map<KoElf::SectionOffset, std::size_t> known;
    std::vector<std::size_t> left;
    std::vector<Open> open;
    const auto enter = [&](const KoElf::SectionOffset& place) {
        const auto [at, fresh] = known.try_emplace(place, steps.size());
        const std::size_t number = at->second;
        if (fresh) {
            Step step;
            step.place = place;
            Code::Next next;
            if (const Instruction86* instruction = code_.instruction_at(place)) {
                next = code_.after(place.section, *instruction);
                step.flow = instruction->flow;
                if (instruction->flow == Flow::call)
                    step.calls = instruction->target;
                else if (next.tail)
                    step.calls = next.tail;
                step.calls_pointer = instruction->flow == Flow::indirect_call || next.indirect_tail;
                step.jump = next.tail.has_value() || next.indirect_tail;
                step.returns = next.returns;
            } else {
                step.flow = Flow::stop;
            }
            steps.push_back(std::move(step));
            open.push_back({number, next});
        }
        return number;
    };
    enter(code_.functions()[function].place);
    while (!open.empty()) {
        if (open.back().taken == open.back().next.count) {
            left.push_back(open.back().step);
            open.pop_back();
            continue;
        }
        const std::size_t from = open.back().step;
        const KoElf::SectionOffset to = open.back().next.places[open.back().taken++];
        const std::size_t number = enter(to); // may reallocate `open`
        steps[from].next.push_back(number);
    }
    std::vector<std::size_t> order(steps.size());
    std::vector<Step> ordered;
    ordered.reserve(steps.size());
    for (std::size_t i = 0; i < left.size(); i++) {
        const std::size_t number = left[left.size() - 1 - i];
        order[number] = i;
        ordered.push_back(std::move(steps[number]));
    }
    for (Step& step : ordered)
        for (std::size_t& next : step.next)
            next = order[next];
    return ordered;
}

std::optional<std::size_t> ControlFlow::own(const Step& step) const {
    return step.calls ? code_.function_beginning(*step.calls) : std::nullopt;
}

const std::vector<std::size_t>& ControlFlow::reached(std::size_t function) {
    const auto found = reached_.find(function);
    if (found != reached_.end())
        return found->second;
    std::vector<std::size_t> all{function};
    std::set<std::size_t> known{function};
    for (std::size_t i = 0; i < all.size(); i++)
        for (const Step& step : steps(all[i]))
            if (const auto called = own(step); called && known.insert(*called).second)
                all.push_back(*called);
    return reached_.emplace(function, std::move(all)).first->second;
}

const std::set<std::string_view>& ControlFlow::externals(std::size_t function) {
    const auto found = externals_.find(function);
    if (found != externals_.end())
        return found->second;
    std::set<std::string_view> names;
    for (const std::size_t each : reached(function))
        for (const Step& step : steps(each))
            if (step.calls && step.calls->is_external())
                names.insert(code_.external(*step.calls));
    return externals_.emplace(function, std::move(names)).first->second;
}

CodePosition ControlFlow::place_of(const KoElf::SectionOffset& at) {
    CodePosition place;
    place.section = code_.elf().sections()[at.section].name;
    place.offset = at.offset;
    if (const auto function = code_.function_at(at)) {
        place.function = code_.functions()[*function].name;
        place.offset -= code_.functions()[*function].place.offset;
    }
    if (auto line = lines_.at(at)) {
        place.file = std::move(line->file);
        place.line = line->line;
    }
    return place;
}

bool ControlFlow::waits_for_callbacks(std::string_view external, Flavour flavour) const {
    const KnownWait* wait = known_wait(external, release_);
    return wait && wait->waits_for == WaitsFor::callbacks && wait->flavour == flavour;
}

bool ControlFlow::waits_for(const Step& step, Flavour flavour, bool certain) {
    if (!step.calls)
        return false;
    if (step.calls->is_external()) {
        const KnownWait* wait = known_wait(code_.external(*step.calls), release_);
        return wait && wait->waits_for == WaitsFor::callbacks && wait->flavour == flavour &&
               (!certain || wait->condition.empty());
    }
    const auto called = own(step);
    return called && (certain ? always_waits(*called, flavour) : may_wait(*called, flavour));
}

std::vector<bool> ControlFlow::reachable(const std::vector<Step>& steps, std::vector<std::size_t> from,
                                         const std::function<bool(const Step&)>& ends) const {
    std::vector<bool> reached(steps.size());
    for (const std::size_t step : from)
        reached[step] = true;
    while (!from.empty()) {
        const Step& step = steps[from.back()];
        from.pop_back();
        if (ends(step))
            continue;
        for (const std::size_t next : step.next)
            if (!reached[next]) {
                reached[next] = true;
                from.push_back(next);
            }
    }
    return reached;
}

// For each step: whether the function can return from it without a step that waits, itself included.
std::vector<bool> ControlFlow::returns_without(const std::vector<Step>& steps,
                                               const std::function<bool(const Step&)>& waits) const {
    std::vector<std::vector<std::size_t>> before(steps.size());
    std::vector<bool> waiting(steps.size());
    std::vector<bool> can(steps.size());
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < steps.size(); i++) {
        waiting[i] = waits(steps[i]);
        for (const std::size_t next : steps[i].next)
            before[next].push_back(i);
        if (steps[i].returns && !waiting[i]) {
            can[i] = true;
            open.push_back(i);
        }
    }
    while (!open.empty()) {
        const std::size_t step = open.back();
        open.pop_back();
        for (const std::size_t from : before[step])
            if (!can[from] && !waiting[from]) {
                can[from] = true;
                open.push_back(from);
            }
    }
    return can;
}

// The steps on every path from the entry to a return: those that dominate a common end node of all returns. Algorithm:
// Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm", which needs the steps in reverse postorder.
std::vector<bool> ControlFlow::on_every_path(const std::vector<Step>& steps) {
    constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    const std::size_t end = steps.size();
    std::vector<std::vector<std::size_t>> before(end + 1);
    for (std::size_t i = 0; i < end; i++) {
        for (const std::size_t next : steps[i].next)
            before[next].push_back(i);
        if (steps[i].returns)
            before[end].push_back(i);
    }
    std::vector<std::size_t> dominator(end + 1, none);
    dominator[0] = 0;
    const auto common = [&](std::size_t a, std::size_t b) {
        while (a != b) {
            while (a > b)
                a = dominator[a];
            while (b > a)
                b = dominator[b];
        }
        return a;
    };
    for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t i = 1; i <= end; i++) {
            std::size_t found = none;
            for (const std::size_t from : before[i])
                if (dominator[from] != none)
                    found = found == none ? from : common(found, from);
            if (found != none && dominator[i] != found) {
                dominator[i] = found;
                changed = true;
            }
        }
    }
    std::vector<bool> everywhere(end);
    if (dominator[end] != none)
        for (std::size_t i = dominator[end];; i = dominator[i]) {
            everywhere[i] = true;
            if (i == 0)
                break;
        }
    return everywhere;
}

// The steps in loops: those in a strongly connected component of several steps, and those that follow themselves.
// Kosaraju's algorithm: in reverse postorder, a component has the steps that lead to its first step and are in no
// earlier component.
std::vector<bool> ControlFlow::in_loops(const std::vector<Step>& steps) {
    std::vector<std::vector<std::size_t>> before(steps.size());
    std::vector<bool> looped(steps.size());
    for (std::size_t i = 0; i < steps.size(); i++)
        for (const std::size_t next : steps[i].next) {
            before[next].push_back(i);
            looped[i] = looped[i] || next == i;
        }
    std::vector<bool> taken(steps.size());
    for (std::size_t i = 0; i < steps.size(); i++) {
        if (taken[i])
            continue;
        std::vector<std::size_t> component{i};
        taken[i] = true;
        for (std::size_t j = 0; j < component.size(); j++)
            for (const std::size_t from : before[component[j]])
                if (!taken[from]) {
                    taken[from] = true;
                    component.push_back(from);
                }
        for (const std::size_t step : component)
            looped[step] = looped[step] || component.size() > 1;
    }
    return looped;
}

bool ControlFlow::always_waits(std::size_t function, Flavour flavour) {
    // In a recursion the inner call counts as one that does not wait.
    const auto [known, fresh] = always_.try_emplace({function, flavour}, false);
    if (!fresh || depth_ >= deepest || !may_wait(function, flavour))
        return known->second;
    depth_++;
    const auto& all = steps(function);
    const bool returns = std::any_of(
        all.begin(), all.end(), [](const Step& step) { return step.returns; });
    const bool always =
        returns && !returns_without(all, [&](const Step& step) { return waits_for(step, flavour, true); }).front();
    depth_--;
    return always_[{function, flavour}] = always;
}

std::vector<KoElf::SectionOffset> ControlFlow::waits_anywhere(Flavour flavour) const {
    std::vector<KoElf::SectionOffset> places;
    for (const Code::ExternalCall& call : code_.external_calls())
        if (waits_for_callbacks(code_.external(call.symbol), flavour))
            places.push_back(call.place);
    return places;
}

std::map<std::size_t, std::string_view>
ControlFlow::callers_of(const std::function<bool(std::string_view)>& wanted) const {
    std::map<std::size_t, std::string_view> all;
    std::vector<std::size_t> open;
    const auto add = [&](std::size_t which, std::string_view name) {
        if (all.try_emplace(which, name).second)
            open.push_back(which);
    };
    for (const Code::ExternalCall& call : code_.external_calls())
        if (const std::string_view name = code_.external(call.symbol); wanted(name))
            if (const auto holder = code_.function_at(call.place))
                add(code_.whole_of(*holder), name);
    while (!open.empty()) {
        const std::size_t called = open.back();
        open.pop_back();
        for (const Code::CallSite& site : code_.callers_of(called))
            add(site.function, all[called]);
    }
    return all;
}

bool ControlFlow::may_wait(std::size_t function, Flavour flavour) {
    const auto [known, fresh] = may_wait_.try_emplace(flavour);
    if (fresh)
        known->second = callers_of([&](std::string_view name) { return waits_for_callbacks(name, flavour); });
    return known->second.contains(function);
}

void ControlFlow::collect(std::size_t function, Course course, ReachedWaits& way, std::vector<std::size_t>& path,
                          std::set<std::size_t>& done) {
    const auto& all = steps(function);
    const std::vector<bool> everywhere = on_every_path(all);
    const std::vector<bool> looped = in_loops(all);
    for (std::size_t i = 0; i < all.size(); i++) {
        const Step& step = all[i];
        if (step.calls_pointer) {
            if (way.indirect++ == 0)
                way.indirect_example = to_text(place_of(step.place));
            continue;
        }
        const KnownWait* wait =
            step.calls && step.calls->is_external() ? known_wait(code_.external(*step.calls), release_) : nullptr;
        const auto called = own(step);
        if (!wait && (!called || std::find(path.begin(), path.end(), *called) != path.end() || path.size() >= deepest))
            continue;
        const Course here{course.certain && everywhere[i], course.in_loop || looped[i]};
        if (wait) {
            WaitSite site;
            site.place = place_of(step.place);
            site.called = wait->name;
            site.waits_for = wait->waits_for;
            site.flavour = wait->flavour;
            site.jump = step.jump;
            site.certain = here.certain && wait->condition.empty();
            site.in_loop = here.in_loop;
            site.ends_in = wait->ends_in;
            site.condition = wait->condition;
            way.waits.push_back(std::move(site));
        } else if (done.insert(*called).second) {
            path.push_back(*called);
            collect(*called, here, way, path, done);
            path.pop_back();
        }
    }
}

// Finds pointers to own functions that code writes into objects of the module. Only functions that take the address of
// an own function can do this.
void ControlFlow::read_runtime_pointers() {
    runtime_pointers_.emplace();
    for (std::size_t i = 0; i < code_.functions().size(); i++) {
        if (code_.functions()[i].split_off || !code_.refers_to_own_functions(i))
            continue;
        const FunctionValues& found = values(i);
        runtime_pointers_->insert(runtime_pointers_->end(), found.stores.begin(), found.stores.end());
        for (const auto& [place, call] : found.calls) {
            const Atom* object = call.argument[0].single();
            if (!object || object->kind != Atom::Kind::place)
                continue;
            for (std::size_t argument = 1; argument < CallValues::arguments; argument++) {
                const Atom* given = call.argument[argument].single();
                if (!given || given->kind != Atom::Kind::place)
                    continue;
                const auto function = code_.function_beginning(CodeRef{CodeRef::Kind::place,
                                                                       static_cast<std::uint32_t>(given->place.section),
                                                                       static_cast<std::int64_t>(given->place.offset)});
                if (function)
                    runtime_pointers_->push_back({object->place, *function});
            }
        }
    }
    std::sort(runtime_pointers_->begin(), runtime_pointers_->end(),
              [](const Code::DataPointer& a, const Code::DataPointer& b) { return a.at < b.at; });
}

std::vector<std::size_t> ControlFlow::functions_of_object(const KoElf::SectionOffset& place) {
    const auto object = code_.object_at(place);
    if (!object)
        return {};
    if (!runtime_pointers_)
        read_runtime_pointers();
    std::vector<std::size_t> functions;
    const KoElf::SectionOffset end{object->place.section, object->place.offset + object->size};
    for (const auto* pointers : {&code_.data_pointers(), std::as_const(runtime_pointers_).operator->()})
        for (auto at = std::lower_bound(
                 pointers->begin(), pointers->end(), object->place,
                 [](const Code::DataPointer&p, const KoElf::SectionOffset&from) { return p.at < from; });
             at != pointers->end() && at->at < end; ++at)
            if (std::find(functions.begin(), functions.end(), at->function) == functions.end())
                functions.push_back(at->function);
    return functions;
}

ReachedWaits ControlFlow::waits_reached_from(std::size_t function) {
    ReachedWaits way;
    way.function = code_.functions()[function].name;
    std::vector<std::size_t> path{function};
    std::set<std::size_t> done{function};
    collect(function, {}, way, path, done);
    return way;
}

void ControlFlow::open_events(std::size_t function, Flavour flavour, const Happens& happens, bool after_wait,
                              std::vector<Event>& events, std::set<std::pair<std::size_t, bool>>& done) {
    const auto& all = steps(function);
    std::vector<std::size_t> after;
    for (const Step& step : all)
        if (waits_for(step, flavour, false))
            after.insert(after.end(), step.next.begin(), step.next.end());
    const auto behind = reachable(
        all, after, [](const Step&) { return false; });
    const auto open = returns_without(all, [&](const Step& step) { return waits_for(step, flavour, true); });
    for (std::size_t i = 0; i < all.size(); i++) {
        const auto& next = all[i].next;
        if (!all[i].returns && std::none_of(next.begin(), next.end(), [&](std::size_t j) { return open[j]; }))
            continue;
        const bool early = !after_wait || behind[i];
        if (early && happens(function, all[i]))
            events.push_back({all[i].place, function});
        if (const auto called = own(all[i]); called && depth_ < deepest && done.insert({*called, !early}).second) {
            depth_++;
            open_events(*called, flavour, happens, !early, events, done);
            depth_--;
        }
    }
}

std::vector<ControlFlow::Event> ControlFlow::not_waited_for(std::size_t function, Flavour flavour,
                                                            const Happens& happens, bool after_wait) {
    std::vector<Event> events;
    std::set<std::pair<std::size_t, bool>> done{{function, after_wait}};
    open_events(function, flavour, happens, after_wait, events, done);
    return events;
}

bool ControlFlow::reached_without_wait(std::size_t function, Flavour flavour, const KoElf::SectionOffset& event) {
    std::vector<std::size_t> open{function};
    std::set<std::size_t> known{function};
    while (!open.empty()) {
        const auto& all = steps(open.back());
        open.pop_back();
        const auto without = reachable(all, {0}, [&](const Step& step) { return waits_for(step, flavour, false); });
        for (std::size_t i = 0; i < all.size(); i++) {
            if (without[i] && all[i].place == event)
                return true;
            if (const auto called = without[i] ? own(all[i]) : std::nullopt; called && known.insert(*called).second)
                open.push_back(*called);
        }
    }
    return false;
}

bool ControlFlow::reached_after_wait(std::size_t function, Flavour flavour, const KoElf::SectionOffset& event) {
    std::vector<std::pair<std::size_t, bool>> open{{function, false}};
    std::set<std::pair<std::size_t, bool>> known{{function, false}};
    while (!open.empty()) {
        const auto [which, waited] = open.back();
        open.pop_back();
        const auto& all = steps(which);
        std::vector<std::size_t> after;
        for (std::size_t i = 0; i < all.size(); i++)
            if (waits_for(all[i], flavour, false))
                after.insert(after.end(), all[i].next.begin(), all[i].next.end());
        const auto behind = reachable(all, after, [](const Step&) { return false; });
        for (std::size_t i = 0; i < all.size(); i++) {
            const bool here = waited || behind[i];
            if (here && all[i].place == event)
                return true;
            if (const auto called = own(all[i]); called && known.insert({*called, here}).second)
                open.emplace_back(*called, here);
        }
    }
    return false;
}

} // namespace rcuscope
