#include "watch/labels.h"

#include <fmt/format.h>

namespace runwatch::watch {

std::string free_label(const std::string& wanted, const std::set<std::string>& taken) {
  std::string label = wanted;
  for (int n = 2; taken.contains(label); ++n) label = fmt::format("{}-{}", wanted, n);
  return label;
}

std::vector<std::string> label_spaces(const std::vector<SpaceNaming>& spaces) {
  std::vector<std::string> labels(spaces.size());
  std::set<std::string> taken;
  const auto take = [&taken](const std::string& wanted) { return *taken.insert(free_label(wanted, taken)).first; };
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    if (spaces[i].configured) labels[i] = take(*spaces[i].configured);
  }
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    const auto& [configured, slug, label] = spaces[i];
    if (configured) continue;
    const auto unnamed = label.empty() ? fmt::format("unnamed-{}", i + 1) : label;
    labels[i] = take(slug.empty() ? unnamed : slug);
  }
  return labels;
}

}  // namespace runwatch::watch
