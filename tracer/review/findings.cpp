// SPDX-License-Identifier: BSD-2-Clause
#include "review/findings.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "review/known_functions.hpp"
#include "review/locks.hpp"

namespace rcuscope {

namespace {

constexpr std::array<Flavour, 6> with_callbacks{Flavour::rcu,        Flavour::srcu,        Flavour::tasks,
                                                Flavour::tasks_rude, Flavour::tasks_trace, Flavour::rcu_work};

std::string function_text(std::string_view name) {
    return std::string(name) + "()";
}

// Confidence of a finding, and the reason.
struct Doubt {
    Confidence sureness = Confidence::shown;
    std::string why;
};

class Judge {
public:
    Judge(ControlFlow& ways, const std::vector<FoundDeferral>& deferrals, const ModuleEntryPoints& ends,
          const ModuleReading& reading)
        : ways_(ways), code_(ways.code()), deferrals_(deferrals), ends_(ends), reading_(reading) {}

    std::vector<Finding> judge() {
        if (reading_.unloadable)
            for (const Flavour flavour : with_callbacks)
                judge_waiting(flavour);
        if (ends_.exit)
            judge_caches();
        for (const FoundDeferral& deferral : deferrals_)
            judge_init_text(deferral);
        for (Finding& finding : find_open_sections(ways_))
            findings_.push_back(std::move(finding));
        return std::move(findings_);
    }

private:
    void judge_waiting(Flavour flavour) {
        std::vector<const FoundDeferral*> own;
        std::vector<const FoundDeferral*> unknown;
        for (const FoundDeferral& deferral : deferrals_) {
            if (deferral.site.flavour != flavour)
                continue;
            if (!deferral.own.empty())
                own.push_back(&deferral);
            else if (deferral.unknown_callback)
                unknown.push_back(&deferral);
        }
        if (own.empty() && unknown.empty())
            return;
        const bool waits = waits_surely(flavour);
        if (waits)
            return judge_order(flavour, own);
        const std::vector<const FoundDeferral*>& sites = own.empty() ? unknown : own;
        Finding finding;
        finding.place = sites.front()->site.place;
        const auto other = other_barrier(flavour);
        finding.kind = other ? FindingKind::wrong_barrier : FindingKind::no_barrier;
        finding.what = what_is_queued(sites) + ", and " + no_function_that() + " waits for it" +
                       (other ? ": " + *other + " waits for callbacks of another kind" : "") + not_enough(flavour);
        const Doubt doubt = own.empty()
                                ? Doubt{Confidence::cannot_tell, "the file does not show which function is queued"}
                                : doubt_of(flavour, own);
        finding.sureness = doubt.sureness;
        finding.why = doubt.why;
        finding.remedy = remedy(flavour);
        findings_.push_back(std::move(finding));
    }

    std::string exit_name() const { return std::string(code_.functions()[*ends_.exit].name); }

    std::string what_is_queued(const std::vector<const FoundDeferral*>& sites) const {
        const FoundDeferral& first = *sites.front();
        std::string name;
        for (const DeferredCallback& callback : first.site.callbacks)
            if (callback.owner == CallbackOwner::core)
                name = callback.function;
        std::string text = first.site.called + "() at " + to_text(first.site.place) + " queues " +
                           (name.empty() ? "a function that may be the module's own" : function_text(name));
        if (sites.size() > 1)
            text += " (and there are " + std::to_string(sites.size() - 1) + " more such calls)";
        return text;
    }

    std::string no_function_that() const {
        return ends_.exit ? exit_name() + "() calls no function that" : "the module has no exit function that";
    }

    // Returns "; synchronize_rcu() at ... waits for readers only, and callbacks may run later", or nothing.
    std::string not_enough(Flavour flavour) const {
        for (const WaitSite& wait : reading_.exit.waits)
            if (wait.waits_for == WaitsFor::grace_period && (wait.flavour == flavour || flavour == Flavour::rcu_work))
                return "; " + wait.called + "() at " + to_text(wait.place) +
                       " waits for readers only, and callbacks may run later";
        return "";
    }

    std::string remedy(Flavour flavour) const {
        const std::string where = ends_.exit ? exit_name() + "()" : "an exit function";
        if (flavour == Flavour::rcu_work)
            return "in " + where + ", call flush_rcu_work() for each work item, after the last code that queues it";
        return "in " + where + ", call " + std::string(barrier_of(flavour)) +
               " after the last code that queues callbacks";
    }

    // Whether the exit function reaches an unconditional wait for callbacks of the flavour, on any path.
    bool waits_surely(Flavour flavour) const {
        const auto waits = [&](Flavour wanted) {
            return std::any_of(reading_.exit.waits.begin(), reading_.exit.waits.end(), [&](const WaitSite& wait) {
                return wait.waits_for == WaitsFor::callbacks && wait.flavour == wanted && wait.condition.empty();
            });
        };
        if (waits(flavour))
            return true;
        // An RCU callback puts the work item on its workqueue, so both need a wait.
        return flavour == Flavour::rcu_work && waits(Flavour::rcu) &&
               reaches_any({"destroy_workqueue", "__flush_workqueue", "flush_workqueue", "drain_workqueue",
                            "unregister_tcf_proto_ops"});
    }

    bool reaches_any(std::initializer_list<std::string_view> names) const {
        if (!ends_.exit)
            return false;
        const auto& reached = ways_.externals(*ends_.exit);
        return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return reached.contains(name); });
    }

    std::optional<std::string> other_barrier(Flavour flavour) const {
        for (const WaitSite& wait : reading_.exit.waits)
            if (wait.waits_for == WaitsFor::callbacks && wait.flavour != flavour && wait.condition.empty() &&
                wait.flavour != Flavour::kfree_rcu && wait.ends_in.empty() && !defers(wait.flavour))
                return wait.called + "() at " + to_text(wait.place);
        return std::nullopt;
    }

    // Whether the module defers work of this flavour, so that a barrier of it is needed.
    bool defers(Flavour flavour) const {
        return std::any_of(
            deferrals_.begin(), deferrals_.end(),
            [&](const FoundDeferral& deferral) {
                return deferral.site.flavour == flavour && (!deferral.own.empty() || deferral.unknown_callback);
            });
    }

    // Doubt due to the kernel functions that the exit function calls.
    Doubt doubt_of_calls() {
        for (const std::string_view name : ways_.externals(*ends_.exit))
            if (!known_harmless(name) && !known_wait(name, reading_.release))
                return {Confidence::likely,
                        "the exit function calls " + function_text(name) +
                            ", which is not known to wait for callbacks; the file does not show which functions it "
                            "calls"};
        return {Confidence::shown,
                "every function that the exit function calls is in the file, or is known not to wait for callbacks"};
    }

    std::string pointer_call() const {
        return "the exit function calls an unknown function through a pointer at " + reading_.exit.indirect_example;
    }

    // Doubt about the finding that nothing waits.
    Doubt doubt_of(Flavour flavour, const std::vector<const FoundDeferral*>& own) {
        const auto cannot_tell = [](std::string why) { return Doubt{Confidence::cannot_tell, std::move(why)}; };
        if (!ends_.exit)
            return {Confidence::likely, "the module has neither an init nor an exit function, so it can be unloaded as "
                                        "soon as its reference count is zero"};
        for (const WaitSite& wait : reading_.exit.waits) {
            if (wait.waits_for == WaitsFor::callbacks && wait.flavour == flavour)
                return cannot_tell(wait.called + "() at " + to_text(wait.place) + " waits for callbacks " +
                                   wait.condition);
            if (wait.waits_for == WaitsFor::other)
                return cannot_tell(wait.called + "() at " + to_text(wait.place) +
                                   " may wait for an event that the callbacks signal");
        }
        if (reading_.exit.indirect > 0)
            return cannot_tell(pointer_call());
        if (const auto elsewhere = ways_.waits_anywhere(flavour); !elsewhere.empty())
            return cannot_tell("a wait is at " + to_text(ways_.place_of(elsewhere.front())) +
                               "; the exit function does not call that function directly, but the kernel may");
        for (const FoundDeferral* deferral : own)
            for (const std::size_t callback : deferral->own)
                if (ways_.externals(callback).contains("module_put"))
                    return cannot_tell(function_text(code_.functions()[callback].name) +
                                       " drops a reference to a module; if that is this module, it cannot be unloaded "
                                       "before the callback runs");
        return doubt_of_calls();
    }

    // Functions that queue own callbacks of the flavour, and their direct and indirect callers.
    std::set<std::size_t> queueing(const std::vector<const FoundDeferral*>& own) const {
        std::set<std::size_t> all;
        std::vector<std::size_t> open;
        const auto add = [&](std::size_t function) {
            if (all.insert(function).second)
                open.push_back(function);
        };
        for (const FoundDeferral* deferral : own)
            if (deferral->function)
                add(*deferral->function);
        while (!open.empty()) {
            const std::size_t called = open.back();
            open.pop_back();
            for (const Code::CallSite& site : code_.callers_of(called))
                add(site.function);
        }
        return all;
    }

    // The exit function waits. Looks for callbacks that it may queue after its last wait.
    void judge_order(Flavour flavour, const std::vector<const FoundDeferral*>& own) {
        if (!ends_.exit || own.empty())
            return;
        std::set<KoElf::SectionOffset> places;
        for (const FoundDeferral* deferral : own)
            places.insert(deferral->place);
        const auto queues = [&](std::size_t, const Step& step) { return places.contains(step.place); };
        const auto late = ways_.not_waited_for(*ends_.exit, flavour, queues, true);
        if (!late.empty()) {
            Finding finding;
            finding.kind = FindingKind::barrier_too_early;
            finding.place = ways_.place_of(late.front().place);
            finding.what = "the exit function can still queue a callback at " + to_text(finding.place) +
                           ", after its last wait for callbacks";
            finding.sureness = Confidence::shown;
            finding.why = "a path leads from the wait to this call, and from the call to the end of the exit function "
                          "without another wait";
            finding.remedy = "call " + std::string(barrier_of(flavour)) + " after this call";
            findings_.push_back(std::move(finding));
            return;
        }
        judge_stops(flavour, own);
    }

    // Looks for timers, threads, handlers etc. that are stopped only after the last wait, and whose functions queue
    // callbacks.
    void judge_stops(Flavour flavour, const std::vector<const FoundDeferral*>& own) {
        const std::set<std::size_t> queue = queueing(own);
        for (const bool by_itself : {true, false}) {
            std::string runs;
            std::string stopped_by;
            const auto stops = [&](std::size_t function, const Step& step) {
                if (!step.calls || !step.calls->is_external())
                    return false;
                const std::string_view name = code_.external(*step.calls);
                const KnownWait* wait = known_wait(name, reading_.release);
                if (wait && wait->waits_for == WaitsFor::callbacks && wait->flavour == flavour)
                    return false;
                for (const std::size_t run : run_until(function, step, name, by_itself))
                    if (queue.contains(run)) {
                        runs = code_.functions()[run].name;
                        stopped_by = name;
                        return true;
                    }
                return false;
            };
            const auto late = ways_.not_waited_for(*ends_.exit, flavour, stops, true);
            if (late.empty())
                continue;
            Finding finding;
            finding.kind = FindingKind::barrier_too_early;
            finding.place = ways_.place_of(late.front().place);
            finding.what = function_text(runs) +
                           " can run and queue callbacks after the exit function's last wait for callbacks, until " +
                           stopped_by + "() at " + to_text(finding.place);
            finding.sureness = by_itself ? Confidence::likely : Confidence::cannot_tell;
            finding.why = by_itself
                              ? "it can run until it is stopped; the file does not show whether it runs at that time"
                              : "the kernel calls it on demand; the file does not show whether the kernel calls it at "
                                "that time, and whether it then queues a callback";
            finding.remedy = "stop it before the wait";
            findings_.push_back(std::move(finding));
            return;
        }
    }

    // Own functions that may run until this call: those of the object in its argument, or of threads for
    // kthread_stop().
    std::vector<std::size_t> run_until(std::size_t function, const Step& step, std::string_view name, bool by_itself) {
        if (by_itself && name == "kthread_stop")
            return functions_given_to({"kthread_create_on_node", "kthread_create_on_cpu"});
        if (by_itself ? !known_stop(name) : !known_unregister(name))
            return {};
        const auto& calls = ways_.values(function).calls;
        const auto known = calls.find(step.place);
        if (known == calls.end())
            return {};
        const Atom* object = known->second.argument[0].single();
        // If the object has an owner (THIS_MODULE), the kernel takes a module reference before it calls its functions,
        // and gets none while the module is being unloaded.
        if (!object || object->kind != Atom::Kind::place || code_.names_its_owner(object->place))
            return {};
        return ways_.functions_of_object(object->place);
    }

    // Own functions that are argument 0 of calls of `names`.
    std::vector<std::size_t> functions_given_to(std::initializer_list<std::string_view> names) {
        std::vector<std::size_t> functions;
        for (const Code::ExternalCall& call : code_.external_calls()) {
            if (std::find(names.begin(), names.end(), code_.external(call.symbol)) == names.end())
                continue;
            const auto holder = code_.function_at(call.place);
            if (!holder)
                continue;
            const auto& calls = ways_.values(code_.whole_of(*holder)).calls;
            const auto known = calls.find(call.place);
            const Atom* given = known == calls.end() ? nullptr : known->second.argument[0].single();
            if (!given || given->kind != Atom::Kind::place)
                continue;
            const auto run =
                code_.function_beginning(CodeRef{CodeRef::Kind::place, static_cast<std::uint32_t>(given->place.section),
                                                 static_cast<std::int64_t>(given->place.offset)});
            if (run)
                functions.push_back(*run);
        }
        return functions;
    }

    // The variable of the module that holds the cache in an argument of a call. It identifies the cache.
    std::optional<KoElf::SectionOffset> cache_given(std::size_t function, const KoElf::SectionOffset& call,
                                                    std::size_t argument) {
        const auto& calls = ways_.values(function).calls;
        const auto known = calls.find(call);
        const Atom* atom = known == calls.end() ? nullptr : known->second.argument[argument].single();
        if (!atom)
            return std::nullopt;
        if (atom->kind == Atom::Kind::result) { // of kmem_cache_create(), not yet stored in the variable
            const auto& kept = ways_.values(function).kept;
            const auto variable = kept.find(atom->place);
            return variable == kept.end() ? std::nullopt : std::optional(variable->second);
        }
        return atom->kind == Atom::Kind::loaded ? std::optional(atom->place) : std::nullopt;
    }

    // The cache of the object in a call of kvfree_call_rcu(), if the same function allocates the object.
    std::optional<KoElf::SectionOffset> cache_of_object(std::size_t function, const KoElf::SectionOffset& call) {
        const auto& calls = ways_.values(function).calls;
        const auto known = calls.find(call);
        if (known == calls.end())
            return std::nullopt;
        for (const std::size_t argument : {0U, 1U}) {
            const Atom* atom = known->second.argument[argument].single();
            if (!atom || atom->kind != Atom::Kind::result)
                continue;
            const Instruction86* made = code_.instruction_at(atom->place);
            if (made && code_.external(made->target).starts_with("kmem_cache_alloc"))
                return cache_given(function, atom->place, 0);
        }
        return std::nullopt;
    }

    // The caches into which own callbacks or kfree_rcu() free objects after a grace period.
    struct Freeing {
        const FoundDeferral* deferral = nullptr;
        KoElf::SectionOffset cache;
        std::string by; // the callback; empty for kfree_rcu()
    };
    std::vector<Freeing> freeing() {
        std::vector<Freeing> all;
        for (const FoundDeferral& deferral : deferrals_) {
            if (deferral.site.flavour == Flavour::kfree_rcu && deferral.function)
                if (const auto cache = cache_of_object(*deferral.function, deferral.place))
                    all.push_back({&deferral, *cache, ""});
            for (const std::size_t callback : deferral.own)
                for (const std::size_t function : ways_.reached(callback))
                    for (const Step& step : ways_.steps(function))
                        if (step.calls && code_.external(*step.calls) == "kmem_cache_free")
                            if (const auto cache = cache_given(function, step.place, 0))
                                all.push_back({&deferral, *cache, std::string(code_.functions()[callback].name)});
        }
        return all;
    }

    void judge_caches() {
        if (!code_.imports("kmem_cache_destroy") || deferrals_.empty())
            return;
        const std::vector<Freeing> frees = freeing();
        if (frees.empty())
            return;
        std::set<std::pair<KoElf::SectionOffset, KoElf::SectionOffset>> told;
        for (const std::size_t function : ways_.reached(*ends_.exit))
            for (const Step& step : ways_.steps(function)) {
                if (!step.calls || code_.external(*step.calls) != "kmem_cache_destroy")
                    continue;
                const auto cache = cache_given(function, step.place, 0);
                if (!cache)
                    continue;
                for (const Freeing& free : frees)
                    if (free.cache == *cache && told.emplace(step.place, *cache).second)
                        judge_cache(step.place, free);
            }
    }

    void judge_cache(const KoElf::SectionOffset& destroyed, const Freeing& free) {
        const Flavour flavour = free.deferral->site.flavour;
        if (flavour == Flavour::kfree_rcu && known_wait("kmem_cache_destroy", reading_.release))
            return; // from 6.12 on, kmem_cache_destroy() itself waits for kfree_rcu()
        if (!ways_.reached_without_wait(*ends_.exit, flavour, destroyed) ||
            ways_.reached_after_wait(*ends_.exit, flavour, destroyed))
            return;
        const auto object = code_.object_at(free.cache);
        Finding finding;
        finding.kind = FindingKind::cache_destroyed_before_barrier;
        finding.place = ways_.place_of(destroyed);
        finding.what = "kmem_cache_destroy() at " + to_text(finding.place) + " destroys " +
                       (object ? std::string(object->name) : std::string("a cache")) + ", into which " +
                       (free.by.empty() ? free.deferral->site.called + "() at " + to_text(free.deferral->site.place)
                                        : function_text(free.by)) +
                       " frees objects after a grace period; no call before it waits for that";
        for (const WaitSite& wait : reading_.exit.waits)
            if (flavour == Flavour::kfree_rcu && wait.called == "rcu_barrier") {
                finding.what += "; rcu_barrier() does not wait for kfree_rcu()";
                break;
            }
        const Doubt doubt = doubt_of_cache();
        finding.sureness = doubt.sureness;
        finding.why = doubt.why;
        finding.remedy =
            flavour == Flavour::kfree_rcu
                ? "free the objects with call_rcu() and a function of the module's, and call rcu_barrier() before "
                  "kmem_cache_destroy(): kernels before 6.12 have no function that waits for kfree_rcu()"
                : "call " + std::string(barrier_of(flavour)) + " before kmem_cache_destroy()";
        findings_.push_back(std::move(finding));
    }

    Doubt doubt_of_cache() {
        for (const WaitSite& wait : reading_.exit.waits)
            if (wait.waits_for == WaitsFor::other)
                return {Confidence::cannot_tell,
                        wait.called + "() at " + to_text(wait.place) + " may wait until the objects are freed"};
        if (reading_.exit.indirect > 0)
            return {Confidence::cannot_tell, pointer_call()};
        return doubt_of_calls();
    }

    void judge_init_text(const FoundDeferral& deferral) {
        const auto init_callback =
            std::find_if(deferral.site.callbacks.begin(), deferral.site.callbacks.end(),
                         [](const DeferredCallback& callback) { return callback.owner == CallbackOwner::init; });
        if (init_callback == deferral.site.callbacks.end())
            return;
        // No finding if the call is in init text and the init function waits after it.
        if (deferral.site.place.section.starts_with(".init") && ends_.init) {
            const auto here = [&](std::size_t, const Step& step) { return step.place == deferral.place; };
            if (ways_.not_waited_for(*ends_.init, deferral.site.flavour, here, false).empty() &&
                ways_.may_wait(*ends_.init, deferral.site.flavour))
                return;
        }
        Finding finding;
        finding.kind = FindingKind::callback_in_init_text;
        finding.place = deferral.site.place;
        finding.what = deferral.site.called + "() at " + to_text(deferral.site.place) + " queues " +
                       function_text(init_callback->function) +
                       ", whose code is freed when the module's init function has returned";
        const bool only = deferral.site.callbacks.size() == 1;
        finding.sureness = only ? Confidence::shown : Confidence::likely;
        finding.why = only ? "it is the only function that this call can queue"
                           : "it is one of the functions that this call can queue";
        finding.remedy = "remove __init from " + function_text(init_callback->function);
        findings_.push_back(std::move(finding));
    }

    ControlFlow& ways_;
    const Code& code_;
    const std::vector<FoundDeferral>& deferrals_;
    const ModuleEntryPoints& ends_;
    const ModuleReading& reading_;
    std::vector<Finding> findings_;
};

} // namespace

std::vector<Finding> find_faults(ControlFlow& ways, const std::vector<FoundDeferral>& deferrals,
                                 const ModuleEntryPoints& ends, const ModuleReading& reading) {
    return Judge(ways, deferrals, ends, reading).judge();
}

} // namespace rcuscope
