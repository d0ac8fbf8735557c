#include "config/table_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "config/units.h"

namespace runwatch::config {

namespace {

// In the order of toml::node_type.
std::string_view type_name(const toml::node& node) {
  constexpr std::array<std::string_view, 10> kNames{"nothing",        "a table",       "an array",  "a string",
                                                    "an integer",     "a float",       "a boolean", "a date or time",
                                                    "a date or time", "a date or time"};
  return kNames[static_cast<std::size_t>(node.type())];
}

// Takes `value` over when it is in its range, which "not a number" never is.
template <class T, class Into, class Shown>
bool take_within(TableReader& reader, std::string_view key, T value, Range<T> range, Into& into, const Shown& shown) {
  if (value >= range.from && value <= range.to) return into = static_cast<Into>(value), true;
  reader.problem(key, fmt::format("must be from {} to {}, not {}", shown(range.from), shown(range.to), shown(value)));
  return false;
}

constexpr auto kAsItIs = [](auto number) { return number; };

std::string valid_words(std::string_view word, const std::vector<std::string>& words) {
  const auto meant = nearest(word, words);
  return fmt::format("{}{}", fmt::join(words, ", "), meant ? fmt::format(": did you mean \"{}\"?", *meant) : "");
}

}  // namespace

Place place_of(const toml::node& node) { return {node.source().begin.line, node.source().begin.column}; }

TableReader::TableReader(std::string name, const toml::table* table, Findings& findings)
    : name_(std::move(name)), table_(table), findings_(findings) {}

std::string TableReader::full(std::string_view key) const {
  return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
}

Place TableReader::place(std::string_view key) const {
  if (table_ == nullptr) return {};
  const toml::node* node = table_->get(key);
  return place_of(node != nullptr ? *node : *table_);
}

void TableReader::problem(std::string_view key, std::string_view rest) { problem_at(place(key), key, rest); }

void TableReader::problem_at(Place place, std::string_view key, std::string_view rest) {
  findings_.problem(place, fmt::format("{} {}", full(key), rest));
}

void TableReader::warning(std::string_view key, std::string_view rest) {
  findings_.warning(place(key), fmt::format("{} {}", full(key), rest));
}

void TableReader::wrong_type(std::string_view key, const toml::node& node, std::string_view expected) {
  problem_at(place_of(node), key, fmt::format("must be {}, not {}", expected, type_name(node)));
}

const toml::node* TableReader::take(std::string_view key) {
  taken_.emplace_back(key);
  findings_.declare(name_, key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

const toml::table* TableReader::table(std::string_view key) {
  const toml::node* node = take(key);
  if (node != nullptr && !node->is_table())
    problem(key, fmt::format("must be a table: write [{}] above its keys", full(key)));
  return node == nullptr ? nullptr : node->as_table();
}

const toml::array* TableReader::tables(std::string_view key, std::string_view otherwise) {
  const toml::node* node = take(key);
  if (node == nullptr) return nullptr;
  const toml::array* array = node->as_array();
  const bool of_tables = array != nullptr && std::ranges::all_of(*array, [](auto& n) { return n.is_table(); });
  if (!of_tables)
    problem(key, fmt::format("must be an array of tables: write [[{}]] above the keys of each", full(key)));
  else if (array->empty())
    problem(key, fmt::format("is empty: {}", otherwise));
  return of_tables && !array->empty() ? array : nullptr;
}

template <class T>
const T* TableReader::value(std::string_view key, std::string_view expected) {
  const toml::node* node = take(key);
  const auto* found = node == nullptr ? nullptr : node->as<T>();
  if (node != nullptr && found == nullptr) wrong_type(key, *node, expected);
  return found == nullptr ? nullptr : &found->get();
}

std::optional<std::string> TableReader::text(std::string_view key) {
  const auto* text = value<std::string>(key, "a quoted string");
  return text == nullptr ? std::nullopt : std::optional(*text);
}

std::optional<std::vector<Text>> TableReader::texts(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const toml::array* array = node->as_array();
  if (array == nullptr) return wrong_type(key, *node, "an array of strings"), std::nullopt;
  std::vector<Text> out;
  for (const toml::node& element : *array) {
    if (const auto* text = element.as_string())
      out.push_back({text->get(), place_of(element)});
    else
      problem_at(place_of(element), key,
                 fmt::format("must be an array of strings, but this element is {}", type_name(element)));
  }
  return out.size() == array->size() ? std::optional(std::move(out)) : std::nullopt;
}

std::vector<Text> TableReader::one_or_more(std::string_view key, bool many) {
  const toml::node* node = take(key);
  if (many && node != nullptr && node->is_array()) return texts(key).value_or(std::vector<Text>{});
  const auto one = text(key);
  return one ? std::vector<Text>{{*one, place(key)}} : std::vector<Text>{};
}

bool TableReader::duration(std::string_view key, core::Duration& into, Range<core::Duration> range) {
  const auto* text = value<std::string>(key, "a quoted duration such as \"1h30m\"");
  if (text == nullptr) return take(key) == nullptr;
  const auto duration = parse_duration(*text);
  if (duration) return take_within(*this, key, *duration, range, into, format_duration);
  problem(key, R"(is not a duration: write whole numbers with d, h, m, s or ms, as in "30s" or "1h30m")");
  return false;
}

void TableReader::size(std::string_view key, core::Bytes& into, Range<core::Bytes> range) {
  const auto* text = value<std::string>(key, "a quoted size such as \"32MiB\"");
  if (text == nullptr) return;
  const auto size = parse_size(*text);
  if (!size) return problem(key, R"(is not a size: write a whole number with B, KiB, MiB or GiB, as in "32MiB")");
  take_within(*this, key, *size, range, into, format_size);
}

void TableReader::count(std::string_view key, std::size_t& into, Range<std::int64_t> range) {
  if (const auto* count = value<std::int64_t>(key, "an integer")) take_within(*this, key, *count, range, into, kAsItIs);
}

void TableReader::number(std::string_view key, double& into, Range<double> range) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (!node->is_number()) return wrong_type(key, *node, "a number");
  const double number = node->value<double>().value_or(range.to * 2);  // an integer too large for a double
  take_within(*this, key, number, range, into, kAsItIs);
}

void TableReader::boolean(std::string_view key, bool& into) {
  if (const auto* boolean = value<bool>(key, "true or false")) into = *boolean;
}

std::optional<std::size_t> TableReader::choice(std::string_view key, const std::vector<std::string>& words) {
  const auto word = text(key);
  if (!word) return std::nullopt;
  const auto found = std::ranges::find(words, *word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  problem(key, "must be one of " + valid_words(*word, words));
  return std::nullopt;
}

std::vector<std::size_t> TableReader::choices(std::string_view key, const std::vector<std::string>& words) {
  std::vector<std::size_t> out;
  for (const Text& word : texts(key).value_or(std::vector<Text>{})) {
    const auto index = static_cast<std::size_t>(std::ranges::find(words, word.value) - words.begin());
    if (index == words.size())
      problem_at(word.place, key, "may hold " + valid_words(word.value, words));
    else if (std::ranges::find(out, index) == out.end())
      out.push_back(index);
  }
  return out;
}

void TableReader::finish() {
  if (table_ == nullptr) return;
  for (auto&& [key, node] : *table_) {
    const Place at{key.source().begin.line, key.source().begin.column};
    if (std::ranges::find(taken_, key.str()) == taken_.end()) findings_.unknown(name_, key.str(), at);
  }
}

}  // namespace runwatch::config
