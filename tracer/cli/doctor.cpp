// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommand `doctor`: prints what this kernel offers and by which way each hook would attach. A "hook" is one kind
// of observation, a "way" is how its BPF program attaches: tracepoint, fentry or a kind of kprobe. `doctor` loads the
// programs, so that the kernel's verifier has its say, and attaches nothing.
#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text_out.hpp"
#include "base/whole_file.hpp"
#include "cli/cli.hpp"
#include "cli/outputs.hpp"
#include "probes/fitted_session.hpp"
#include "probes/summary_hooks.hpp"
#include "record/summary_counts.hpp"

namespace rcuscope {

namespace {

constexpr std::array<std::string_view, 2> doctor_endings{".txt", ".json"};

struct DoctorArguments {
    std::vector<std::string> outputs;
    bool json = false;
    std::string via;
};

nlohmann::ordered_json plan_json(const AttachPlan& plan) {
    auto hooks = nlohmann::ordered_json::array();
    for (const PlannedHook& planned : plan.hooks) {
        nlohmann::ordered_json hook{{"hook", planned.hook->name}, {"shows", planned.hook->shows}};
        hook["via"] = planned.taken ? nlohmann::ordered_json(to_text(planned.taken->way)) : nlohmann::ordered_json();
        hook["needed"] = planned.needed;
        if (!planned.why.empty())
            hook["why"] = planned.why;
        auto passed = nlohmann::ordered_json::array();
        for (const PassedOver& over : planned.passed_over)
            passed.push_back({{"via", to_text(over.way)}, {"why", over.why}});
        hook["passed_over"] = std::move(passed);
        hooks.push_back(std::move(hook));
    }
    return hooks;
}

struct Diagnosis {
    ThisKernel kernel;
    AttachPlan plan;
    std::optional<Error> summary; // why record --mode summary does not work here, although record does
};

// Loads what `record --mode summary` would load.
Status try_summary(ThisKernel& kernel, const PlanRequest& request) {
    SessionConfig config;
    config.summary = SummarySizes::for_cpus(kernel.host.cpus, 1, false);
    return load_fitting(summary_hook_table(), kernel, {.via = request.via}, config)
        .and_then([](const FittedSession& fitted) { return check_summary_plan(fitted.plan); });
}

Diagnosis diagnose(const PlanRequest& request) {
    Diagnosis found{look_at_this_kernel(), {}, {}};
    if (!found.kernel.problems.empty()) {
        found.plan = resolve(hook_table(), found.kernel.offer, request);
        return found;
    }
    SessionConfig config;
    // With a module and with stacks the programs have all their code: the kernel drops what a constant excludes.
    config.followed = {"module"};
    config.stacks = true;
    if (auto fitted = load_fitting(hook_table(), found.kernel, request, config)) {
        found.plan = std::move(fitted->plan);
    } else {
        found.kernel.problems.push_back(fitted.error());
        found.plan = resolve(hook_table(), found.kernel.offer, request);
        return found;
    }
    if (auto summary = try_summary(found.kernel, request); !summary)
        found.summary = summary.error();
    return found;
}

// The kernel shows most of this to root only. A value that could not be read is "unknown", in JSON null.
const char* yes_no(const ThisKernel& kernel, bool value) {
    return !kernel.symbols ? "unknown" : value ? "yes" : "no";
}

nlohmann::ordered_json known(const ThisKernel& kernel, bool value) {
    return kernel.symbols ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

// Without root the plan would show only what root's rights are missing for.
bool has_plan(const ThisKernel& kernel) {
    return kernel.symbols && !kernel.too_old;
}

nlohmann::ordered_json problem_json(const Error& problem) {
    return {{"what", problem.what}, {"why", problem.why}, {"hint", problem.hint}};
}

void print_json(const Diagnosis& found, std::ostream& to) {
    const ThisKernel& kernel = found.kernel;
    nlohmann::ordered_json out;
    out["schema"] = "rcuscope.doctor/1";
    out["kernel"] = kernel.host.kernel;
    out["machine"] = kernel.host.machine;
    out["cpus"] = kernel.host.cpus;
    out["hz"] = kernel.host.hz;
    out["preempt_rcu"] = known(kernel, kernel.host.preempt_rcu);
    out["rcu_trace"] = known(kernel, kernel.host.rcu_trace);
    out["btf"] = kernel.offer.btf;
    out["kprobe_events"] = known(kernel, kernel.offer.kprobe_events);
    out["lockdown"] = kernel.lockdown;
    out["plan"] = has_plan(kernel) ? plan_json(found.plan) : nlohmann::ordered_json();
    auto problems = nlohmann::ordered_json::array();
    for (const Error& problem : kernel.problems)
        problems.push_back(problem_json(problem));
    out["problems"] = std::move(problems);
    out["summary_problem"] = found.summary ? problem_json(*found.summary) : nlohmann::ordered_json();
    to << JsonText(out, 2).text() << "\n";
}

// Groups the hooks by way and reason, because one missing kernel feature concerns many hooks.
void print_passed_over(const AttachPlan& plan, TextOut out) {
    std::map<std::string, std::string> hooks; // by way and reason
    for (const PlannedHook& planned : plan.hooks)
        for (const PassedOver& over : planned.passed_over) {
            if (!planned.taken)
                continue;
            std::string& names = hooks[std::string(to_text(over.way)) + ": " + over.why];
            names += (names.empty() ? "" : ", ") + std::string(planned.hook->name);
        }
    if (!hooks.empty())
        out << "\nWays not used:\n";
    for (const auto& [reason, names] : hooks)
        out << "  " << reason << "\n      (" << names << ")\n";
}

void print_plan(const AttachPlan& plan, TextOut out) {
    out << "\nWays in which rcuscope would observe RCU here:\n";
    for (const PlannedHook& planned : plan.hooks) {
        std::string name(planned.hook->name);
        name.resize(std::max<std::size_t>(name.size(), 32), ' ');
        out << "  " << name;
        if (planned.taken)
            out << to_text(planned.taken->way);
        else
            out << (planned.needed ? "MISSING" : "not needed") << ": " << planned.why;
        out << "\n";
        if (planned.missing())
            out << "      a recording will not show " << planned.hook->without << "\n";
    }
}

void print_problem(const Error& problem, TextOut out) {
    out << "\nProblem: " << problem.what << ": " << problem.why << "\n  hint: " << problem.hint << "\n";
}

void print_text(const Diagnosis& found, TextOut out) {
    const ThisKernel& kernel = found.kernel;
    out << "Kernel " << kernel.host.kernel << " (" << kernel.host.machine << "), " << how_many_cpus(kernel.host)
        << ", HZ " << kernel.host.hz << "\n"
        << "  preemptible RCU (CONFIG_PREEMPT_RCU)  " << yes_no(kernel, kernel.host.preempt_rcu) << "\n"
        << "  rcu trace events (CONFIG_RCU_TRACE)   " << yes_no(kernel, kernel.host.rcu_trace) << "\n"
        << "  type information (BTF)                " << (kernel.offer.btf ? "yes" : "no") << "\n"
        << "  kprobe events (tracefs)               " << yes_no(kernel, kernel.offer.kprobe_events) << "\n"
        << "  lockdown                              " << (kernel.lockdown.empty() ? "unknown" : kernel.lockdown)
        << "\n";
    if (has_plan(kernel)) {
        print_plan(found.plan, out);
        print_passed_over(found.plan, out);
    }

    for (const Error& problem : kernel.problems)
        print_problem(problem, out);
    if (found.summary)
        print_problem(*found.summary, out);
    if (!kernel.problems.empty())
        return;
    const bool all = std::none_of(found.plan.hooks.begin(), found.plan.hooks.end(),
                                  [](const PlannedHook& planned) { return planned.missing(); });
    out << "\nrcuscope record works here" << (all ? "" : ", without what is MISSING above")
        << (found.summary ? "; rcuscope record --mode summary does not" : "") << ".\n";
}

Outcome run_doctor(const DoctorArguments& arguments) {
    if (auto fine = check_endings(arguments.outputs, doctor_endings, arguments.json ? "--json" : ""); !fine)
        return tl::unexpected(fine.error());
    PlanRequest request;
    // The plan of `record -m` with its defaults.
    request.follow_modules = true;
    request.follow_functions = true;
    if (!arguments.via.empty()) {
        auto via = way_from_text(arguments.via);
        if (!via)
            return tl::unexpected(via.error());
        request.via = *via;
    }
    const Diagnosis found = diagnose(request);
    const auto print = [&](std::string_view ending, std::ostream& out) {
        ending == ".json" ? print_json(found, out) : print_text(found, out);
    };
    auto targets = resolve_outputs(arguments.outputs, {});
    if (!targets)
        return tl::unexpected(targets.error());
    Outputs outputs(std::move(*targets));
    if (auto written = write_forms(outputs, doctor_endings, print); !written)
        return tl::unexpected(written.error());
    if (arguments.json || arguments.outputs.empty())
        if (auto printed = write_to_stdout([&](std::ostream& out) { print(arguments.json ? ".json" : ".txt", out); });
            !printed)
            return tl::unexpected(printed.error());
    return found.kernel.problems.empty() ? ExitCode::done : ExitCode::cannot_here;
}

} // namespace

void add_doctor(CLI::App& app, Outcome& result) {
    auto* command = app.add_subcommand(
        "doctor", "Show what this kernel offers and how rcuscope would observe RCU; attaches nothing");
    auto arguments = std::make_shared<DoctorArguments>();
    command->add_flag("--json", arguments->json, "Print JSON (schema rcuscope.doctor/1)");
    add_output_option(*command, arguments->outputs, doctor_endings);
    command->add_option("--via", arguments->via, "Use only this way, as with record: tracepoint, fentry or kprobe");
    command->footer("Exit code 3 if rcuscope cannot record on this kernel or with these privileges.\n\n"
                    "Examples:\n"
                    "  sudo rcuscope doctor\n"
                    "  sudo rcuscope doctor --json | jq .problems\n"
                    "  sudo rcuscope doctor -o doctor.txt");
    command->callback([arguments, &result] { result = run_doctor(*arguments); });
}

} // namespace rcuscope
