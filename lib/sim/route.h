// Which call a path means.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "sim/fault.h"

namespace runwatch::sim {

struct Route {
  Call call = Call::other;
  std::string space;  // token, as asked for
  std::string run;
  bool slash = true;  // false: the path lacks its trailing slash, the platform redirects to the one that has it
};

// Call::other for a path that is none of the API's.
Route route(std::string_view path);

}  // namespace runwatch::sim
