// The query string of a request: `a=1&b=two`, percent-decoded on reading.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace runwatch::sim {

// The first value of `name`, which may hold further `=`.
std::optional<std::string> query_value(std::string_view query, std::string_view name);
// The same as a number; nothing for any text that is none.
std::optional<std::uint64_t> query_number(std::string_view query, std::string_view name);

}  // namespace runwatch::sim
