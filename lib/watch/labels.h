// The names spaces carry in labels: unique, stable, never a token.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace runwatch::watch {

// For each space in order its configured name, else its slug, else `unnamed-<position from 1>`; a name that is taken
// gets `-2`, `-3`, … Configured names come first, so that a slug learnt later never takes one.
struct SpaceNaming {
  std::optional<std::string> configured;
  std::string slug;
};
std::vector<std::string> label_spaces(const std::vector<SpaceNaming>& spaces);

}  // namespace runwatch::watch
