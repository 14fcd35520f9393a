// SPDX-License-Identifier: BSD-2-Clause
//
// Prepares text for Markdown and XML. The text comes from a file, a kernel or a user and must appear literally. Control
// characters and bidirectional marks are shown as on a terminal: printable() in text.hpp.
#pragma once

#include <string>
#include <string_view>

#include "base/escaping_out.hpp"

namespace rcuscope {

// For CommonMark with GitHub's extensions, anywhere in a line and in a table cell. The result has no formatting, no
// HTML and no links. Renderers look for @names, #numbers and addresses after they remove escapes, so a zero-width space
// (&#8203;) breaks these.
std::string markdown_text(std::string_view text);

// For XML 1.0, whose writer (pugixml) escapes markup: replaces U+FFFE and U+FFFF, which are valid in UTF-8 but not in
// XML, by U+FFFD.
std::string xml_characters(std::string_view text);

using MarkdownOut = EscapingOut<markdown_text>;

} // namespace rcuscope
