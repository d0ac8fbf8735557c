#include "watch/labels.h"

#include <fmt/format.h>

#include <set>

namespace runwatch::watch {
namespace {

std::string free_name(const std::string& wanted, std::set<std::string>& taken) {
  std::string name = wanted;
  for (int n = 2; !taken.insert(name).second; ++n) name = fmt::format("{}-{}", wanted, n);
  return name;
}

}  // namespace

std::vector<std::string> label_spaces(const std::vector<SpaceNaming>& spaces) {
  std::vector<std::string> labels(spaces.size());
  std::set<std::string> taken;
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    if (spaces[i].configured) labels[i] = free_name(*spaces[i].configured, taken);
  }
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    if (spaces[i].configured) continue;
    labels[i] = free_name(spaces[i].slug.empty() ? fmt::format("unnamed-{}", i + 1) : spaces[i].slug, taken);
  }
  return labels;
}

}  // namespace runwatch::watch
