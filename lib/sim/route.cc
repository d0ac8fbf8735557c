#include "sim/route.h"

#include <vector>

namespace runwatch::sim {
namespace {

constexpr std::string_view kPrefix = "/api/v2/platform/";

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return parts;
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

Route route(std::string_view path) {
  if (!path.starts_with(kPrefix)) return {};
  const auto parts = split(path.substr(kPrefix.size()));
  Route found{.call = call_of(parts), .space = {}, .run = {}, .slash = path.ends_with('/')};
  if (found.call != Call::other && parts.size() > 1) found.space = parts[1];
  if (found.call == Call::tasks) found.run = parts[3];
  return found;
}

}  // namespace runwatch::sim
