// What a request's query asks for: `name=value` pairs, percent-decoded, `+` as a blank.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace runwatch::page {

class Query {
 public:
  // Of two values of one name the last counts. A `%` that is no escape stands for itself.
  explicit Query(std::string_view query);

  std::string text(std::string_view name) const;  // empty: not asked, or for nothing
  // A whole number from `least` on; `least` where there is none.
  std::int64_t number(std::string_view name, std::int64_t least) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace runwatch::page
