// A directory that lives as long as the test, and shorthands to load what is written there.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "config/load.h"

namespace runwatch::test {

class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "runwatch-config-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // The file, readable by its owner alone.
  std::filesystem::path write(const std::string& name, std::string_view content) const {
    const std::filesystem::path file = path_ / name;
    std::ofstream(file, std::ios::binary) << content;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return file;
  }

 private:
  std::filesystem::path path_;
};

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
  for (const auto& p : list) out += fmt::format("{}:{} {}\n", p.line, p.column, p.text);
  return out;
}

inline std::string problems_of(std::string_view text, Variables variables = {{"RUNWATCH_API_TOKEN", "t"}}) {
  const auto loaded = config::parse(text, "/etc/runwatch", environment(std::move(variables)));
  return loaded ? "" : lines(loaded.error());
}

}  // namespace runwatch::test
