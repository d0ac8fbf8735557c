// Which of the right words a misspelt one most likely meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runwatch::config {

// The candidate with the fewest insertions, deletions, replacements and swaps of neighbours, if these are at most half
// of the longer word. Upper and lower case are the same.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace runwatch::config
