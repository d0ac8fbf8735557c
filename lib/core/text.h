// Foreign text made harmless before it reaches a log line, a message or a page; one code point at a time out of bytes
// that may be anything.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace runwatch::core {

struct CodePoint {
  char32_t value;
  std::size_t length;  // bytes it took; for invalid ones 1
  bool valid;
};

// The code point at the start of `bytes`, which is not empty. Overlong forms, surrogates and values above U+10FFFF are
// invalid.
CodePoint next_code_point(std::string_view bytes);

// C0, DEL and C1 controls.
bool is_control(char32_t c);

// Takes no place of its own and can make text look like other text: zero-width characters, line and paragraph
// separators, bidirectional marks, overrides and isolates, tags.
bool is_deceptive(char32_t c);

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_valid_utf8(std::string_view bytes);

// At most `limit` printable characters of `foreign`: control characters, bidirectional overrides and invalid UTF-8
// become '?', runs of white space one space; a cut is shown by a trailing "…".
std::string printable(std::string_view foreign, std::size_t limit = 200);

// A copy in valid UTF-8: every offending byte becomes U+FFFD.
std::string to_valid_utf8(std::string_view bytes);

}  // namespace runwatch::core
