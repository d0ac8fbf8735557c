// One map of a YAML file, read key by key; what does not fit is reported with its place. Private to this room: it shows
// yaml-cpp.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "config/findings.h"
#include "config/sections.h"
#include "core/ascii.h"
#include "core/text.h"

namespace runwatch::config {

inline Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

// What nobody asked for is a problem in the end, and so is a key that stands twice.
class MapReader {
 public:
  MapReader(std::string name, const YAML::Node& node, Findings& findings)
      : name_(std::move(name)), node_(node), findings_(findings) {
    if (node.IsDefined() && !node.IsNull() && !node.IsMap()) problem(node, "", "must be a map of keys and values");
  }

  void problem(const YAML::Node& at, std::string_view key, std::string_view rest) {
    const bool both = !name_.empty() && !key.empty();
    findings_.problem(place_of(at.Mark()), fmt::format("{}{}{} {}", name_, both ? "." : "", key, rest));
  }

  // Undefined where the key is absent.
  YAML::Node take(const std::string& key) {
    taken_.push_back(key);
    if (!node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
    for (const auto& entry : node_) {
      if (entry.first.IsScalar() && entry.first.Scalar() == key) return entry.second;
    }
    return YAML::Node(YAML::NodeType::Undefined);
  }

  // Empty where the key is absent, null or empty.
  std::string text(const std::string& key) {
    const auto node = take(key);
    if (!node.IsDefined() || node.IsNull()) return {};
    if (node.IsScalar()) return node.Scalar();
    problem(node, key, "must be a text");
    return {};
  }

  void boolean(const std::string& key, bool& into) {
    const auto text = core::lower(this->text(key));
    if (text.empty()) return;
    if (text != "true" && text != "false") return problem(take(key), key, "must be true or false");
    into = text == "true";
  }

  std::optional<std::size_t> choice(const std::string& key, const std::vector<std::string>& words) {
    const auto word = text(key);
    return word.empty() ? std::nullopt : find(take(key), key, word, words);
  }

  std::vector<std::string> texts(const std::string& key) {
    const auto node = take(key);
    std::vector<std::string> out;
    if (!node.IsDefined() || node.IsNull()) return out;
    if (!node.IsSequence()) return problem(node, key, "must be a list of texts"), out;
    for (const auto& element : node) {
      if (element.IsScalar() && !element.Scalar().empty())
        out.push_back(element.Scalar());
      else
        problem(element, key, "must be a list of texts");
    }
    return out;
  }

  std::vector<std::size_t> choices(const std::string& key, const std::vector<std::string>& words) {
    std::vector<std::size_t> out;
    for (const auto& word : texts(key))
      if (const auto index = find(take(key), key, word, words)) out.push_back(*index);
    return out;
  }

  // Of a file that can be read; a path in the file starts at its folder.
  std::filesystem::path path(const std::string& key, const std::filesystem::path& folder) {
    const auto given = text(key);
    if (given.empty()) return {};
    auto path = folder / given;
    if (given.size() > 4096 || !is_plain_text(given)) {
      problem(take(key), key, "is no path");
    } else if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0) {
      const auto why = std::generic_category().message(errno);
      problem(take(key), key, fmt::format("names {}, which cannot be read: {}", path.string(), why));
    }
    return path;
  }

  void refuse(const std::string& key, std::string_view why) {
    if (const auto node = take(key); node.IsDefined() && !node.IsNull()) problem(node, key, why);
  }

  void finish() {
    if (!node_.IsMap()) return;
    std::set<std::string> seen;
    for (const auto& entry : node_) {
      const auto key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (!seen.insert(key).second) problem(entry.first, core::printable(key, 80), "stands there twice");
      if (std::ranges::find(taken_, key) != taken_.end()) continue;
      const auto meant = nearest(key, taken_);
      problem(entry.first, core::printable(key, 80),
              meant ? fmt::format("is not a key; did you mean {}?", *meant)
                    : fmt::format("is not a key; there are {}", fmt::join(taken_, ", ")));
    }
  }

 private:
  std::optional<std::size_t> find(const YAML::Node& at, const std::string& key, const std::string& word,
                                  const std::vector<std::string>& words) {
    const auto found = std::ranges::find(words, word);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    problem(at, key, fmt::format("may be {}, not {}", fmt::join(words, ", "), core::printable(word, 80)));
    return std::nullopt;
  }

  std::string name_;
  YAML::Node node_;
  Findings& findings_;
  std::vector<std::string> taken_;
};

}  // namespace runwatch::config
