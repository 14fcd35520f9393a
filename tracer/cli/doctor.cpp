// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommand `doctor`: prints what this kernel offers and by which way each hook would attach. A "hook" is one kind
// of observation, a "way" is how its BPF program attaches: tracepoint, fentry or a kind of kprobe. `doctor` attaches
// nothing.
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text_out.hpp"
#include "base/whole_file.hpp"
#include "cli/cli.hpp"
#include "cli/outputs.hpp"
#include "probes/this_kernel.hpp"

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

// The kernel shows most of this to root only. A value that could not be read is "unknown", in JSON null.
const char* yes_no(const ThisKernel& kernel, bool value) {
    return !kernel.symbols ? "unknown" : value ? "yes" : "no";
}

nlohmann::ordered_json known(const ThisKernel& kernel, bool value) {
    return kernel.symbols ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

void print_json(const ThisKernel& kernel, const AttachPlan& plan, std::ostream& to) {
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

void print_text(const ThisKernel& kernel, const AttachPlan& plan, TextOut out) {
    out << "Kernel " << kernel.host.kernel << " (" << kernel.host.machine << "), " << how_many_cpus(kernel.host)
        << ", HZ " << kernel.host.hz << "\n"
        << "  preemptible RCU (CONFIG_PREEMPT_RCU)  " << yes_no(kernel, kernel.host.preempt_rcu) << "\n"
        << "  rcu trace events (CONFIG_RCU_TRACE)   " << yes_no(kernel, kernel.host.rcu_trace) << "\n"
        << "  type information (BTF)                " << (kernel.offer.btf ? "yes" : "no") << "\n"
        << "  kprobe events (tracefs)               " << yes_no(kernel, kernel.offer.kprobe_events) << "\n"
        << "  lockdown                              " << (kernel.lockdown.empty() ? "unknown" : kernel.lockdown)
        << "\n";
    if (kernel.symbols) {
        print_plan(plan, out);
        print_passed_over(plan, out);
    }

    for (const Error& problem : kernel.problems)
        out << "\nProblem: " << problem.what << ": " << problem.why << "\n  hint: " << problem.hint << "\n";
    if (kernel.problems.empty())
        out << "\nrcuscope record works here.\n";
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
    const ThisKernel kernel = look_at_this_kernel();
    const AttachPlan plan = resolve(hook_table(), kernel.offer, request);
    const auto print = [&](std::string_view ending, std::ostream& out) {
        ending == ".json" ? print_json(kernel, plan, out) : print_text(kernel, plan, out);
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
    return kernel.problems.empty() ? ExitCode::done : ExitCode::cannot_here;
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
