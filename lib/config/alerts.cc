#include <fmt/format.h>

#include <algorithm>

#include "config/sections.h"
#include "config/units.h"

namespace runwatch::config {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;

constexpr std::size_t kLongestSocketPath = 107;  // of sockaddr_un, with its end

void read_intervals(TableReader& reader, rule::Settings& alerts) {
  reader.duration("group_wait", alerts.group_wait, {milliseconds(0), days(1)});
  const bool good = reader.duration("group_interval", alerts.group_interval, {milliseconds(100), days(7)});
  const bool sound = reader.duration("repeat_interval", alerts.repeat_interval, {milliseconds(0), days(365)});
  if (!good || !sound || alerts.repeat_interval.count() == 0 || alerts.repeat_interval >= alerts.group_interval) return;
  reader.problem_at(reader.place(reader.take("repeat_interval") == nullptr ? "group_interval" : "repeat_interval"),
                    "repeat_interval",
                    fmt::format("must not be shorter than alerts.group_interval: set it to {} or more, or \"0\" for "
                                "never, not {}",
                                format_duration(alerts.group_interval), format_duration(alerts.repeat_interval)));
}

std::optional<Heartbeat> read_heartbeat(const toml::table* table, const Surroundings& around, Findings& findings) {
  TableReader reader("alerts.heartbeat", table, findings);
  Heartbeat heartbeat;
  const SecretKeys url = read_secret_keys(reader, kind_of_url(ReceiverType::webhook), around, true);
  if (table != nullptr && !url.given) reader.problem("url_file", "is missing: a heartbeat needs it or url");
  heartbeat.url = url.one();
  heartbeat.url_file = url.path;
  reader.duration("interval", heartbeat.interval, {milliseconds(100), days(1)});
  reader.finish();
  return table == nullptr ? std::nullopt : std::optional(std::move(heartbeat));
}

// A rule about anything but single tasks would tell the receiver what its rows have nothing to do with.
void refuse_include(const toml::array& tables, const Config& config, Findings& findings) {
  for (std::size_t i = 0; i < config.receivers.size(); ++i) {
    const Receiver& receiver = config.receivers[i];
    const auto other = std::ranges::find_if(config.alerts.rules, [&](const rule::Rule& rule) {
      const bool named = std::ranges::find(rule.receivers, receiver.name) != rule.receivers.end();
      return rule.when != rule::When::task_finished && (rule.receivers.empty() || named);
    });
    if (!receiver.includes() || other == config.alerts.rules.end()) continue;
    TableReader("alerts.receivers", tables.get(i)->as_table(), findings)
        .problem("include", fmt::format("stands at a receiver that the rule \"{}\" tells, too: only rules with when = "
                                        "\"task_finished\" may; name others in its receivers",
                                        other->name));
  }
}

}  // namespace

void read_alerts(const toml::table* table, Config& config, const Surroundings& around, Findings& findings) {
  TableReader reader("alerts", table, findings);
  rule::Settings& alerts = config.alerts;
  alerts.external_url = read_url(reader, "external_url");
  while (alerts.external_url.ends_with('/')) alerts.external_url.pop_back();
  read_intervals(reader, alerts);
  alerts.digest = reader.choice("baseline", {"ignore", "digest"}) == std::optional<std::size_t>(1);
  reader.size("outbox_max", config.outbox_max, {core::mib(1), core::mib(64 * 1024)});
  const toml::array* const receivers =
      reader.tables("receivers", "remove it: without any receiver, incidents are still kept and shown");
  config.receivers = read_receivers(receivers, around, findings);
  for (const Receiver& receiver : config.receivers) alerts.receivers.push_back(receiver.for_rules());
  alerts.rules = read_rules(reader.tables("rules", "remove it to have the default rules"), config, findings);
  if (receivers != nullptr) refuse_include(*receivers, config, findings);
  config.heartbeat = read_heartbeat(reader.table("heartbeat"), around, findings);
  reader.finish();
}

std::filesystem::path read_control(TableReader& root, const Surroundings& around) {
  auto path = read_path(root, "control", around).value_or("");
  if (path.string().size() > kLongestSocketPath)
    root.problem("control", fmt::format("is longer than {} bytes, the most that the path of a socket may have",
                                        kLongestSocketPath));
  return path;
}

std::filesystem::path control_socket(const Config& config) {
  std::error_code error;
  if (!config.control.empty()) return config.control;
  const std::filesystem::path folder = "/run/runwatch";
  return (std::filesystem::is_directory(folder, error) ? folder : config.store.path.parent_path()) / "control.sock";
}

}  // namespace runwatch::config
