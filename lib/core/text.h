// Foreign text made harmless before it reaches a log line, a message or a page.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace runwatch::core {

bool is_valid_utf8(std::string_view bytes);

// At most `limit` printable characters of `foreign`: control characters, bidirectional overrides and invalid UTF-8
// become '?', runs of white space one space; a cut is shown by a trailing "…".
std::string printable(std::string_view foreign, std::size_t limit = 200);

// A copy in valid UTF-8: every offending byte becomes U+FFFD.
std::string to_valid_utf8(std::string_view bytes);

}  // namespace runwatch::core
