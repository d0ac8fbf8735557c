#include "notify/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/ascii.h"
#include "core/text.h"
#include "core/timestamp.h"
#include "notify/document.h"

namespace runwatch::notify {
namespace {

constexpr std::size_t kLongestSummary = 1024 / 4;  // characters, of up to four bytes

// Severities are whatever the configuration calls them; PagerDuty knows four.
std::string_view severity_of(std::string_view severity) {
  const auto is_one_of = [name = core::lower(severity)](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
  };
  if (is_one_of({"critical", "page", "fatal", "emergency", "disaster"})) return "critical";
  if (is_one_of({"error", "high", "major"})) return "error";
  return is_one_of({"info", "notice", "low", "none", "debug"}) ? "info" : "warning";
}

std::string pagerduty(const core::Secret& routing_key, const Json& document) {
  const Json& data = document["data"];
  const auto kind = kind_of(document);
  const bool over = kind == "resolved" || kind == "ended";
  Json event = {{"routing_key", routing_key.reveal()},
                {"event_action", over ? "resolve" : "trigger"},
                {"dedup_key", text_of(data, "key")}};
  if (over) return write(event);
  const std::string space = text_of(data, "space");
  const auto summary = fmt::format("{}{}{}{}: {}", data.contains("test") ? "TEST: " : "", text_of(data, "rule"),
                                   space.empty() ? "" : " in ", space, text_of(data, "why"));
  event["payload"] = {{"summary", core::printable(summary, kLongestSummary)},
                      {"source", space.empty() ? "runwatch" : space},
                      {"severity", severity_of(text_of(data, "severity"))},
                      {"timestamp", document["timestamp"]},
                      {"component", text_of(data, "run_id")},
                      {"group", data["rule"]},
                      {"class", document["type"]},
                      {"custom_details", data}};
  event["client"] = "runwatch";
  event["links"] = Json::array();
  for (const auto& [href, text] :
       {std::pair(text_of(data["links"], "page"), "Status page"), std::pair(text_of(data, "runbook"), "Runbook")}) {
    if (!href.empty()) event["links"].push_back(Json{{"href", href}, {"text", text}});
  }
  return write(event);
}

constexpr core::Duration kAhead = std::chrono::hours(1);

using Labels = std::map<std::string, std::string>;

// Alertmanager refuses a whole request for one name that is not [a-zA-Z_][a-zA-Z0-9_]*.
std::string label_name(std::string_view name) {
  std::string sound;
  for (const char c : name) sound += core::is_letter(c) || core::is_digit(c) ? c : '_';
  return sound.empty() || core::is_digit(sound.front()) ? "_" + sound : sound;
}

Labels labels_of(const Standing& incident) {
  Labels labels;
  for (const auto& [name, value] : incident.labels) labels[label_name(name)] = value;
  labels.erase("instance");  // other alerts of other instances are matched by it
  labels["alertname"] = incident.rule;
  labels["space"] = incident.space;
  labels["run_id"] = incident.run_id;
  labels["severity"] = incident.severity;
  if (incident.when == rule::When::delivery_failing) labels["receiver"] = incident.about;
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  return labels;
}

Json alert(const Standing& incident, const Labels& labels, std::string_view external_url, core::WallTime now) {
  const bool open = incident.ended == task::kNoTime;
  Json alert = {{"labels", labels},
                {"annotations", {{"summary", incident.why}, {"incident", incident.incident}}},
                {"startsAt", core::format_timestamp(incident.started == task::kNoTime ? now : incident.started)},
                {"endsAt", core::format_timestamp(open ? now + kAhead : incident.ended)}};
  if (!incident.runbook.empty()) alert["annotations"]["runbook_url"] = incident.runbook;
  if (!external_url.empty()) alert["generatorURL"] = fmt::format("{}/", external_url);
  return alert;
}

}  // namespace

std::string alertmanager_body(std::span<const Standing> incidents, std::string_view external_url, core::WallTime now) {
  std::map<Labels, const Standing*> shown;
  for (const auto& incident : incidents) {
    const bool open = incident.ended == task::kNoTime;
    if (!open && incident.ended < now - kShownAfterEnd) continue;
    const Standing*& place = shown[labels_of(incident)];
    if (place == nullptr || open || (place->ended != task::kNoTime && place->ended < incident.ended)) place = &incident;
  }
  Json alerts = Json::array();
  for (const auto& [labels, incident] : shown) alerts.push_back(alert(*incident, labels, external_url, now));
  return write(alerts);
}

core::Result<std::string> body(const ReceiverOptions& receiver, std::string_view canonical) {
  using core::ErrorKind;
  if (receiver.type == Type::webhook) return std::string(canonical);
  auto document = read_canonical(canonical);
  if (!document) return core::fail(ErrorKind::invalid, "what is kept of this notice is no notice");
  Render render = slack;
  if (receiver.type == Type::pagerduty) {
    const auto& secrets = receiver.credentials.secrets;
    if (secrets.empty()) return core::fail(ErrorKind::invalid, "a pagerduty receiver needs its routing key as secret");
    render = [&](const Json& json) { return pagerduty(secrets.front(), json); };
  } else if (receiver.type == Type::custom) {
    auto shape = read(receiver.custom);
    if (!shape) return core::fail(ErrorKind::invalid, "the receiver's template is no JSON");
    render = [shape = std::move(*shape)](const Json& json) { return custom(shape, json); };
  }
  auto text = fit(*document, receiver.max_body.count, render);
  if (text.size() <= receiver.max_body.count) return text;
  return core::fail(ErrorKind::invalid,
                    fmt::format("the body takes {} bytes, and max_body is {}", text.size(), receiver.max_body.count));
}

}  // namespace runwatch::notify
