#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/table_reader.h"

namespace runwatch::config {
namespace {

// toml++ 3.3 builds and destroys one level of recursion for each part of a dotted key and overflows the stack between
// 10,000 and 32,000; nested arrays and inline tables it counts itself (256).
constexpr int kMostDots = 1000;

// Behind the string that begins at `at`; npos: it has no end.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string triple(3, quote);
  const bool multiline = text.substr(at, 3) == triple;
  const std::string mark = multiline ? triple : std::string(1, quote);
  for (at += mark.size(); at < text.size() && (multiline || text[at] != '\n'); ++at) {
    if (text[at] == '\\' && quote == '"') {
      ++at;
    } else if (text.substr(at, mark.size()) == mark) {
      at += mark.size();
      while (multiline && at < text.size() && text[at] == quote) ++at;  // up to two quotes may end the content
      return at;
    }
  }
  return text.npos;
}

// Walks over text just as far as is needed to tell dots in keys and numbers from those in strings and comments. Stops
// at its end, at a dot too many, or where a string begins that has no end.
std::size_t walk(std::string_view text) {
  int dots = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    std::size_t next = at + 1;
    if (c == '.' && ++dots > kMostDots) break;
    if (c == '#') next = std::min(text.find('\n', at), text.size());
    if (c == '"' || c == '\'') next = end_of_string(text, at);
    if (next == text.npos) break;
    at = next;
  }
  return at;
}

// Columns count characters, as toml++ does.
Place place_in(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const std::string_view line = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
  const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return {static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1,
          static_cast<std::size_t>(std::ranges::count_if(line, begins_character)) + 1};
}

struct Mistake {
  std::string_view sign;  // a part of toml++'s description
  std::string_view told;
};

constexpr std::string_view kQuote = "this value needs quotes, unless it is a number, true or false: as in \"30s\"";

// toml++ says what its grammar expected; this, what was most likely forgotten. The first that fits.
constexpr std::array<Mistake, 18> kMistakes{{
    {"cannot redefine", "this key or table is there already: keep one of them"},
    {"not representable", "this number is too large, unless it is text that lacks its quotes"},
    {"array: ", "the array before here lacks a comma between two elements, or the ] at its end"},
    {"inline table: ", "the table in braces lacks a comma, or the } at its end, which must be on the same line"},
    {"table header: expected ']'", "the name of the table lacks its closing bracket: write [table] or [[spaces]]"},
    {"expected '='", "there is no = after the key: write key = value, and a key without spaces"},
    {"expected value", "there is no value after the ="},
    {"expected a comment", "this line goes on where it should end: put one key on a line, without a comma behind it"},
    {"expected keys, tables", "a line must begin with a key, a [table] or a # for a comment"},
    {"after '\\r'", "a line ends with a carriage return alone: save the file with plain newlines"},
    {"expected space or tab", "there is a blank of another kind than space and tab, as copied from a page: replace it"},
    {"escape", "a backslash in \"…\" begins an escape such as \\n: write \\\\ for one, or put the text in '…'"},
    {"unicode scalar", "a backslash in \"…\" begins an escape such as \\n: write \\\\ for one, or put the text in '…'"},
    {"could not determine", kQuote},
    {"saw ';'", "no ; is needed: put one key on a line"},
    {"expected digit", kQuote},
    {"parsing time", kQuote},
    {"parsing boolean", kQuote},
}};

// `open_string` is where a string begins that has no end; line 0: each has one.
Problem describe(const toml::parse_error& error, Place open_string) {
  const Place place{error.source().begin.line, error.source().begin.column};
  const std::string_view description = error.description();
  const auto says = [description](std::string_view sign) { return description.find(sign) != description.npos; };
  if (says("string: ") && open_string.line > 0 && open_string.line <= place.line)
    return {open_string, "the string that begins here has no closing quote"};
  const auto found = std::ranges::find_if(kMistakes, says, &Mistake::sign);
  if (found != kMistakes.end()) return {place, std::string(found->told)};
  // It may quote what follows, and that may be a token that lost its quotes.
  return {place, std::string(description.substr(0, description.find('\'')))};
}

}  // namespace

std::expected<toml::table, Problem> parse_toml(std::string_view text) {
  const std::size_t stop = walk(text);
  const Place place = stop < text.size() ? place_in(text, stop) : Place{};
  if (stop < text.size() && text[stop] == '.')
    return std::unexpected(Problem{place, fmt::format("more than {} dots in keys and numbers", kMostDots)});
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return std::unexpected(describe(error, place));
  }
}

}  // namespace runwatch::config
