// The names spaces carry in labels: unique, stable, never a token.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace runwatch::watch {

// For each space in order its configured name, else its slug, else the label it has, else `unnamed-<position from 1>`;
// a name that is taken gets `-2`, `-3`, … Configured names come first, so that a slug learnt later never takes one.
struct SpaceNaming {
  std::optional<std::string> configured;
  std::string slug;
  std::string label{};  // so far
};
std::vector<std::string> label_spaces(const std::vector<SpaceNaming>& spaces);

// `wanted`, or with the first number from 2 on that makes it another one than all those taken.
std::string free_label(const std::string& wanted, const std::set<std::string>& taken);

}  // namespace runwatch::watch
