#include "config/findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "core/ascii.h"

namespace runwatch::config {
namespace {

constexpr std::size_t kLongestWord = 64;  // nothing longer is a slip of a key

// Levenshtein's distance, one row of the table at a time.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (const char c : a) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (core::lower(c) == core::lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({diagonal + 1, row[j] + 1, replaced});
    }
  }
  return row.back();
}

// The key in quotes, unless it might be a token that slipped to the left of an equals sign.
std::string shown(std::string_view key) {
  const bool harmless = key.size() <= 24 && key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == key.npos;
  return harmless ? fmt::format(" \"{}\"", key) : "";
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  std::optional<std::string> best;
  std::size_t fewest = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t count = edits(word, candidate);
    if (count > std::max(word.size(), candidate.size()) / 2 || (best && count >= fewest)) continue;
    best = candidate;
    fewest = count;
  }
  return best;
}

void Findings::problem(Place place, std::string text) { problems_.push_back({place, std::move(text)}); }

void Findings::warning(Place place, std::string text) { warnings_.push_back({place, std::move(text)}); }

void Findings::declare(std::string_view table, std::string_view key) {
  auto& keys = tables_[std::string(table)];
  if (std::ranges::find(keys, key) == keys.end()) keys.emplace_back(key);
}

std::vector<std::string> Findings::declared() const {
  std::vector<std::string> out;
  for (const auto& [table, keys] : tables_) {
    for (const std::string& key : keys) {
      std::string full = table.empty() ? key : fmt::format("{}.{}", table, key);
      if (!tables_.contains(full)) out.push_back(std::move(full));
    }
  }
  return out;
}

void Findings::unknown(std::string_view table, std::string_view key, Place place) {
  unknown_.push_back({std::string(table), std::string(key), place});
}

std::string Findings::describe(const Unknown& unknown) const {
  std::string what = fmt::format("unknown key{} {}", shown(unknown.key),
                                 unknown.table.empty() ? "at the top level" : "in [" + unknown.table + "]");
  const bool in_alerts = unknown.table.starts_with("alerts");
  for (const bool of_alerts : {in_alerts, !in_alerts})
    for (const auto& [table, keys] : tables_) {
      const bool elsewhere = table != unknown.table && !table.empty() && table.starts_with("alerts") == of_alerts;
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
  std::ranges::sort(problems_);
  std::ranges::sort(warnings_);
}

}  // namespace runwatch::config
