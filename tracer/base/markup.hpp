// SPDX-License-Identifier: BSD-2-Clause
//
// Text that a file, a kernel or a user named, in markup: it stands for itself and is nothing else there. Control
// characters and what turns text around are shown as on a terminal (text.hpp).
#pragma once

#include <string>
#include <string_view>

#include "base/escaping_out.hpp"

namespace rcuscope {

// CommonMark with GitHub's extensions, anywhere in a line, also in a cell of a table. No character of it formats, no
// HTML begins, and neither @names, #numbers nor addresses become links: these are looked for after escapes are gone, so
// a zero-width space (&#8203;) breaks them.
std::string markdown_text(std::string_view text);

// XML 1.0, in an attribute or between tags.
std::string xml_text(std::string_view text);

using MarkdownOut = EscapingOut<markdown_text>;
using XmlOut = EscapingOut<xml_text>;

} // namespace rcuscope
