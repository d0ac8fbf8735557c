// One function a table of the file. Private to this room.
#pragma once

#include <array>
#include <filesystem>
#include <map>

#include "config/config.h"
#include "config/table_reader.h"
#include "config/token.h"

namespace runwatch::config {

struct Surroundings {
  const Environment& environment;
  std::filesystem::path directory;  // of the file; relative paths in it start there

  // $CREDENTIALS_DIRECTORY/NAME is a credential of systemd's.
  std::filesystem::path resolve(const std::string& path) const;
};

Api read_api(const toml::table* table, const Surroundings& around, Findings& findings);
Poll read_poll(const toml::table* table, Findings& findings);
Server read_server(const toml::table* table, const Surroundings& around, Findings& findings);
Log read_log(const toml::table* table, Findings& findings);

// `tables` may be null.
std::vector<Space> read_spaces(const toml::array* tables, const Surroundings& around, Findings& findings);

// `config` has its spaces already: retention is compared with them.
Store read_store(const toml::table* table, const Config& config, const Surroundings& around, Findings& findings);

// [alerts] with all that is below it, into `config`, which has its spaces already.
void read_alerts(const toml::table* table, Config& config, const Surroundings& around, Findings& findings);

// `tables` may be null. Those of rules refer to the spaces and receivers of `config`.
std::vector<Receiver> read_receivers(const toml::array* tables, const Surroundings& around, Findings& findings);
std::vector<rule::Rule> read_rules(const toml::array* tables, const Config& config, Findings& findings);

std::filesystem::path read_control(TableReader& root, const Surroundings& around);

// A URL as given; empty when it is absent, empty, or a problem was reported.
std::string read_url(TableReader& reader, std::string_view key);

// Of the database, where no key names it: as systemd gives it, else as the XDG Base Directory Specification has it.
std::filesystem::path state_folder(const Environment& environment);

// `proxy` and `ca_file`, of the platform and of receivers.
std::string read_proxy(TableReader& reader);
std::string read_ca_file(TableReader& reader, const Surroundings& around);

// Fails: with every problem in the file, its places those of the YAML.
std::expected<Web, Problems> read_web_config(const std::filesystem::path& path);

// The texts of a table in which `fault_in` finds nothing.
using FaultInPair = std::optional<std::string>(std::string_view name, std::string_view value);
std::map<std::string, std::string> read_pairs(TableReader& reader, std::string_view key, FaultInPair* fault_in);

// A name as given; nothing when it is absent or a problem was reported.
std::optional<std::string> read_name(TableReader& reader, bool needed);
// Two of the tables with one name would be taken for one; `noun` says what each is.
void refuse_repeated_names(const toml::array* tables, std::string_view table, std::string_view noun,
                           Findings& findings);

// Names as given; warns of those that the platform does not document.
std::vector<std::string> read_run_modes(TableReader& reader);

// Keys that only some kinds of a table have; reports those that `own` has not.
struct Parameters {
  std::vector<std::string_view> keys, kinds;
};
void refuse_foreign(TableReader& reader, std::string_view own, const std::vector<Parameters>& all);

// The words of an array that name a value; others are reported.
template <class E, std::size_t Count>
std::vector<E> read_each(TableReader& reader, std::string_view key, const std::array<std::string_view, Count>& names) {
  std::vector<E> out;
  for (const std::size_t i : reader.choices(key, {names.begin(), names.end()})) out.push_back(static_cast<E>(i));
  return out;
}

// A path as given, or nothing after a problem was reported.
std::optional<std::filesystem::path> read_path(TableReader& reader, std::string_view key, const Surroundings& around);

// A secret that stands in the file, or in a small file of its own.
struct SecretKind {
  std::string_view noun, key, file_key;
  Fault fault_in;
  bool many = false;          // an array, or one a line
  bool may_be_empty = false;  // then an empty text is the same as no key
};
const inline SecretKind kTokenKind{"token", "token", "token_file", fault_in_token};

// What those keys hold; nothing when they are absent or a problem was reported. `given` tells whether one was there.
struct SecretKeys {
  std::vector<core::Secret> values;
  std::optional<std::filesystem::path> path;
  bool given = false;

  core::Secret one() const { return values.empty() ? core::Secret() : values.front(); }
};
std::optional<std::string> fault_in_value(std::string_view of_header);
const inline SecretKind kAuthorizationKind{"authorization", "", "authorization_file", fault_in_value, false, true};
SecretKind kind_of_url(ReceiverType type);
SecretKind kind_of_secret(ReceiverType type);
void drop_slashes(std::vector<core::Secret>& urls);  // at the end of each

SecretKeys read_secret_keys(TableReader& reader, const SecretKind& kind, const Surroundings& around, bool read_file);

// What keeps `id` from standing in a path of the platform's API, as the rest of a sentence.
std::optional<std::string> fault_in_id(std::string_view id);

// Whether every character of `text` is one that a person would see as it is.
bool is_plain_text(std::string_view text);

}  // namespace runwatch::config
