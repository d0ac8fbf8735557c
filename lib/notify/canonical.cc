#include "notify/canonical.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/timestamp.h"
#include "notify/document.h"

namespace runwatch::notify {
namespace {

Json time(core::WallTime time) { return time == task::kNoTime ? Json() : Json(core::format_timestamp(time)); }

// What is there of each name.
template <class Numbers, class Names>
Json by_name(const Numbers& numbers, const Names& names) {
  Json object = Json::object();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != 0) object[std::string(names[i])] = numbers[i];
  }
  return object;
}

std::string task_id(const task::TaskKey& key, const Rendering& rendering) {
  if (task::is_usual(key)) return task::usual_task_id(key);
  const std::string text = rendering.odd_id ? rendering.odd_id(key) : std::string();
  return text.empty() ? core::hex(key.bytes) : text;
}

// A float's neighbours are far apart: 12.3, not 12.300000190734863.
double in_milliseconds(double seconds) { return std::round(seconds * 1000) / 1000; }

Json task_line(const rule::TaskLine& line, const Rendering& rendering) {
  const task::CallFacts& facts = line.facts;
  Json task = Json::object();
  task["task_id"] = task_id(line.task, rendering);
  task["status"] = task::name(line.status);
  task["reason"] =
      line.status == task::Status::failed ? Json(task::kFailureReasonNames[task::index(facts.reason)]) : Json();
  task["call_status"] = facts.outcome ? Json(task::kCallStatusNames[task::index(*facts.outcome)]) : Json();
  task["started"] = time(facts.started);
  task["ended"] = time(facts.ended);
  task["duration"] = facts.duration ? Json(in_milliseconds(double{*facts.duration})) : Json();
  task["cost"] = facts.cost ? Json(*facts.cost) : Json();
  task["attempts"] = line.attempts;
  return task;
}

Json counts(const rule::Notice& notice, std::uint64_t fresh) {
  const rule::Counts& counts = notice.counts;
  return {{"new", fresh},
          {"open", counts.open},
          {"total", counts.total},
          {"recovered", counts.recovered},
          {"gone", counts.gone},
          {"by_reason", by_name(counts.by_reason, task::kFailureReasonNames)},
          {"run", by_name(counts.run, task::kStatusNames)}};
}

Json summary(const task::RunSums& sums) {
  return {{"finished", sums.finished},
          {"failed", sums.failed},
          {"outcomes", by_name(sums.outcomes, task::kCallStatusNames)},
          {"calls", sums.durations},
          {"duration", in_milliseconds(sums.duration)},
          {"cost", sums.cost}};
}

// What only some notices have.
void add_details(Json& data, const rule::Notice& notice) {
  if (notice.test) data["test"] = true;
  if (!notice.about.empty()) data["about"] = notice.about;
  if (notice.value) data["value"] = *notice.value;
  if (notice.threshold) data["threshold"] = *notice.threshold;
  if (notice.sums) data["summary"] = summary(*notice.sums);
}

Json data_of(const rule::Notice& notice, const Rendering& rendering) {
  const auto fresh = notice.tasks.size() + notice.truncated;
  const bool by_receiver = notice.when == rule::When::delivery_failing;
  Json data = Json::object();
  data["space"] = notice.space;
  data["run_id"] = notice.run_id;
  data["rule"] = notice.rule;
  data["severity"] = notice.severity;
  data["labels"] = notice.labels;
  data["runbook"] = notice.runbook;
  data["incident"] = notice.incident;
  data["key"] = match_key(notice.space_key, notice.run_id, notice.rule, by_receiver ? notice.about : std::string());
  data["update"] = notice.update;
  data["repeat"] = notice.repeat;
  data["started"] = time(notice.started);
  data["ended"] = time(notice.ended);
  data["why"] = notice.why;
  add_details(data, notice);
  data["counts"] = counts(notice, fresh);
  data["tasks"] = Json::array();
  for (const auto& line : notice.tasks) data["tasks"].push_back(task_line(line, rendering));
  data["truncated"] = notice.truncated;
  data["links"] = Json::object();
  if (!rendering.external_url.empty()) data["links"]["page"] = fmt::format("{}/", rendering.external_url);
  return data;
}

constexpr std::size_t kDepthOfIncluded = 3;  // the document, its data, `included`

// Each value as long as there is room for it; at first all are named as left out.
void include(Json& document, const Rendering& rendering) {
  Json included = Json::object(), left_out = Json::array();
  document["data"]["included"] = included;
  for (const auto& [path, json] : rendering.included) left_out.push_back(path);
  document["data"]["left_out"] = left_out;
  std::size_t size = write(document).size();
  left_out.clear();
  for (const auto& [path, json] : rendering.included) {
    auto value = json.size() <= rendering.max_body.count ? read(json, kDeepest - kDepthOfIncluded) : std::nullopt;
    const std::size_t more = value ? write(*value).size() + write(path).size() + 2 : 0;
    if (value && size + more <= rendering.max_body.count) {
      size += more;
      included[path] = std::move(*value);
    } else {
      left_out.push_back(path);
    }
  }
  document["data"]["included"] = std::move(included);
  document["data"]["left_out"] = std::move(left_out);
}

std::uint64_t number(const Json& object, const std::string& name) {
  return object.contains(name) && object[name].is_number_unsigned() ? object[name].get<std::uint64_t>() : 0;
}

// `3 attempts failed and …`, of more attempts.
void count_anew(Json& data, std::uint64_t fresh) {
  const auto why = data["why"].get<std::string>();
  const auto rest = why.find(" failed");
  const bool begins_with_count = !why.empty() && why.front() >= '0' && why.front() <= '9';
  if (fresh == 0 || rest == std::string::npos || !begins_with_count) return;
  data["why"] = fmt::format("{} {}{}", fresh, fresh == 1 ? "attempt" : "attempts", why.substr(rest));
}

}  // namespace

std::optional<std::string> value_at(std::string_view row, std::string_view path) {
  const auto json = read(row);
  const Json* value = json ? &*json : nullptr;
  for (std::size_t from = 0; value != nullptr && from <= path.size();) {
    const auto to = std::min(path.find('.', from), path.size());
    const auto name = std::string(path.substr(from, to - from));
    const bool has = value->is_object() && value->contains(name);
    value = has ? &(*value)[name] : nullptr;
    from = to + 1;
  }
  return value == nullptr ? std::nullopt : std::optional(write(*value));
}

std::string canonical(const rule::Notice& notice, const Rendering& rendering) {
  Json document = {{"type", fmt::format("{}.{}", rule::name(notice.when), rule::name(notice.kind))},
                   {"timestamp", core::format_timestamp(notice.at)},
                   {"data", data_of(notice, rendering)}};
  if (!rendering.included.empty()) include(document, rendering);
  return fit(document, rendering.max_body.count, write);
}

std::string fold(std::string_view older, std::string_view newer, core::Bytes max_body) {
  const auto before = read_canonical(older);
  auto folded = read_canonical(newer);
  if (!before || !folded) return std::string(newer);
  const Json& first = (*before)["data"];
  Json& data = (*folded)["data"];
  data["repeat"] = first["repeat"] == true && data["repeat"] == true;
  const auto fresh = number(first["counts"], "new") + number(data["counts"], "new");
  data["counts"]["new"] = fresh;
  if ((*folded)["type"].get<std::string>().starts_with(rule::name(rule::When::task_failed))) count_anew(data, fresh);
  Json& by_reason = data["counts"]["by_reason"];
  for (const auto& [name, count] : first["counts"]["by_reason"].items())
    by_reason[name] = number(by_reason, name) + count.get<std::uint64_t>();
  Json tasks = first["tasks"];
  for (const auto& task : data["tasks"]) tasks.push_back(task);
  if (tasks.size() > rule::kMostTaskLines) tasks.erase(tasks.begin() + rule::kMostTaskLines, tasks.end());
  data["truncated"] = fresh - std::min<std::uint64_t>(fresh, tasks.size());
  data["tasks"] = std::move(tasks);
  return fit(*folded, max_body.count, write);
}

}  // namespace runwatch::notify
