// TOML text to tables, and the keys of one into values with ranges; what does not fit is reported.
//
// Private to this room: it shows toml++. Every key asked for counts as a valid one, so the reading code is the only
// list of keys there is. An accessor that finds a problem reports it and leaves its target as it was.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/findings.h"
#include "core/bytes.h"
#include "core/clock.h"

namespace runwatch::config {

template <class T>
struct Range {
  T from;
  T to;  // inclusive
};

struct Text {
  std::string value;
  Place place;
};

// toml++'s tables, kept away from what would overflow its stack.
// Fails: with the first syntax error, described without quoting values.
std::expected<toml::table, Problem> parse_toml(std::string_view text);

Place place_of(const toml::node& node);

class TableReader {
 public:
  // `table` may be null, for one that is absent: its keys are declared all the same.
  TableReader(std::string name, const toml::table* table, Findings& findings);
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  Findings& findings() { return findings_; }
  bool present() const { return table_ != nullptr; }

  // As an operator would write it, with its table.
  std::string full(std::string_view key) const;
  // The key's value, else the table, else the file.
  Place place(std::string_view key) const;
  void problem(std::string_view key, std::string_view rest);
  void problem_at(Place place, std::string_view key, std::string_view rest);
  void warning(std::string_view key, std::string_view rest);

  const toml::node* take(std::string_view key);
  // Null after a problem was reported, or when the key is absent.
  const toml::table* table(std::string_view key);
  // The same of an array of tables, which must not be empty: `otherwise` is what to do instead.
  const toml::array* tables(std::string_view key, std::string_view otherwise);
  std::optional<std::string> text(std::string_view key);
  // Texts of an array; nothing when the key is absent or an element is of another type.
  std::optional<std::vector<Text>> texts(std::string_view key);
  // A text, or where `many` are allowed an array of them, too.
  std::vector<Text> one_or_more(std::string_view key, bool many);
  // True when the target may be relied on: the key is absent or good.
  bool duration(std::string_view key, core::Duration& into, Range<core::Duration> range);
  void size(std::string_view key, core::Bytes& into, Range<core::Bytes> range);
  void count(std::string_view key, std::size_t& into, Range<std::int64_t> range);
  void number(std::string_view key, double& into, Range<double> range);
  void boolean(std::string_view key, bool& into);
  // Index of the value among `words`.
  std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string>& words);

  // Indexes of the array's values among `words`, each once; values that are none of them are reported.
  std::vector<std::size_t> choices(std::string_view key, const std::vector<std::string>& words);

  // Reports every key that nobody asked for. Call it once, last.
  void finish();

 private:
  // Null when the key is absent or of another type, which is reported.
  template <class T>
  const T* value(std::string_view key, std::string_view expected);
  void wrong_type(std::string_view key, const toml::node& node, std::string_view expected);

  std::string name_;
  const toml::table* table_;
  Findings& findings_;
  std::vector<std::string> taken_;
};

}  // namespace runwatch::config
