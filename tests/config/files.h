// Shorthands to load a configuration from a string or from a file in a directory of the test.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>

#include "config/load.h"
#include "support/directory.h"

namespace runwatch::test {

using Variables = std::map<std::string, std::string>;

inline config::Environment environment(Variables variables = {}) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

// Problems or warnings as `LINE:COLUMN text`, one a line.
inline std::string lines(const std::vector<config::Problem>& list) {
  std::string out;
  for (const auto& p : list) out += fmt::format("{}:{} {}\n", p.place.line, p.place.column, p.text);
  return out;
}

inline std::string problems_of(std::string_view text, Variables variables = {{"RUNWATCH_API_TOKEN", "t"}}) {
  const auto loaded = config::parse(text, "/etc/runwatch", environment(std::move(variables)));
  return loaded ? "" : lines(loaded.error());
}

}  // namespace runwatch::test
