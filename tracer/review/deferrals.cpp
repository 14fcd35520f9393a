// SPDX-License-Identifier: BSD-2-Clause
#include "review/deferrals.hpp"

#include <algorithm>
#include <set>

namespace rcuscope {

namespace {

// If a callback is a parameter, it is looked up in the callers, through at most this many levels.
constexpr std::size_t max_callers_deep = 4;

class Finder {
public:
    Finder(ControlFlow& ways, const ExporterOf& exporter) : ways_(ways), code_(ways.code()), exporter_(exporter) {}

    std::vector<FoundDeferral> find() {
        std::vector<FoundDeferral> found;
        for (const Code::ExternalCall& call : code_.external_calls())
            if (const KnownDeferral* known = known_deferral(code_.external(call.symbol)))
                found.push_back(look_at(call, *known));
        std::sort(found.begin(), found.end(),
                  [](const FoundDeferral& a, const FoundDeferral& b) { return a.place < b.place; });
        return found;
    }

private:
    FoundDeferral look_at(const Code::ExternalCall& call, const KnownDeferral& known) {
        FoundDeferral found;
        found.place = call.place;
        found.site.place = ways_.place_of(call.place);
        found.site.flavour = known.flavour;
        found.site.called = known.name;
        found.site.jump = call.jump;
        if (const auto function = code_.function_at(call.place))
            found.function = code_.whole_of(*function);
        callbacks_.clear();
        if (known.flavour == Flavour::kfree_rcu)
            return found;
        if (known.flavour == Flavour::percpu_ref)
            add_releases();
        else if (known.flavour == Flavour::rcu_work && known.callback == no_argument)
            add_work(found);
        if (known.callback != no_argument) {
            std::set<std::pair<std::size_t, std::size_t>> asked;
            add_argument(found.function, call.place, known.callback, asked, 0);
        }
        for (const DeferredCallback& callback : callbacks_) {
            found.unknown_callback = found.unknown_callback || callback.owner == CallbackOwner::unknown;
            found.site.callbacks.push_back(callback);
        }
        for (const std::size_t function : own_)
            found.own.push_back(function);
        own_.clear();
        return found;
    }

    // Adds the possible callbacks in an argument of a call.
    void add_argument(std::optional<std::size_t> function, const KoElf::SectionOffset& call, std::size_t argument,
                      std::set<std::pair<std::size_t, std::size_t>>& asked, std::size_t depth) {
        if (!function)
            return add({CallbackOwner::unknown, "", ""});
        const auto& calls = ways_.values(*function).calls;
        const auto known = calls.find(call);
        if (known == calls.end() || argument >= CallValues::arguments ||
            known->second.argument[argument].may_be_anything())
            return add({CallbackOwner::unknown, "", ""});
        for (const Atom& atom : known->second.argument[argument].atoms())
            add_atom(*function, atom, asked, depth);
    }

    void add_atom(std::size_t function, const Atom& atom, std::set<std::pair<std::size_t, std::size_t>>& asked,
                  std::size_t depth) {
        if (atom.kind == Atom::Kind::external)
            return add_external(code_.external(atom.number));
        if (atom.kind == Atom::Kind::place) {
            const auto own =
                code_.function_beginning(CodeRef{CodeRef::Kind::place, static_cast<std::uint32_t>(atom.place.section),
                                                 static_cast<std::int64_t>(atom.place.offset)});
            return own ? add_own(*own) : add({CallbackOwner::unknown, "", ""});
        }
        if (atom.kind == Atom::Kind::number && atom.place.offset == 0) // NULL: no callback
            return;
        if (atom.kind != Atom::Kind::parameter || depth == max_callers_deep)
            return add({CallbackOwner::unknown, "", ""});
        if (!asked.emplace(function, atom.number).second)
            return;
        const Code::Function& asking = code_.functions()[function];
        const auto& callers = code_.callers_of(function);
        if (asking.address_taken || asking.exported || callers.empty())
            add({CallbackOwner::unknown, "", ""});
        for (const Code::CallSite& caller : callers)
            add_argument(caller.function, caller.place, atom.number, asked, depth + 1);
    }

    void add_external(std::string_view name) {
        DeferredCallback callback{CallbackOwner::imported, std::string(name), ""};
        if (const auto exporter = exporter_(name)) {
            callback.owner = exporter->empty() ? CallbackOwner::kernel : CallbackOwner::module;
            callback.module = *exporter;
        } else if (code_.elf().modinfo().depends.empty()) {
            callback.owner = CallbackOwner::kernel;
        }
        add(std::move(callback));
    }

    void add_own(std::size_t function) {
        const Code::Function& own = code_.functions()[function];
        const bool init = code_.elf().sections()[own.place.section].name.starts_with(".init");
        add({init ? CallbackOwner::init : CallbackOwner::core, std::string(own.name), ""});
        if (!init && std::find(own_.begin(), own_.end(), function) == own_.end())
            own_.push_back(function);
    }

    void add(DeferredCallback callback) {
        if (std::find(callbacks_.begin(), callbacks_.end(), callback) == callbacks_.end())
            callbacks_.push_back(std::move(callback));
    }

    // Adds the release functions of all references that the module initialises: the file does not tell which reference
    // this call kills.
    void add_releases() {
        for (const Code::ExternalCall& call : code_.external_calls()) {
            if (code_.external(call.symbol) != "percpu_ref_init")
                continue;
            const auto holder = code_.function_at(call.place);
            std::set<std::pair<std::size_t, std::size_t>> asked;
            add_argument(holder ? std::optional(code_.whole_of(*holder)) : std::nullopt, call.place, 1, asked, 0);
        }
    }

    // queue_rcu_work(workqueue, &work): adds the function in the work item if that is an object of the module, whose
    // function the data or the code sets.
    void add_work(const FoundDeferral& found) {
        constexpr std::size_t work_argument = 1;
        const Atom* work = nullptr;
        if (found.function) {
            const auto& calls = ways_.values(*found.function).calls;
            if (const auto known = calls.find(found.place); known != calls.end())
                work = known->second.argument[work_argument].single();
        }
        const std::size_t before = callbacks_.size();
        if (work && work->kind == Atom::Kind::place)
            for (const std::size_t function : ways_.functions_of_object(work->place))
                add_own(function);
        if (callbacks_.size() == before)
            add({CallbackOwner::unknown, "", ""});
    }

    ControlFlow& ways_;
    const Code& code_;
    const ExporterOf& exporter_;
    std::vector<DeferredCallback> callbacks_; // of the current call
    std::vector<std::size_t> own_;            // the same as FoundDeferral::own
};

} // namespace

std::vector<FoundDeferral> find_deferrals(ControlFlow& ways, const ExporterOf& exporter) {
    return Finder(ways, exporter).find();
}

} // namespace rcuscope
