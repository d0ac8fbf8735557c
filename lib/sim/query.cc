#include "sim/query.h"

#include <httplib.h>

#include <charconv>

namespace runwatch::sim {

// cpp-httplib's own parameters end at a second `=`, and `fault?set=500=1` has one.
std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto part = query.substr(0, end);
    const auto equals = part.find('=');
    if (part.substr(0, equals) == name) {
      const auto value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
      return httplib::detail::decode_url(std::string(value), true);
    }
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> query_number(std::string_view query, std::string_view name) {
  const auto text = query_value(query, name);
  if (!text) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

}  // namespace runwatch::sim
