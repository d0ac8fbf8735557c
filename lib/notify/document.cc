#include "notify/document.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/ascii.h"
#include "core/text.h"

namespace runwatch::notify {
namespace {

bool is_deeper(std::string_view text, std::size_t deepest) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size() && depth <= deepest; ++i) {
    const char c = text[i];
    if (quoted && c == '\\') ++i;
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '[' || c == '{')) ++depth;
    if (!quoted && (c == ']' || c == '}') && depth > 0) --depth;
  }
  return depth > deepest;
}

// The unit of UTF-16 that \uXXXX stands for; 0 where there is none.
unsigned escape_at(std::string_view text, std::size_t at) {
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u') return 0;
  unsigned value = 0;
  for (const char c : text.substr(at + 2, 4))
    value = value * 16 + static_cast<unsigned>(std::max(core::hex_value(c), 0));
  return value;
}

std::string without_half_pairs(std::string text) {
  for (auto at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
    const unsigned unit = escape_at(text, at), next = escape_at(text, at + 6);
    const bool pair = unit >> 10 == 0xD800 >> 10 && next >> 10 == 0xDC00 >> 10;
    if (!pair && unit >> 11 == 0xD800 >> 11) text.replace(at + 2, 4, "fffd");
    at += pair ? 12 : 2;
  }
  return text;
}

void keep_tasks(Json& data, const Json& tasks, std::uint64_t left_out, std::size_t count) {
  data["tasks"] = Json::array();
  for (std::size_t i = 0; i < count; ++i) data["tasks"].push_back(tasks[i]);
  data["truncated"] = left_out + tasks.size() - count;
}

}  // namespace

std::optional<Json> read(std::string_view text, std::size_t deepest) {
  if (is_deeper(text, deepest)) return std::nullopt;
  auto json = Json::parse(without_half_pairs(core::to_valid_utf8(text)), nullptr, false);
  return json.is_discarded() ? std::nullopt : std::optional(std::move(json));
}

std::optional<Json> read_canonical(std::string_view text) {
  auto json = read(text);
  const auto has = [](const Json& object, std::initializer_list<const char*> names) {
    return object.is_object() && std::ranges::all_of(names, [&](const char* name) { return object.contains(name); });
  };
  const bool whole = json && has(*json, {"type", "timestamp", "data"}) &&
                     has((*json)["data"], {"counts", "tasks", "truncated", "labels", "links"});
  return whole ? std::move(json) : std::nullopt;
}

std::string write(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string fit(Json& document, std::size_t limit, const Render& render) {
  auto text = render(document);
  if (text.size() <= limit) return text;
  Json& data = document["data"];
  const Json tasks = data["tasks"];
  const auto left_out = data["truncated"].get<std::uint64_t>();
  std::size_t fits = 0, too_many = tasks.size();
  while (fits + 1 < too_many) {
    const std::size_t middle = (fits + too_many) / 2;
    keep_tasks(data, tasks, left_out, middle);
    (render(document).size() <= limit ? fits : too_many) = middle;
  }
  keep_tasks(data, tasks, left_out, fits);
  return render(document);
}

std::string_view kind_of(const Json& document) {
  const auto& type = document["type"].get_ref<const std::string&>();
  return std::string_view(type).substr(type.find('.') + 1);
}

std::string text_of(const Json& object, std::string_view name) {
  const auto found = object.find(std::string(name));
  if (found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : write(*found);
}

}  // namespace runwatch::notify
