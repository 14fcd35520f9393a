// SPDX-License-Identifier: BSD-2-Clause
#include "review/locks.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace rcuscope {

namespace {

// Limits of the nesting depth within a function.
constexpr int lowest = -2;
constexpr int highest = 3;

class Locks {
public:
    explicit Locks(ControlFlow& ways) : ways_(ways), code_(ways.code()) {}

    std::vector<Finding> find() {
        find_concerned();
        std::vector<Finding> findings;
        for (const std::size_t function : holders_)
            if (auto finding = look_at(function))
                findings.push_back(std::move(*finding));
        return findings;
    }

private:
    static int own_change(std::string_view name) {
        return name == "__rcu_read_lock" ? 1 : name == "__rcu_read_unlock" ? -1 : 0;
    }

    // Functions that lock or unlock, and their direct and indirect callers.
    void find_concerned() {
        std::vector<std::size_t> open;
        const auto add = [&](std::size_t function) {
            if (concerned_.insert(function).second)
                open.push_back(function);
        };
        for (const Code::ExternalCall& call : code_.external_calls()) {
            const auto holder = code_.function_at(call.place);
            const int change = holder ? own_change(code_.external(call.symbol)) : 0;
            if (change != 0)
                add(code_.whole_of(*holder));
            if (change > 0)
                holders_.insert(code_.whole_of(*holder));
        }
        while (!open.empty()) {
            const std::size_t called = open.back();
            open.pop_back();
            for (const Code::CallSite& site : code_.callers_of(called))
                add(site.function);
        }
    }

    // The possible changes of the depth by a call of the function, with all branches taken as possible.
    const std::set<int>& changes_of(std::size_t function) {
        static const std::set<int> none{0};
        if (!concerned_.contains(function) || depth_ > 64)
            return none;
        const auto [known, fresh] = changes_.try_emplace(function, none); // in a recursion: no change
        if (!fresh)
            return known->second;
        depth_++;
        std::set<int> found = changes_on(ways_.steps(function));
        depth_--;
        if (!found.empty())
            changes_[function] = std::move(found);
        return changes_[function];
    }

    std::set<int> changes_of_step(const Step& step) {
        if (!step.calls)
            return {0};
        if (step.calls->is_external())
            return {own_change(code_.external(*step.calls))};
        const auto called = code_.function_beginning(*step.calls);
        return called ? changes_of(*called) : std::set<int>{0};
    }

    // The possible depths at a return, from a depth of 0 at the entry.
    std::set<int> changes_on(const std::vector<Step>& steps) {
        std::vector<std::set<int>> entered(steps.size());
        std::vector<std::pair<std::size_t, int>> open{{0, 0}};
        std::set<int> returned;
        entered[0].insert(0);
        while (!open.empty()) {
            const auto [number, depth] = open.back();
            open.pop_back();
            const Step& step = steps[number];
            for (const int change : changes_of_step(step)) {
                const int left = std::clamp(depth + change, lowest, highest);
                if (step.returns)
                    returned.insert(left);
                // A conditional tail call changes the depth only on the path on which it is taken.
                const int onward = step.jump ? depth : left;
                for (const std::size_t next : step.next)
                    if (entered[next].insert(onward).second)
                        open.emplace_back(next, onward);
            }
        }
        return returned;
    }

    bool unlocks_for_others(std::size_t function) { return *changes_of(function).begin() < 0; }
    bool called_from_outside(std::size_t function) const {
        const Code::Function& which = code_.functions()[function];
        return which.address_taken || which.exported;
    }

    // The direct and indirect callers of `function`.
    std::set<std::size_t> callers_above(std::size_t function) {
        std::set<std::size_t> all;
        std::vector<std::size_t> open{function};
        while (!open.empty()) {
            const std::size_t called = open.back();
            open.pop_back();
            for (const Code::CallSite& site : code_.callers_of(called))
                if (all.insert(site.function).second)
                    open.push_back(site.function);
        }
        return all;
    }

    std::optional<Finding> look_at(std::size_t function) {
        const std::set<int> changes = changes_of(function);
        if (*changes.rbegin() <= 0)
            return std::nullopt;
        const auto& steps = ways_.steps(function);
        bool unclear = false;
        const auto change = [&](const Step& step) {
            const std::set<int> possible = changes_of_step(step);
            unclear = unclear || possible.size() > 1;
            return *possible.begin();
        };
        const auto path = find_open_path(code_, steps, change);
        if (!path || unclear)
            return std::nullopt;

        const std::set<std::size_t> above = callers_above(function);
        const bool outside = called_from_outside(function) ||
                             std::any_of(
                                 above.begin(), above.end(), [&](auto f) { return called_from_outside(f); });
        const bool closed_above = std::any_of(
            above.begin(), above.end(), [&](auto f) { return unlocks_for_others(f); });
        const bool closed_beside = outside && std::any_of(concerned_.begin(), concerned_.end(), [&](auto f) {
                                       return called_from_outside(f) && unlocks_for_others(f);
                                   });
        if (closed_above || closed_beside)
            return std::nullopt;
        const bool always = changes.size() == 1;
        // A function that has callers and always returns with the lock held does so on purpose, as the start of an
        // iteration.
        if (always && (called_from_outside(function) || !above.empty()))
            return std::nullopt;

        Finding finding;
        finding.kind = FindingKind::lock_without_unlock;
        finding.place = ways_.place_of(path->begin);
        finding.what =
            std::string(code_.functions()[function].name) + "() returns at " + to_text(ways_.place_of(path->end)) +
            " within the read-side section that begins at " + to_text(finding.place) +
            (path->branch ? ", on the path through the branch at " + to_text(ways_.place_of(*path->branch)) : "");
        finding.remedy = "call rcu_read_unlock() on that path, too";
        if (code_.functions()[function].exported || code_.functions()[function].address_taken) {
            finding.sureness = Confidence::likely;
            finding.why = "other paths end the section; the function is called from outside the module, and no "
                          "function of the module ends a section that another function began";
        } else {
            finding.sureness = Confidence::shown;
            finding.why = "no caller in the module ends a section that another function began";
        }
        return finding;
    }

    ControlFlow& ways_;
    const Code& code_;
    std::set<std::size_t> concerned_;
    std::set<std::size_t> holders_; // functions that call __rcu_read_lock()
    std::map<std::size_t, std::set<int>> changes_;
    std::size_t depth_ = 0;
};

} // namespace

std::vector<Finding> find_open_sections(ControlFlow& ways) {
    return Locks(ways).find();
}

} // namespace rcuscope
