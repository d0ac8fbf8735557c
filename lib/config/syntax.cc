#include "config/syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/utf8.h"

namespace runwatch::config {
namespace {

// toml++ 3.3 builds and destroys one level of recursion for each part of a dotted key and overflows the stack between
// 10,000 and 32,000; nested arrays and inline tables it counts itself (256).
constexpr int kMostDots = 1000;

// Walks over text just as far as is needed to tell dots in keys and numbers from those in strings and comments, and to
// find where a string begins that has no end.
class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {
    while (at_ < text_.size() && dots_ <= kMostDots && !open_string_) {
      const char c = text_[at_];
      if (c == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (c == '"' || c == '\'')
        skip_string(c);
      else if (c == '.' && ++dots_ > kMostDots)
        excess_dot_ = place_of(at_);
      else
        ++at_;
    }
  }

  std::optional<Place> excess_dot() const { return excess_dot_; }
  std::optional<Place> open_string() const { return open_string_; }

 private:
  void skip_string(char quote) {
    const std::size_t start = at_;
    const std::string triple(3, quote);
    const bool multiline = text_.substr(at_, 3) == triple;
    at_ += multiline ? 3 : 1;
    while (at_ < text_.size() && (multiline || text_[at_] != '\n')) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        at_ += 2;
      } else if (!multiline && c == quote) {
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
    open_string_ = place_of(start);
  }

  // Columns count characters, as toml++ does.
  Place place_of(std::size_t at) const {
    const std::string_view before = text_.substr(0, at);
    const std::string_view line = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
    const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
    return {static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1,
            static_cast<std::size_t>(std::ranges::count_if(line, begins_character)) + 1};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int dots_ = 0;
  std::optional<Place> excess_dot_;
  std::optional<Place> open_string_;
};

struct Mistake {
  std::string_view sign;  // a part of toml++'s description
  std::string_view told;
};

constexpr std::string_view kQuote = "this value needs quotes, unless it is a number, true or false: as in \"30s\"";

// toml++ says what its grammar expected; this, what was most likely forgotten. The first that fits.
constexpr std::array<Mistake, 20> kMistakes{{
    {"cannot redefine", "this key or table is there already: keep one of them"},
    {"not representable", "this number is too large, unless it is text that lacks its quotes"},
    {"array: ", "the array before here lacks a comma between two elements, or the ] at its end"},
    {"inline table: ", "the table in braces lacks a comma, or the } at its end, which must be on the same line"},
    {"table header: expected ']'", "the name of the table lacks its closing bracket: write [table] or [[spaces]]"},
    {"table header: expected a comment", "after the closing bracket of [table] a new line must begin"},
    {"expected '='", "there is no = after the key: write key = value, and a key without spaces"},
    {"expected value", "there is no value after the ="},
    {"expected a comment", "this line goes on after its value: put one key on a line, without a comma behind it"},
    {"expected keys, tables", "a line must begin with a key, a [table] or a # for a comment"},
    {"after '\\r'", "a line ends with a carriage return alone: save the file with plain newlines"},
    {"expected space or tab", "there is a blank of another kind than space and tab, as copied from a page: replace it"},
    {"control characters", "the string holds a control character"},
    {"escape", "a backslash in \"…\" begins an escape such as \\n: write \\\\ for one, or put the text in '…'"},
    {"unicode scalar", "a backslash in \"…\" begins an escape such as \\n: write \\\\ for one, or put the text in '…'"},
    {"could not determine", kQuote},
    {"saw ';'", "no ; is needed: put one key on a line"},
    {"expected digit", kQuote},
    {"parsing time", kQuote},
    {"parsing boolean", "this value is no word that TOML knows: write true or false, or text in quotes"},
}};

// Whether the character at `place` is a quotation mark as word processors set them.
bool is_curly_quote(std::string_view text, Place place) {
  for (; place.line > 1; --place.line) text.remove_prefix(text.find('\n') + 1);
  for (; place.column > 1 && !text.empty(); --place.column) text.remove_prefix(core::next_code_point(text).length);
  for (const std::string_view quote : {"“", "”", "„", "‘", "’", "‚", "«", "»"})
    if (text.starts_with(quote)) return true;
  return false;
}

Located<std::string> describe(const toml::parse_error& error, std::string_view text, const Scan& scan) {
  const Place place{error.source().begin.line, error.source().begin.column};
  const std::string_view description = error.description();
  const auto says = [description](std::string_view sign) { return description.find(sign) != description.npos; };
  if (says("string: ") && scan.open_string() && scan.open_string()->line <= place.line)
    return {"the string that begins here has no closing quote", *scan.open_string()};
  if (is_curly_quote(text, place)) return {"this is a typographic quotation mark: write \" or '", place};
  const auto found = std::ranges::find_if(kMistakes, says, &Mistake::sign);
  if (found != kMistakes.end()) return {std::string(found->told), place};
  // It may quote what follows, and that may be a token that lost its quotes.
  return {std::string(description.substr(0, description.find('\''))), place};
}

}  // namespace

std::expected<toml::table, Located<std::string>> parse_toml(std::string_view text) {
  const Scan scan(text);
  if (const auto excess = scan.excess_dot())
    return std::unexpected(
        Located<std::string>{fmt::format("more than {} dots in keys and numbers", kMostDots), *excess});
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return std::unexpected(describe(error, text, scan));
  }
}

}  // namespace runwatch::config
