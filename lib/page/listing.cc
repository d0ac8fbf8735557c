#include "page/listing.h"

#include <algorithm>

#include "page/query.h"

namespace runwatch::page {

Group group_of(const view::RunVerdict& verdict) {
  if (verdict.trouble != view::Trouble::none) return Group::trouble;
  if (verdict.alerted()) return Group::alerted;
  return verdict.condition == view::Condition::finished ? Group::finished : Group::well;
}

Filter read_filter(std::string_view query) {
  const Query asked(query);
  Filter filter;
  filter.space = asked.text("space");
  filter.run = asked.text("run");
  const auto state = std::ranges::find(kGroupNames, asked.text("state"));
  if (state != kGroupNames.end()) filter.group = static_cast<Group>(state - kGroupNames.begin());
  filter.page = static_cast<std::size_t>(asked.number("page", 1));
  return filter;
}

Lines Listing::all() const {
  Lines lines;
  for (const auto& group : groups) lines.insert(lines.end(), group.begin(), group.end());
  return lines;
}

Listing list_runs(const view::Overview& overview, const Filter& filter) {
  Listing listing;
  for (const auto& verdict : overview.runs) {
    const auto group = group_of(verdict);
    const bool wanted = (filter.space.empty() || filter.space == verdict.space->name) &&
                        verdict.run->run_id.find(filter.run) != std::string::npos &&
                        (!filter.group || *filter.group == group);
    if (wanted) listing.groups.at(static_cast<std::size_t>(group)).push_back(&verdict);
  }
  return listing;
}

}  // namespace runwatch::page
