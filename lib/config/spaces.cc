#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/sections.h"

namespace runwatch::config {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;

const std::vector<std::string>& documented_run_modes() {
  static const std::vector<std::string> modes{"prod", "dev", "test", "prefect", "default"};
  return modes;
}

void read_runs(TableReader& reader, Space& space) {
  const toml::node* node = reader.take("runs");
  if (node == nullptr) return;
  if (const auto* word = node->as_string()) {
    if (word->get() != "all") reader.problem("runs", R"(must be "all" or an array of run ids, as in ["R40fe…"])");
    return;
  }
  const auto ids = reader.texts("runs");
  if (!ids) return;
  if (ids->empty()) return reader.problem("runs", R"(is an empty array: name runs, or write "all")");
  for (const auto& id : *ids) {
    if (const auto fault = fault_in_id(id.value))
      reader.problem_at(id.place, "runs", "has an id that " + *fault);
    else if (std::ranges::find(space.runs, id.value) != space.runs.end())
      reader.problem_at(id.place, "runs", "has this id twice");
    space.runs.push_back(id.value);
  }
}

void read_space_token(TableReader& reader, Space& space, const Surroundings& around) {
  SecretKeys keys = read_secret_keys(reader, kTokenKind, around, true);
  if (!keys.given && reader.present())
    return reader.problem("token", "is missing: every [[spaces]] needs token or token_file");
  if (const auto fault = keys.values.empty() ? std::nullopt : fault_in_id(keys.one().reveal()))
    return reader.problem(keys.path ? "token_file" : "token", *fault);
  space.token = keys.one();
  space.token_path = std::move(keys.path);
}

Space read_space(const toml::table* table, const Surroundings& around, Findings& findings) {
  TableReader reader("spaces", table, findings);
  Space space;
  read_space_token(reader, space, around);
  space.name = read_name(reader, false);
  read_runs(reader, space);
  space.run_modes = read_run_modes(reader);
  reader.duration("max_age", space.max_age, {milliseconds(100), days(3650)});
  reader.count("max_runs", space.max_runs, {1, 100'000});
  reader.finish();
  return space;
}

// Compares a space with those before it: two tokens alike would mix their numbers.
void find_repeats(const toml::array& tables, const std::vector<Space>& spaces, Findings& findings) {
  const Space& last = spaces.back();
  TableReader reader("spaces", tables.get(spaces.size() - 1)->as_table(), findings);
  for (std::size_t i = 0; i + 1 < spaces.size(); ++i) {
    const std::size_t line = place_of(*tables.get(i)).line;
    if (!last.token.empty() && spaces[i].token == last.token)
      reader.problem_at(reader.place(last.token_path ? "token_file" : "token"), "token",
                        fmt::format("is that of the space at line {} too: one of them is one too many", line));
  }
}

}  // namespace

std::optional<std::string> fault_in_id(std::string_view id) {
  if (id.empty()) return "is empty";
  if (id.size() > 128) return "is longer than 128 bytes";
  if (!is_plain_text(id)) return "holds control characters";
  if (id.find('/') != id.npos) return "holds a '/'";
  if (id == "." || id == "..") return "is a step in a path, not an id";
  return std::nullopt;
}

std::vector<std::string> read_run_modes(TableReader& reader) {
  const auto& documented = documented_run_modes();
  std::vector<std::string> out;
  for (const auto& mode : reader.texts("run_modes").value_or(std::vector<Text>{})) {
    if (mode.value.empty() || mode.value.size() > 64 || !is_plain_text(mode.value)) {
      reader.problem_at(mode.place, "run_modes", "must be names of 1 to 64 bytes without control characters");
    } else if (std::ranges::find(documented, mode.value) == documented.end()) {
      const auto meant = nearest(mode.value, documented);
      reader.findings().warning(mode.place, fmt::format("{} has a mode other than {}, the platform's documented ones{}",
                                                        reader.full("run_modes"), fmt::join(documented, ", "),
                                                        meant ? fmt::format(": did you mean \"{}\"?", *meant) : ""));
    }
    out.push_back(mode.value);
  }
  return out;
}

std::vector<Space> read_spaces(const toml::array* tables, const Surroundings& around, Findings& findings) {
  read_space(nullptr, around, findings);  // declares its keys
  std::vector<Space> spaces;
  for (std::size_t i = 0; tables != nullptr && i < tables->size(); ++i) {
    spaces.push_back(read_space(tables->get(i)->as_table(), around, findings));
    find_repeats(*tables, spaces, findings);
  }
  refuse_repeated_names(tables, "spaces", "space", findings);
  return spaces;
}

}  // namespace runwatch::config
