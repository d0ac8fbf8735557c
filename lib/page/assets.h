// What a page brings along: its style sheet, its script and its icon, each served as a resource of its own so that the
// policy allows nothing inline.
#pragma once

#include <string>
#include <string_view>

namespace runwatch::page {

std::string_view style_sheet();

// Refreshes the page in place every five seconds and keeps what is folded, focused and scrolled. Without it the page
// says all the same.
std::string_view script();

// A disc of a level's colour with a sign of its own, so that it is told apart without colours, too: `level=good`,
// `warn` or `bad`; any other query makes a grey one.
std::string icon(std::string_view query);

}  // namespace runwatch::page
