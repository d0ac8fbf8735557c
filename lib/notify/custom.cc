// `{{place}}` in the values of a template of the user's own.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "core/ascii.h"
#include "core/text.h"
#include "notify/document.h"
#include "notify/format.h"
#include "task/vocabulary.h"

namespace runwatch::notify {
namespace {

constexpr std::string_view kOpen = "{{", kClose = "}}";

// Of `data`, but for the first two; each between blanks.
constexpr std::string_view kPlaces =
    " type timestamp space run_id rule severity labels runbook incident key update repeat started ended why test about "
    "value threshold counts counts.new counts.open counts.total counts.recovered counts.gone counts.run "
    "counts.by_reason summary summary.finished summary.failed summary.calls summary.duration summary.cost "
    "summary.outcomes tasks truncated included links.page task.task_id task.status task.reason task.call_status "
    "task.started task.ended task.duration task.cost task.attempts ";

bool is_place(std::string_view name) {
  const auto is_in = [name](std::string_view group, const auto& names) {
    return name.starts_with(group) && std::ranges::find(names, name.substr(group.size())) != std::end(names);
  };
  const bool is_listed = !name.contains(' ') && kPlaces.contains(fmt::format(" {} ", name));
  return name.starts_with("labels.") || name.starts_with("included.") || is_listed ||
         is_in("counts.run.", task::kStatusNames) || is_in("counts.by_reason.", task::kFailureReasonNames) ||
         is_in("summary.outcomes.", task::kCallStatusNames);
}

// Names of labels and included paths may hold dots themselves.
std::string text_at(const Json& document, std::string_view place) {
  if (place == "type" || place == "timestamp") return text_of(document, place);
  const Json* at = &document["data"];
  if (place.starts_with("task."))
    return at->at("tasks").empty() ? std::string() : text_of(at->at("tasks").front(), place.substr(5));
  const bool counted = place.starts_with("counts.") || place.starts_with("summary.outcomes.");
  for (auto dot = place.find('.'); dot != place.npos; dot = place.find('.')) {
    const std::string group(place.substr(0, dot));
    place.remove_prefix(dot + 1);
    if (!at->contains(group)) return {};
    at = &at->at(group);
    if (group == "labels" || group == "included") break;
  }
  if (counted && !at->contains(place)) return "0";  // only what there is stands in the body
  return text_of(*at, place);
}

// Calls `on_text` and `on_place` for the parts of a text in turn; false for a place that is not closed.
bool split(std::string_view text, const auto& on_text, const auto& on_place) {
  for (;;) {
    const auto open = text.find(kOpen);
    on_text(text.substr(0, open));
    if (open == text.npos) return true;
    const auto close = text.find(kClose, open);
    if (close == text.npos) return false;
    on_place(core::trim(text.substr(open + kOpen.size(), close - open - kOpen.size())));
    text.remove_prefix(close + kClose.size());
  }
}

// What is filled in is not looked at again.
Json filled(const Json& shape, const Json& document) {
  Json result = shape;
  if (shape.is_string()) {
    std::string text;
    split(
        shape.get_ref<const std::string&>(), [&](std::string_view part) { text += part; },
        [&](std::string_view place) { text += text_at(document, place); });
    result = text;
  } else if (shape.is_structured()) {
    for (auto& value : result) value = filled(value, document);
  }
  return result;
}

// The first thing that is wrong with it; empty: nothing.
std::string complaint(const Json& shape) {
  std::string wrong;
  const auto check = [&](std::string_view place) {
    if (is_place(place)) return;
    wrong = fmt::format("{{{{{}}}}} is no place; there are{}and labels.…, included.… and what is counted",
                        core::printable(place, 60), kPlaces);
  };
  const bool closed = !shape.is_string() || split(shape.get_ref<const std::string&>(), [](std::string_view) {}, check);
  if (!closed) return "a place that {{ opens is not closed by }}";
  if (!shape.is_structured()) return wrong;
  for (const auto& item : shape.items()) {
    if (shape.is_object() && item.key().contains(kOpen))
      return "a key of the template has a place; they go into values";
    if (wrong = complaint(item.value()); !wrong.empty()) break;
  }
  return wrong;
}

}  // namespace

core::Result<void> check_template(std::string_view text) {
  const auto shape = read(text);
  const std::string wrong =
      shape ? complaint(*shape) : fmt::format("it is no JSON, or nested deeper than {}", kDeepest);
  if (wrong.empty()) return {};
  return core::fail(core::ErrorKind::invalid, wrong);
}

std::string custom(const Json& shape, const Json& document) { return write(filled(shape, document)); }

}  // namespace runwatch::notify
