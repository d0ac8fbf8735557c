// The gauges of a watched run, as pure functions of its snapshot. What is not known has no line.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "metrics/text.h"
#include "view/snapshot.h"

namespace runwatch::metrics {

struct RunFamily {
  Heading heading;
  // Appends its sample lines; `labels` is `space="…",run_id="…"`.
  void (*append)(std::string& out, std::string_view name, std::string_view labels, const view::RunSnapshot& run);
};

inline constexpr std::size_t kRunFamilies = 7;
const std::array<RunFamily, kRunFamilies>& run_families();

}  // namespace runwatch::metrics
