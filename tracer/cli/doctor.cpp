// SPDX-License-Identifier: BSD-2-Clause
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/cli.hpp"
#include "probes/this_kernel.hpp"

namespace rcuscope {

namespace {

struct DoctorArguments {
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

// Most is only told to root: what was not looked at is not known, neither yes nor no.
const char* yes_no(const ThisKernel& kernel, bool value) {
    return !kernel.symbols ? "unknown" : value ? "yes" : "no";
}

nlohmann::ordered_json known(const ThisKernel& kernel, bool value) {
    return kernel.symbols ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

void print_json(const ThisKernel& kernel, const AttachPlan& plan) {
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
    out["plan"] = kernel.symbols ? plan_json(plan) : nlohmann::ordered_json();
    auto problems = nlohmann::ordered_json::array();
    for (const Error& problem : kernel.problems)
        problems.push_back({{"what", problem.what}, {"why", problem.why}, {"hint", problem.hint}});
    out["problems"] = std::move(problems);
    std::cout << out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

// Many hooks for the same reason: a kernel lacks a kind of thing.
void print_passed_over(const AttachPlan& plan) {
    std::map<std::string, std::string> hooks; // by way and reason
    for (const PlannedHook& planned : plan.hooks)
        for (const PassedOver& over : planned.passed_over) {
            if (!planned.taken)
                continue;
            std::string& names = hooks[std::string(to_text(over.way)) + ": " + over.why];
            names += (names.empty() ? "" : ", ") + std::string(planned.hook->name);
        }
    if (!hooks.empty())
        std::cout << "\nPassed over:\n";
    for (const auto& [reason, names] : hooks)
        std::cout << "  " << reason << "\n      (" << names << ")\n";
}

void print_plan(const AttachPlan& plan) {
    std::cout << "\nHow rcuscope would see RCU here:\n";
    for (const PlannedHook& planned : plan.hooks) {
        std::string name(planned.hook->name);
        name.resize(std::max<std::size_t>(name.size(), 32), ' ');
        std::cout << "  " << name;
        if (planned.taken)
            std::cout << to_text(planned.taken->way);
        else
            std::cout << (planned.needed ? "MISSING" : "not needed") << ": " << planned.why;
        std::cout << "\n";
        if (planned.missing())
            std::cout << "      a recording will not show " << planned.hook->without << "\n";
    }
}

void print_text(const ThisKernel& kernel, const AttachPlan& plan) {
    std::cout << "Kernel " << kernel.host.kernel << " (" << kernel.host.machine << "), " << kernel.host.cpus
              << " CPUs, HZ " << kernel.host.hz << "\n"
              << "  preemptible RCU (CONFIG_PREEMPT_RCU)  " << yes_no(kernel, kernel.host.preempt_rcu) << "\n"
              << "  rcu trace events (CONFIG_RCU_TRACE)   " << yes_no(kernel, kernel.host.rcu_trace) << "\n"
              << "  type information (BTF)                " << (kernel.offer.btf ? "yes" : "no") << "\n"
              << "  kprobe events (tracefs)               " << yes_no(kernel, kernel.offer.kprobe_events) << "\n"
              << "  lockdown                              " << (kernel.lockdown.empty() ? "unknown" : kernel.lockdown)
              << "\n";
    if (kernel.symbols) {
        print_plan(plan);
        print_passed_over(plan);
    }

    for (const Error& problem : kernel.problems)
        std::cout << "\nProblem: " << problem.what << ": " << problem.why << "\n  hint: " << problem.hint << "\n";
    if (kernel.problems.empty())
        std::cout << "\nrcuscope record works here.\n";
}

Outcome run_doctor(const DoctorArguments& arguments) {
    PlanRequest request;
    // As record does with -m and its defaults.
    request.follow_modules = true;
    request.follow_functions = true;
    if (!arguments.via.empty()) {
        auto via = way_from_text(arguments.via);
        if (!via)
            return tl::unexpected(via.error());
        request.via = *via;
    }
    const ThisKernel kernel = look_at_this_kernel();
    const AttachPlan plan = resolve(hook_table(), kernel.offer, request);
    arguments.json ? print_json(kernel, plan) : print_text(kernel, plan);
    return kernel.problems.empty() ? ExitCode::done : ExitCode::cannot_here;
}

} // namespace

void add_doctor(CLI::App& app, Outcome& result) {
    auto* command =
        app.add_subcommand("doctor", "Say what this kernel offers and how RCU would be seen; attaches nothing");
    auto arguments = std::make_shared<DoctorArguments>();
    command->add_flag("--json", arguments->json, "For scripts");
    command->add_option("--via", arguments->via, "As with record: tracepoint, fentry or kprobe only");
    command->footer("Exit code 3 if this kernel, or these privileges, would not let rcuscope record.\n\n"
                    "Examples:\n"
                    "  sudo rcuscope doctor\n"
                    "  sudo rcuscope doctor --json");
    command->callback([arguments, &result] { result = run_doctor(*arguments); });
}

} // namespace rcuscope
