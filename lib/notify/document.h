// A canonical body as JSON, and what the kinds of receivers make of it. Private to the room.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace runwatch::notify {

// Keys in the order in which they were set: the same notice has the same bytes.
using Json = nlohmann::ordered_json;
using Render = std::function<std::string(const Json&)>;

inline constexpr std::size_t kDeepest = 64;  // nesting: nlohmann copies and writes by recursion

// Nothing for what is no JSON, or nested too deep. Half a surrogate pair, and what is no UTF-8, becomes U+FFFD.
std::optional<Json> read(std::string_view text, std::size_t deepest = kDeepest);
std::optional<Json> read_canonical(std::string_view text);  // nothing for what is none of ours
std::string write(const Json& json);

// What `render` makes of the document, with as many of its tasks, from the first on, as keep it within `limit`; the
// others are counted as truncated. Longer only when it is so without any.
std::string fit(Json& document, std::size_t limit, const Render& render);

std::string_view kind_of(const Json& document);                  // the end of its type
std::string text_of(const Json& object, std::string_view name);  // of a field; empty where it is missing or null

std::string slack(const Json& document);
std::string custom(const Json& shape, const Json& document);

}  // namespace runwatch::notify
