// What is asked of the platform: a request, its query, and which call its path means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/fault.h"

namespace runwatch::sim {

struct Request {
  std::string_view method = "GET";
  std::string_view path{};   // percent-decoded
  std::string_view query{};  // as received: `a=1&b=two`
  std::string_view authorization{};
  std::string_view org_handle{};

  // The first value of `name` in the query, percent-decoded; it may hold further `=`.
  std::optional<std::string> text(std::string_view name) const;
  // The same as a number; nothing for any text that is none.
  std::optional<std::uint64_t> number(std::string_view name) const;
};

struct Route {
  Call call = Call::other;  // for a path that is none of the API's
  std::string_view space;   // token, as asked for
  std::string_view run;
  bool slash = true;  // false: the path lacks its trailing slash, the platform redirects to the one that has it
};

Route route(std::string_view path);

}  // namespace runwatch::sim
