// SPDX-License-Identifier: BSD-2-Clause
#include "report/summary.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "analysis/describe.hpp"
#include "base/duration.hpp"
#include "base/seeded_hash.hpp"
#include "base/text.hpp"
#include "report/show.hpp"
#include "report/wording.hpp"
#include "report/words.hpp"
#include "timeline/moment.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

namespace {

// The name of a row, padded so that the values align.
std::string label(std::string_view text) {
    std::string padded = "  " + printable(text);
    constexpr std::size_t width = 34;
    padded.resize(std::max(padded.size() + 1, width), ' ');
    return padded;
}

std::string quantiles(const Histogram& of) {
    if (of.count() == 0)
        return "no durations known";
    return "p50 " + duration_text(of.percentile(50)) + ", p90 " + duration_text(of.percentile(90)) + ", p99 " +
           duration_text(of.percentile(99)) + ", max " + duration_text(of.max());
}

void print_grace_periods(const char* name, const GracePeriodStatistics& of, TextOut out) {
    out << label(name) << of.count;
    if (of.count > 0)
        out << ": " << quantiles(of.duration);
    out << "\n";
}

// Prints what held the longest grace periods.
void print_holders(const Timeline& timeline, const Analysis& analysis, const GracePeriodStatistics& of, TextOut out) {
    constexpr std::size_t limit = 3;
    for (std::size_t i = 0; i < std::min(limit, of.longest.size()); i++)
        if (const Holder* holder = analysis.holder_of(timeline.grace_periods[of.longest[i]]))
            show_wrapped(holder->text, 6, out);
}

void print_callbacks(const std::vector<CallbackStatistics>& rows, TextOut out) {
    constexpr std::size_t limit = 10;
    if (rows.empty())
        out << label("callbacks") << "0\n";
    for (std::size_t i = 0; i < rows.size() && i < limit; i++) {
        const CallbackStatistics& row = rows[i];
        out << label("callbacks of " + name_text(row.name)) << row.queued << " queued, " << row.done << " run";
        if (row.pending)
            out << ", " << row.pending << " pending";
        if (row.unknown)
            out << ", " << row.unknown << " unknown";
        out << "\n" << label("") << "latency " << quantiles(row.latency) << "\n";
    }
    if (rows.size() > limit)
        out << label("") << "and callbacks of " << rows.size() - limit << " more functions\n";
}

void print_readers(const Timeline& timeline, const std::vector<ReadSectionStatistics>& rows, TextOut out) {
    if (rows.empty())
        out << label("read-side sections") << no_readers_text(timeline) << "\n";
    for (const ReadSectionStatistics& row : rows)
        out << label((row.by == SectionBy::function ? "calls, as readers, of " : "read-side sections in ") +
                     name_text(row.name))
            << row.count << ": " << quantiles(row.duration) << (open_ends_text(row).empty() ? "" : "; ")
            << open_ends_text(row) << "\n";
}

// At most so many lives of a module and hazards of a kind are printed one by one; the page and the JSON have all.
constexpr std::size_t max_told = 3;

void print_life(const ModuleLife& life, const std::string& verdict, TextOut out) {
    out << label("module " + life.name);
    if (life.init_error)
        out << "init failed with " << *life.init_error << ", ";
    else if (life.loaded && life.init_done)
        out << "init took " << duration_text(*life.init_done - *life.loaded) << ", ";
    if (life.loaded && life.freed)
        out << "in memory for " << duration_text(*life.freed - *life.loaded) << "\n";
    else
        out << (life.freed ? "freed" : "still in memory at the end") << "\n";
    if (!verdict.empty())
        show_wrapped(verdict, 6, out);
}

// Prints the most frequent wordings, with the first sentence of each.
void print_wordings(const std::vector<std::string>& sentences, const char* what, TextOut out) {
    const std::vector<SameWording> wordings = by_wording(sentences);
    std::size_t told = 0;
    for (std::size_t i = 0; i < std::min(max_told, wordings.size()); i++) {
        const SameWording& wording = wordings[i];
        show_wrapped((wording.count == 1 ? "once: " : std::to_string(wording.count) + " times, first: ") +
                         wording.first,
                     6, out);
        told += wording.count;
    }
    if (told < sentences.size())
        out << "      and " << counted(sentences.size() - told, what) << " more: see the page or the JSON\n";
}

// `lives`: indexes in Timeline::modules.
void print_lives(const Timeline& timeline, const Analysis& analysis, const std::vector<std::size_t>& lives,
                 TextOut out) {
    Histogram init;
    Histogram in_memory;
    std::size_t failed = 0;
    std::size_t staying = 0;
    std::vector<std::string> verdicts;
    for (const std::size_t index : lives) {
        const ModuleLife& life = timeline.modules[index];
        if (life.loaded && life.init_done && !life.init_error)
            init.add(elapsed(*life.loaded, *life.init_done));
        if (life.loaded && life.freed)
            in_memory.add(elapsed(*life.loaded, *life.freed));
        failed += life.init_error ? 1U : 0U;
        staying += life.freed ? 0U : 1U;
        if (const std::string& verdict = analysis.verdict_of(index).text; !verdict.empty())
            verdicts.push_back(verdict);
    }
    out << label("module " + timeline.modules[lives.front()].name) << lives.size() << " lives";
    if (failed)
        out << ", " << failed << " of which failed in init";
    if (staying)
        out << ", " << staying << " without an end in the recording";
    out << "\n";
    if (init.count() > 0)
        out << label("") << "init took " << quantiles(init) << "\n";
    if (in_memory.count() > 0)
        out << label("") << "in memory for " << quantiles(in_memory) << "\n";
    print_wordings(verdicts, "verdict", out);
}

// Prints the followed modules, in the order of their first lives.
void print_modules(const Timeline& timeline, const Analysis& analysis, TextOut out) {
    std::vector<std::vector<std::size_t>> modules; // indexes in Timeline::modules
    std::unordered_map<std::string_view, std::size_t, SeededHash> places;
    for (std::size_t i = 0; i < timeline.modules.size(); i++) {
        const ModuleLife& life = timeline.modules[i];
        if (!life.followed)
            continue;
        const auto [place, added] = places.try_emplace(life.name, modules.size());
        if (added)
            modules.emplace_back();
        modules[place->second].push_back(i);
    }
    for (const std::vector<std::size_t>& lives : modules)
        if (lives.size() > max_told)
            print_lives(timeline, analysis, lives, out);
        else
            for (const std::size_t life : lives)
                print_life(timeline.modules[life], analysis.verdict_of(life).text, out);
}

void print_hazards(const std::vector<Hazard>& hazards, TextOut out) {
    using Kind = std::tuple<std::string_view, std::string_view, std::string_view>;
    std::vector<std::vector<const Hazard*>> kinds; // in the order of the first hazard of each
    std::map<Kind, std::size_t> places;
    for (const Hazard& hazard : hazards) {
        const auto [place, added] = places.try_emplace({hazard.severity, hazard.kind, hazard.module}, kinds.size());
        if (added)
            kinds.emplace_back();
        kinds[place->second].push_back(&hazard);
    }
    out << label("hazards") << (hazards.empty() ? "none found" : std::to_string(hazards.size())) << "\n";
    for (const std::vector<const Hazard*>& kind : kinds) {
        const std::string name = "    " + kind.front()->severity + ": " + kind.front()->kind;
        if (kind.size() > max_told) {
            std::vector<std::string> texts;
            texts.reserve(kind.size());
            for (const Hazard* hazard : kind)
                texts.push_back(hazard->text);
            out << name << ", " << kind.size() << " times from " << duration_text(kind.front()->at) << " to "
                << duration_text(kind.back()->at) << "\n";
            print_wordings(texts, "hazard", out);
            continue;
        }
        for (const Hazard* hazard : kind) {
            out << name << ", at " << duration_text(hazard->at) << "\n";
            show_wrapped(hazard->text, 6, out);
        }
    }
}

std::string lost_text(const CaptureSummary& capture, const Statistics& numbers) {
    std::string text;
    if (numbers.lost_records)
        text = std::to_string(numbers.lost_records) + " records: times around them are unknown";
    if (numbers.skipped_runs)
        text += (text.empty() ? "" : "; ") + counted(numbers.skipped_runs, "event") +
                " that the kernel skipped at some time: " + lost_runs(capture).hooks;
    if (text.empty())
        text = "nothing";
    if (const SkippedRuns calls = unseen_calls(capture); calls.count)
        text += "; " + counted(calls.count, "call") + " of any module " + (calls.count == 1 ? "was" : "were") +
                " not looked at: " + calls.hooks;
    return text;
}

void print_losses(const Timeline& timeline, const Statistics& numbers, TextOut out) {
    out << label("lost") << lost_text(timeline.capture, numbers) << "\n";
    for (const MissingInfo& missing : timeline.capture.missing)
        out << label("not seen") << missing.why << "\n";
    for (const CaptureSummary::NotFollowed& module : timeline.capture.not_followed)
        out << label("not followed") << not_followed_text(module) << "\n";
    if (!timeline.capture.complete)
        out << label("cut off") << timeline.capture.end_reason << "\n";
}

} // namespace

void print_summary(const Timeline& timeline, const Analysis& analysis, TextOut out) {
    timeline.check_bound();
    const Statistics& numbers = analysis.statistics;
    out << "Kernel " << timeline.host.kernel << ", " << how_many_cpus(timeline.host) << "; "
        << duration_text(timeline.capture.end) << " recorded (" << timeline.capture.end_reason << ")\n";
    print_modules(timeline, analysis, out);
    print_grace_periods("grace periods", numbers.normal, out);
    print_holders(timeline, analysis, numbers.normal, out);
    if (numbers.expedited.count)
        print_grace_periods("expedited grace periods", numbers.expedited, out);
    print_callbacks(numbers.callbacks, out);
    print_readers(timeline, numbers.read_sections, out);
    for (const WaitStatistics& row : numbers.waits)
        out << label(std::string(to_text(row.kind)) + " in " + name_text(row.caller)) << row.count << ": "
            << quantiles(row.duration) << "\n";
    for (const KvfreeStatistics& row : numbers.kvfree_calls)
        out << label("kvfree_rcu in " + name_text(row.caller)) << row.count << "\n";
    if (numbers.function_calls)
        out << label("calls of the module's functions") << numbers.function_calls << "\n";
    print_hazards(analysis.hazards, out);
    print_losses(timeline, numbers, out);
    if (timeline.capture.own_share)
        out << label("own share") << own_share_text(*timeline.capture.own_share) << "\n";
    if (timeline.capture.stats)
        show_table(program_table(*timeline.capture.stats, timeline.capture.end), 2, out);
}

} // namespace rcuscope
