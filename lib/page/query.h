// What a request's query asks for: `name=value` pairs, percent-decoded, `+` as a blank.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace runwatch::page {

class Query {
 public:
  // Of two values of one name the last counts. A `%` that is no escape stands for itself.
  explicit Query(std::string_view query);

  std::string text(std::string_view name) const;  // empty: not asked, or for nothing
  bool has(std::string_view name) const { return values_.contains(name); }
  // A name that is not among these.
  std::optional<std::string> other_than(std::span<const std::string_view> names) const;
  // Nothing: it is not asked, or no whole number from `least` to `most`.
  std::optional<std::int64_t> whole(std::string_view name, std::int64_t least, std::int64_t most) const;
  // A whole number from `least` on; `least` where there is none.
  std::int64_t number(std::string_view name, std::int64_t least) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace runwatch::page
