#include "config/findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "config/nearest.h"

namespace runwatch::config {
namespace {

void sort_by_place(std::vector<Problem>& list) {
  std::ranges::sort(list, {}, [](const Problem& p) { return std::tie(p.line, p.column, p.text); });
}

// The key in quotes, unless it might be a token that slipped to the left of an equals sign.
std::string shown(std::string_view key) {
  const bool harmless = key.size() <= 24 && std::ranges::all_of(key, [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
                        });
  return harmless ? fmt::format(" \"{}\"", key) : "";
}

}  // namespace

void Findings::problem(Place place, std::string text) {
  problems_.push_back({place.line, place.column, std::move(text)});
}

void Findings::warning(Place place, std::string text) {
  warnings_.push_back({place.line, place.column, std::move(text)});
}

void Findings::declare(std::string_view table, std::string_view key) {
  auto found = std::ranges::find(tables_, table, &Table::name);
  if (found == tables_.end()) found = tables_.insert(found, {std::string(table), {}});
  if (std::ranges::find(found->keys, key) == found->keys.end()) found->keys.emplace_back(key);
}

void Findings::declare_all(const Findings& other) {
  for (const Table& table : other.tables_)
    for (const std::string& key : table.keys) declare(table.name, key);
}

std::vector<std::string> Findings::declared() const {
  std::vector<std::string> out;
  for (const Table& table : tables_) {
    if (table.name.empty()) continue;
    for (const std::string& key : table.keys) out.push_back(fmt::format("{}.{}", table.name, key));
  }
  return out;
}

void Findings::unknown(std::string_view table, std::string_view key, Place place) {
  unknown_.push_back({std::string(table), std::string(key), place});
}

const Findings::Table* Findings::find(std::string_view table) const {
  const auto found = std::ranges::find(tables_, table, &Table::name);
  return found == tables_.end() ? nullptr : &*found;
}

std::string Findings::describe(const Unknown& unknown) const {
  std::string what = fmt::format("unknown key{} {}", shown(unknown.key),
                                 unknown.table.empty() ? "at the top level" : "in [" + unknown.table + "]");
  for (const Table& table : tables_) {
    const bool elsewhere = table.name != unknown.table && !table.name.empty();
    if (elsewhere && std::ranges::find(table.keys, unknown.key) != table.keys.end())
      return fmt::format("{}: it belongs in [{}]", what, table.name);
  }
  const Table* table = find(unknown.table);
  if (table == nullptr) return what;
  if (const auto meant = nearest(unknown.key, table->keys))
    return fmt::format("{}: did you mean \"{}\"?", what, *meant);
  return fmt::format("{}: valid are {}", what, fmt::join(table->keys, ", "));
}

void Findings::finish() {
  for (const Unknown& unknown : unknown_) problem(unknown.place, describe(unknown));
  unknown_.clear();
  sort_by_place(problems_);
  sort_by_place(warnings_);
}

}  // namespace runwatch::config
