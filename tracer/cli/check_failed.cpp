// SPDX-License-Identifier: BSD-2-Clause
//
// The outputs of a check that ended with an error. A CI system reads these files whatever the exit code is.
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text_out.hpp"
#include "cli/check_result.hpp"
#include "report/show.hpp"

namespace rcuscope {

static void write_failed_json(const Error& error, std::ostream& out) {
    const nlohmann::ordered_json json{{"schema", "rcuscope.check/1"},
                                      {"passed", false},
                                      {"why_not", error.what + ": " + error.why},
                                      {"error", {{"what", error.what}, {"why", error.why}, {"hint", error.hint}}}};
    out << JsonText(json, 2).text() << "\n";
}

void write_failed_check(const Error& error, std::string_view ending, std::ostream& out) {
    const std::string why = error.what + ": " + error.why;
    if (ending == ".json")
        write_failed_json(error, out);
    else if (ending == ".xml")
        write_failed_junit(error, out);
    else if (ending == ".md")
        show_markdown({"rcuscope check: no result", {{"Error", {Paragraph{why}, Item{"hint", error.hint}}}}}, {}, out);
    else
        TextOut(out) << "No result: " << why << "\n  hint: " << error.hint << "\n";
}

} // namespace rcuscope
