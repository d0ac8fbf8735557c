#include <algorithm>
#include <string>
#include <string_view>

#include "http/client.h"

namespace runwatch::http {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
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
  const auto same = [name](const Header& h) {
    return std::ranges::equal(h.name, name, [](char a, char b) { return lower(a) == lower(b); });
  };
  const auto found = std::ranges::find_if(headers, same);
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

}  // namespace runwatch::http
