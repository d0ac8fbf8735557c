#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include "http/grammar.h"
#include "http/server.h"

namespace runwatch::http {
namespace {

// What stands before the next `separator` outside of a quoted string, taken off `rest` together with it.
std::string_view take_until(std::string_view& rest, char separator) {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size() && (quoted || rest[i] != separator); ++i) {
    if (rest[i] == '"') quoted = !quoted;
    if (quoted && rest[i] == '\\') ++i;
  }
  i = std::min(i, rest.size());
  const auto part = rest.substr(0, i);
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return trim(part);
}

// `0`, `0.5`, `1.000`; more than 1 counts as 1. Nothing for anything else.
std::optional<double> read_weight(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value, std::chars_format::fixed);
  if (error != std::errc() || end != text.end() || !is_digit(text.front())) return std::nullopt;
  return std::min(value, 1.0);
}

// The element's weight, 1 by default; nothing when it cannot be read.
std::optional<double> element_weight(std::string_view parameters) {
  while (!parameters.empty()) {
    auto value = take_until(parameters, ';');
    const auto name = take_until(value, '=');
    if (equal_ignoring_case(name, "q")) return read_weight(trim(value));
  }
  return 1.0;
}

// How well `range` names `name`: 3 exactly, 2 by its type, 1 by anything, 0 not at all.
int specificity(std::string_view range, std::string_view name) {
  if (equal_ignoring_case(range, name)) return 3;
  if (range == "*" || range == "*/*") return 1;
  const auto slash = name.find('/');
  if (slash == std::string_view::npos || !range.ends_with("/*")) return 0;
  return equal_ignoring_case(range.substr(0, range.size() - 1), name.substr(0, slash + 1)) ? 2 : 0;
}

}  // namespace

double quality(std::string_view list, std::string_view name) {
  int best = 0;
  double found = -1;
  while (!list.empty()) {
    auto parameters = take_until(list, ',');
    const int fit = specificity(take_until(parameters, ';'), name);
    if (fit == 0 || fit < best) continue;
    const auto weight = element_weight(parameters);
    if (!weight) continue;
    found = fit > best ? *weight : std::max(found, *weight);
    best = fit;
  }
  return found;
}

}  // namespace runwatch::http
