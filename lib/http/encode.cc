#include <algorithm>
#include <string>
#include <string_view>

#include "core/ascii.h"
#include "http/client.h"

namespace runwatch::http {
namespace {

constexpr bool is_unreserved(char c) {
  return core::is_digit(c) || core::is_letter(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string percent_encode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::optional<std::string_view> Response::header(std::string_view name) const {
  const auto same = [name](const Header& h) { return core::equal_ignoring_case(h.name, name); };
  const auto found = std::ranges::find_if(headers, same);
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

}  // namespace runwatch::http
