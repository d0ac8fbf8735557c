// Reads a configuration file: a Config, or every problem in it with its place.
//
// Without side effects: `check` and `serve` call the same function, and a reload is a second call. Reads the file, the
// token files it names and nothing else.
// Fails: a file that cannot be used at all is one problem with line 0; a TOML syntax error comes alone, because the
// parser stops there. No text ever holds a token.
#pragma once

#include <compare>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace runwatch::config {

inline constexpr const char* kDefaultPath = "/etc/runwatch/runwatch.toml";

struct Place {
  std::size_t line = 0;  // from 1; 0: the file as a whole
  std::size_t column = 0;

  auto operator<=>(const Place&) const = default;
};

struct Problem {
  Place place;
  std::string text;

  auto operator<=>(const Problem&) const = default;
};

struct Loaded {
  Config config;
  std::vector<Problem> warnings;
};

using Problems = std::vector<Problem>;

// The value of an environment variable, or nothing. Handed in, so that loading is a function of its arguments.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// Root has a $STATE_DIRECTORY without systemd, too: /var/lib/runwatch.
Environment process_environment();

std::expected<Loaded, Problems> load(const std::filesystem::path& path, const Environment& environment);

// The same for text that is already here; relative paths in it start at `directory`.
std::expected<Loaded, Problems> parse(std::string_view text, const std::filesystem::path& directory,
                                      const Environment& environment);

// Where a daemon has its socket whose configuration names neither that nor its database.
std::filesystem::path usual_control_socket(const Environment& environment);

// The same of a file whose other keys may be wrong; nothing where it cannot be read as TOML.
std::optional<std::filesystem::path> stated_control_socket(const std::filesystem::path& path,
                                                           const Environment& environment);

// Every key a file may hold, as `api.base_url` or `control`; those of [[spaces]] as `spaces.token`.
std::vector<std::string> valid_keys();

// As `FILE:LINE:COLUMN: text`, or `FILE: text` for the file as a whole.
std::string format_problem(const std::filesystem::path& path, const Problem& problem);

}  // namespace runwatch::config
