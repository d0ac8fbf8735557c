#include "config/syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace runwatch::config {
namespace {

// toml++ 3.3 builds and destroys one level of recursion for each part of a dotted key and overflows the stack between
// 10,000 and 32,000; nested arrays and inline tables it counts itself (256).
constexpr int kMostDots = 1000;

// Walks over text just as far as is needed to tell dots in keys and numbers from those in strings and comments.
class DotCounter {
 public:
  explicit DotCounter(std::string_view text) : text_(text) {}

  // Where the dot that is one too many stands.
  std::optional<Place> find_excess() {
    int dots = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#')
        skip_to('\n');
      else if (c == '"' || c == '\'')
        skip_string(c);
      else if (c == '.' && ++dots > kMostDots)
        return place();
      else
        ++at_;
    }
    return std::nullopt;
  }

 private:
  void skip_to(char end) { at_ = std::min(text_.find(end, at_), text_.size()); }

  void skip_string(char quote) {
    const std::string triple(3, quote);
    const bool multiline = text_.substr(at_, 3) == triple;
    at_ += multiline ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        at_ += 2;
      } else if (!multiline && (c == quote || c == '\n')) {
        ++at_;
        return;
      } else if (multiline && text_.substr(at_, 3) == triple) {
        at_ += 3;
        while (at_ < text_.size() && text_[at_] == quote) ++at_;  // up to two quotes may end the content
        return;
      } else {
        ++at_;
      }
    }
  }

  Place place() const {
    const std::string_view before = text_.substr(0, at_);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return {static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1, at_ - line_start + 1};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// toml++ quotes keys, single characters and, for numbers, whole values. What does not look like one of our keys may be
// a token that lost its quotes, and is left out.
std::string without_values(std::string_view description) {
  std::string out;
  while (true) {
    const std::size_t open = description.find('\'');
    const std::size_t close = open == description.npos ? open : description.find('\'', open + 1);
    if (close == description.npos) return out.append(description);
    const std::string_view quoted = description.substr(open + 1, close - open - 1);
    const bool harmless = quoted.size() <= 3 || std::ranges::all_of(quoted, [](char c) {
                            return (c >= 'a' && c <= 'z') || c == '_' || c == '.';
                          });
    out.append(description.substr(0, open + 1)).append(harmless ? quoted : "…").append("'");
    description.remove_prefix(close + 1);
  }
}

}  // namespace

std::expected<toml::table, Located<std::string>> parse_toml(std::string_view text) {
  if (const auto excess = DotCounter(text).find_excess())
    return std::unexpected(
        Located<std::string>{fmt::format("more than {} dots in keys and numbers", kMostDots), *excess});
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const Place place{error.source().begin.line, error.source().begin.column};
    return std::unexpected(Located<std::string>{without_values(error.description()), place});
  }
}

}  // namespace runwatch::config
