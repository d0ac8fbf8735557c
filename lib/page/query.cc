#include "page/query.h"

#include <algorithm>

#include "core/ascii.h"

namespace runwatch::page {
namespace {

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape =
        text[i] == '%' && i + 2 < text.size() && core::hex_value(text[i + 1]) >= 0 && core::hex_value(text[i + 2]) >= 0;
    if (is_escape) {
      out += static_cast<char>(core::hex_value(text[i + 1]) * 16 + core::hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

Query::Query(std::string_view query) {
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const auto equals = std::min(pair.find('='), pair.size());
    values_[decoded(pair.substr(0, equals))] = decoded(pair.substr(std::min(equals + 1, pair.size())));
  }
}

std::string Query::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? "" : found->second;
}

std::int64_t Query::number(std::string_view name, std::int64_t least) const {
  return std::max(least, core::parse_number<std::int64_t>(text(name)).value_or(least));
}

}  // namespace runwatch::page
