// The gauges of a space, as pure functions of its snapshot. What is not known has no line.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "metrics/text.h"
#include "view/snapshot.h"

namespace runwatch::metrics {

struct SpaceFamily {
  Heading heading;
  // Appends its sample lines; `labels` is `space="…"`.
  void (*append)(std::string& out, std::string_view name, std::string_view labels, const view::SpaceSnapshot& space);
};

std::span<const SpaceFamily> space_families();

// One sample for each of the nine statuses.
void append_by_status(std::string& out, std::string_view name, std::string_view labels,
                      const task::StatusCounts& counts);

}  // namespace runwatch::metrics
