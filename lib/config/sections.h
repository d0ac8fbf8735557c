// One function a table of the file. Private to this room.
#pragma once

#include <filesystem>

#include "config/config.h"
#include "config/table_reader.h"

namespace runwatch::config {

struct Surroundings {
  const Environment& environment;
  std::filesystem::path directory;  // of the file; relative paths in it start there

  std::filesystem::path resolve(const std::string& path) const { return directory / path; }
};

Api read_api(const toml::table* table, const Surroundings& around, Findings& findings);
Poll read_poll(const toml::table* table, Findings& findings);
Server read_server(const toml::table* table, Findings& findings);
Log read_log(const toml::table* table, Findings& findings);

// `spaces` may be null.
std::vector<Space> read_spaces(const toml::node* spaces, const Surroundings& around, Findings& findings);

// `config` has its spaces already: retention is compared with them.
Store read_store(const toml::table* table, const Config& config, const Surroundings& around, Findings& findings);

// A path as given, or nothing after a problem was reported.
std::optional<std::filesystem::path> read_path(TableReader& reader, std::string_view key, const Surroundings& around);

// `token` or the content of `token_file`; nothing when neither is there or a problem was reported. `given` tells
// whether one was there.
struct TokenKeys {
  core::Secret token;
  std::optional<std::filesystem::path> path;
  bool given = false;
};
TokenKeys read_token_keys(TableReader& reader, const Surroundings& around, bool read_file);

// What keeps `id` from standing in a path of the platform's API, as the rest of a sentence.
std::optional<std::string> fault_in_id(std::string_view id);

// Whether every character of `text` is one that a person would see as it is.
bool is_plain_text(std::string_view text);

}  // namespace runwatch::config
