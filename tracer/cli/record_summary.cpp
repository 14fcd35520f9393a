// SPDX-License-Identifier: BSD-2-Clause
#include "cli/record_summary.hpp"

#include "analysis/digest_json.hpp"
#include "analysis/kernel_digest.hpp"
#include "base/text_out.hpp"
#include "base/whole_file.hpp"
#include "cli/outputs.hpp"
#include "export/exporter.hpp"
#include "report/report.hpp"
#include "report/show.hpp"
#include "report/words.hpp"

namespace rcuscope {

namespace {

constexpr const char* default_summary = "rcuscope.json";

void say_what_there_is(const SummaryRecording& recording, const Digest& digest, const std::string& output) {
    StandardError message;
    TextOut& out = message;
    show_text(report_of(digest), {}, out);
    if (recording.trailer.stats)
        show_table(program_table(*recording.trailer.stats, digest.recorded), 2, out);
    out << "Ended: " << recording.trailer.reason << "\nWritten: " << output << "\n";
}

} // namespace

Result<std::string> summary_output(const std::vector<std::string>& outputs) {
    if (outputs.empty())
        return default_summary;
    if (outputs.size() > 1)
        return fail(ExitCode::bad_input, "-o given " + std::to_string(outputs.size()) + " times",
                    "--mode summary writes one file", "name one, or leave out --mode summary");
    const std::string& output = outputs.front();
    const auto format = format_for_file(output);
    if (output != "-" && (!format || (*format)->ending != ".json"))
        return fail(ExitCode::bad_input, "cannot write " + output,
                    "--mode summary keeps no events, and writes a summary in JSON",
                    "name it .json (- is standard output), or leave out --mode summary");
    return output;
}

Outcome finish_summary(const SummaryRecording& recording, const OutputTarget& output, bool strict, bool quiet) {
    const auto digest = digest_of(recording.counts, recording.metadata, recording.trailer);
    Outputs outputs({output});
    if (!digest)
        return outputs.give_up(digest.error());
    const auto write = [&](const OutputTarget& target) {
        return write_whole(target, [&](std::ostream& out) { write_digest(*digest, out); });
    };
    if (auto written = outputs.write(write); !written)
        return tl::unexpected(written.error());
    if (!quiet)
        say_what_there_is(recording, *digest, output.path());
    if (strict && digest->lost) {
        StandardError() << "rcuscope: " << digest->lost << " events were lost (--strict): a larger --buffer may help\n";
        return ExitCode::does_not_hold;
    }
    return ExitCode::done;
}

} // namespace rcuscope
