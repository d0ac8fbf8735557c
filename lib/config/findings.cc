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
  auto& keys = tables_[std::string(table)];
  if (std::ranges::find(keys, key) == keys.end()) keys.emplace_back(key);
}

std::vector<std::string> Findings::declared() const {
  std::vector<std::string> out;
  for (const auto& [table, keys] : tables_)
    for (const std::string& key : keys)
      if (!table.empty()) out.push_back(fmt::format("{}.{}", table, key));
  return out;
}

void Findings::unknown(std::string_view table, std::string_view key, Place place) {
  unknown_.push_back({std::string(table), std::string(key), place});
}

std::string Findings::describe(const Unknown& unknown) const {
  std::string what = fmt::format("unknown key{} {}", shown(unknown.key),
                                 unknown.table.empty() ? "at the top level" : "in [" + unknown.table + "]");
  for (const auto& [table, keys] : tables_) {
    const bool elsewhere = table != unknown.table && !table.empty();
    if (elsewhere && std::ranges::find(keys, unknown.key) != keys.end())
      return fmt::format("{}: it belongs in [{}]", what, table);
  }
  const auto& keys = tables_.find(unknown.table)->second;
  if (const auto meant = nearest(unknown.key, keys)) return fmt::format("{}: did you mean \"{}\"?", what, *meant);
  return fmt::format("{}: valid are {}", what, fmt::join(keys, ", "));
}

void Findings::finish() {
  for (const Unknown& unknown : unknown_) problem(unknown.place, describe(unknown));
  unknown_.clear();
  sort_by_place(problems_);
  sort_by_place(warnings_);
}

}  // namespace runwatch::config
