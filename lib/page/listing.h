// Which runs a page lists: those in trouble, worst first, those with open incidents, those that do well, and
// those that are finished.
//
// Pure. What is listed points into the overview.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "view/trouble.h"

namespace runwatch::page {

enum class Group : std::uint8_t { trouble, alerted, well, finished };
inline constexpr std::array<std::string_view, 4> kGroupNames{"trouble", "alerted", "well", "finished"};
constexpr std::string_view name(Group group) { return kGroupNames[static_cast<std::size_t>(group)]; }

Group group_of(const view::RunVerdict& verdict);

// What a query asks for; nothing: everything.
struct Filter {
  std::string space, run;  // the latter a part of its id
  std::optional<Group> group{};
  std::size_t page = 1;

  bool any() const { return !space.empty() || !run.empty() || group; }
};

// Out of `space`, `run`, `state` and `page`; a state that there is none of asks for nothing.
Filter read_filter(std::string_view query);

using Lines = std::vector<const view::RunVerdict*>;

struct Listing {
  std::array<Lines, kGroupNames.size()> groups;

  const Lines& of(Group group) const { return groups.at(static_cast<std::size_t>(group)); }
  Lines all() const;
};

Listing list_runs(const view::Overview& overview, const Filter& filter);

}  // namespace runwatch::page
