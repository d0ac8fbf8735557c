#include <httplib.h>

#include <vector>

#include "core/ascii.h"
#include "sim/platform.h"

namespace runwatch::sim {
namespace {

constexpr std::string_view kPrefix = "/api/v2/platform/";

// The part before the first `separator`, which goes from `text` with it.
std::string_view take(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

Call call_of(const std::vector<std::string_view>& parts) {
  const auto is = [&parts](std::size_t i, std::string_view word) { return parts.size() > i && parts[i] == word; };
  if (is(0, "organizations") && parts.size() == 1) return Call::organizations;
  if (!is(0, "spaces")) return Call::other;
  if (parts.size() == 1) return Call::spaces;
  if (parts.size() == 2) return Call::space;
  if (!is(2, "runs")) return Call::other;
  if (parts.size() == 3) return Call::runs;
  return parts.size() == 5 && is(4, "tasks") ? Call::tasks : Call::other;
}

}  // namespace

// cpp-httplib's own parameters end at a second `=`, and `fault?set=500=1` has one.
std::optional<std::string> Request::text(std::string_view name) const {
  for (auto rest = query; !rest.empty();) {
    auto value = take(rest, '&');
    if (take(value, '=') == name) return httplib::detail::decode_url(std::string(value), true);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Request::number(std::string_view name) const {
  const auto digits = text(name);
  return digits ? core::parse_number<std::uint64_t>(*digits) : std::nullopt;
}

Route route(std::string_view path) {
  if (!path.starts_with(kPrefix)) return {};
  std::vector<std::string_view> parts;
  for (auto rest = path.substr(kPrefix.size()); !rest.empty();) parts.push_back(take(rest, '/'));
  Route found{.call = call_of(parts), .space = {}, .run = {}, .slash = path.ends_with('/')};
  if (found.call != Call::other && parts.size() > 1) found.space = parts[1];
  if (found.call == Call::tasks) found.run = parts[3];
  return found;
}

}  // namespace runwatch::sim
