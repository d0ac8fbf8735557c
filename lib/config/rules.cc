#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/sections.h"
#include "core/ascii.h"

namespace runwatch::config {
namespace {

using rule::When;
using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::minutes;

core::Duration usual_lasting(When when) {
  constexpr std::array<int, rule::kWhenNames.size()> kMinutes{0, 0, 0, 30, 30, 0, 0, 0, 0, 5, 15};
  return minutes(kMinutes[task::index(when)]);
}

void read_when(TableReader& reader, rule::Rule& rule) {
  const std::vector<std::string> names(rule::kWhenNames.begin(), rule::kWhenNames.end());
  if (reader.present() && reader.take("when") == nullptr)
    reader.problem("when", fmt::format("is missing: write one of {}", fmt::join(names, ", ")));
  const auto when = reader.choice("when", names);
  if (!when) return;
  rule.when = static_cast<When>(*when);
  refuse_foreign(reader, name(rule.when),
                 {{{"for"}, {"task_failed", "task_stuck", "run_stalled", "poll_failing", "delivery_failing"}},
                  {{"at_least", "reasons"}, {"task_failed"}},
                  {{"above"}, {"failure_ratio", "call_outcome", "run_cost"}},
                  {{"min_finished", "window"}, {"failure_ratio", "call_outcome"}},
                  {{"statuses"}, {"task_stuck", "task_finished"}},
                  {{"outcomes"}, {"call_outcome", "task_finished"}}});
}

void read_words(TableReader& reader, rule::Rule& rule) {
  rule.reasons = read_each<task::FailureReason>(reader, "reasons", task::kFailureReasonNames);
  rule.outcomes = read_each<task::CallStatus>(reader, "outcomes", task::kCallStatusNames);
  rule.statuses = read_each<task::Status>(reader, "statuses", task::kStatusNames);
  const bool finished = rule.when == When::task_finished;
  if (std::ranges::any_of(rule.statuses, [&](task::Status status) { return is_finished(status) != finished; }))
    reader.problem("statuses", finished ? "may hold completed, partially_completed, failed"
                                        : "must not hold a status of finished tasks");
  if (rule.when == When::task_stuck && rule.statuses.empty())
    rule.statuses = {task::Status::processing, task::Status::in_progress};
}

void read_parameters(TableReader& reader, rule::Rule& rule) {
  const bool is_cost = rule.when == When::run_cost, is_outcome = rule.when == When::call_outcome;
  const bool is_idle = rule.when == When::task_stuck || rule.when == When::run_stalled;
  rule.lasting = usual_lasting(rule.when);
  reader.duration("for", rule.lasting, {milliseconds(is_idle ? 100 : 0), days(30)});
  reader.count("at_least", rule.at_least, {1, 1'000'000});
  reader.number("above", rule.above, {0, is_cost ? 1e9 : 0.999});
  reader.count("min_finished", rule.min_finished, {1, 1'000'000});
  reader.duration("window", rule.window, {milliseconds(0), days(7)});
  read_words(reader, rule);
  const bool shares = is_cost || is_outcome || rule.when == When::failure_ratio;
  for (const auto& [key, needed] : {std::pair("above", shares), std::pair("outcomes", is_outcome)})
    if (needed && reader.take(key) == nullptr)
      reader.problem(key, fmt::format("is missing: a rule with when = \"{}\" needs it", name(rule.when)));
}

// As Prometheus has them, without those that each notice has anyway.
std::optional<std::string> fault_in_label(std::string_view name, std::string_view value) {
  const auto in_name = [](char c) { return core::is_letter(c) || core::is_digit(c) || c == '_'; };
  if (name.empty() || core::is_digit(name.front()) || !std::ranges::all_of(name, in_name))
    return "has a name with other than letters, digits and '_'";
  for (const std::string_view ours : {"alertname", "space", "run_id", "severity", "instance", "receiver"})
    if (name == ours) return fmt::format("must not hold {}: runwatch or whoever it tells sets it", ours);
  if (!value.empty() && value.size() <= 256 && is_plain_text(value)) return std::nullopt;
  return "must have values of 1 to 256 bytes without control characters";
}

// Names in `key`, each one of `names`, which are those of what `whose` says.
std::vector<std::string> read_names(TableReader& reader, std::string_view key, std::string_view whose,
                                    const std::vector<std::string>& names) {
  std::vector<std::string> read;
  for (const Text& one : reader.texts(key).value_or(std::vector<Text>{})) {
    const auto meant = nearest(one.value, names);
    if (std::ranges::find(names, one.value) == names.end())
      reader.problem_at(
          one.place, key,
          fmt::format("has a name that no {} has: ", whose) +
              (meant ? fmt::format("did you mean \"{}\"?", *meant)
                     : fmt::format("there are {}", names.empty() ? "none" : fmt::to_string(fmt::join(names, ", ")))));
    read.push_back(one.value);
  }
  return read;
}

// A space without a name in the configuration has the platform's, which nobody knows here.
void read_spaces_of(TableReader& reader, rule::Rule& rule, const Config& config) {
  std::vector<std::string> names;
  for (const Space& space : config.spaces) {
    if (space.name) names.push_back(*space.name);
  }
  if (!names.empty() && names.size() == config.spaces.size()) {
    rule.spaces = read_names(reader, "spaces", "space", names);
  } else {
    for (Text& space : reader.texts("spaces").value_or(std::vector<Text>{}))
      rule.spaces.push_back(std::move(space.value));
  }
}

void read_receivers_of(TableReader& reader, rule::Rule& rule, const Config& config) {
  std::vector<std::string> names;
  for (const Receiver& receiver : config.receivers) names.push_back(receiver.name);
  rule.receivers = read_names(reader, "receivers", "receiver", names);
  if (rule.when == When::delivery_failing && names.size() == 1)
    reader.warning("when", "is told to all other receivers, and there is only one");
  const auto kind = rule::is_event(rule.when) ? rule::Kind::event : rule::Kind::firing;
  const auto takes = [&](const Receiver& receiver) {
    const bool named =
        rule.receivers.empty() || std::ranges::find(rule.receivers, receiver.name) != rule.receivers.end();
    return named && (receiver.type == ReceiverType::alertmanager ? kind == rule::Kind::firing
                                                                 : receiver.events[task::index(kind)]);
  };
  if (!names.empty() && std::ranges::none_of(config.receivers, takes))
    reader.warning("when", fmt::format("is told to nobody: none of its receivers takes \"{}\"", rule::name(kind)));
}

rule::Rule read_rule(const toml::table* table, const Config& config, Findings& findings) {
  TableReader reader("alerts.rules", table, findings);
  rule::Rule rule;
  rule.name = read_name(reader, true).value_or("");
  read_when(reader, rule);
  read_parameters(reader, rule);
  read_spaces_of(reader, rule, config);
  for (const std::string& mode : read_run_modes(reader)) rule.run_modes.push_back(task::parse_run_mode(mode));
  rule.severity = reader.text("severity").value_or(rule.severity);
  if (rule.severity.empty() || rule.severity.size() > 64 || !is_plain_text(rule.severity))
    reader.problem("severity", "must be 1 to 64 bytes of text without control characters");
  read_receivers_of(reader, rule, config);
  rule.runbook = read_url(reader, "runbook");
  rule.labels = read_pairs(reader, "labels", fault_in_label);
  reader.finish();
  return rule;
}

}  // namespace

rule::Settings default_alerts() {
  rule::Settings alerts;
  for (const When when : {When::task_failed, When::run_stalled, When::poll_failing, When::delivery_failing}) {
    rule::Rule& rule = alerts.rules.emplace_back();
    rule.name = name(when);
    std::ranges::replace(rule.name, '_', '-');
    rule.when = when;
    rule.lasting = usual_lasting(when);
  }
  return alerts;
}

std::vector<rule::Rule> read_rules(const toml::array* tables, const Config& config, Findings& findings) {
  read_rule(nullptr, {}, findings);  // declares its keys
  if (tables == nullptr) return config.alerts.rules;
  std::vector<rule::Rule> rules;
  for (const toml::node& table : *tables) rules.push_back(read_rule(table.as_table(), config, findings));
  refuse_repeated_names(tables, "alerts.rules", "rule", findings);
  return rules;
}

}  // namespace runwatch::config
