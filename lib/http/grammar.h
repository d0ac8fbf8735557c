// The small words of HTTP's grammar (RFC 9110 §5.6), byte by byte and without the locale.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "core/ascii.h"

namespace runwatch::http {

using core::equal_ignoring_case;
using core::hex_value;
using core::is_digit;

constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
constexpr bool is_token_char(char c) {
  return is_digit(c) || core::is_letter(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

inline bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

// Without the blanks around it; line ends are none of them.
constexpr std::string_view trim(std::string_view text) { return core::trim(text, " \t"); }

// Each `%XX` to its byte; nothing for a `%` without two hexadecimal digits.
inline std::optional<std::string> decode_path(std::string_view path) {
  std::string decoded;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      decoded += path[i];
      continue;
    }
    if (i + 2 >= path.size() || hex_value(path[i + 1]) < 0 || hex_value(path[i + 2]) < 0) return std::nullopt;
    decoded += static_cast<char>(hex_value(path[i + 1]) * 16 + hex_value(path[i + 2]));
    i += 2;
  }
  return decoded;
}

}  // namespace runwatch::http
