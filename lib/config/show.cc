#include "config/show.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/address.h"
#include "config/units.h"

namespace runwatch::config {
namespace {

using Json = nlohmann::ordered_json;

Json set_or_null(bool set) { return set ? Json("set") : Json(); }
Json set_or_null(const core::Secret& secret) { return set_or_null(!secret.empty()); }

Json path_or_null(const std::optional<std::filesystem::path>& path) { return path ? Json(path->string()) : Json(); }

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

// An address can be a secret, and so can its path: the host says whose it is.
Json host_of(std::string_view address) {
  if (address.empty()) return {};
  const auto url = parse_url(address);
  return url ? Json(fmt::format("{}://{}/…", url->encrypted ? "https" : "http", url->host)) : Json("set");
}

Json proxy_of(const std::string& proxy) { return proxy == kEnvironment ? Json(proxy) : host_of(proxy); }

Json hosts_of(const std::vector<core::Secret>& addresses) {
  Json hosts = Json::array();
  for (const auto& address : addresses) hosts.push_back(host_of(address.reveal()));
  return hosts;
}

Json names_of(const auto& values, const auto& names) {
  Json out = Json::array();
  for (const auto value : values) out.push_back(names.at(task::index(value)));
  return out;
}

Json api_json(const Api& api) {
  constexpr std::array<std::string_view, 4> kSources{"config", "file", "environment", "credential"};
  return {{"base_url", api.base_url},
          {"org_handle", text_or_null(api.org_handle.value_or(""))},
          {"token", set_or_null(api.token)},
          {"token_from", kSources.at(task::index(api.token_source))},
          {"token_file", path_or_null(api.token_path)},
          {"timeout", format_duration(api.timeout)},
          {"rate_limit", api.rate_limit},
          {"burst", api.burst},
          {"concurrency", api.concurrency},
          {"page_size", api.page_size},
          {"max_response", format_size(api.max_response)},
          {"ca_file", text_or_null(api.ca_file)},
          {"proxy", proxy_of(api.proxy)}};
}

Json poll_json(const Poll& poll) {
  return {{"interval", format_duration(poll.interval)},
          {"idle_interval", format_duration(poll.idle_interval)},
          {"discovery_interval", format_duration(poll.discovery_interval)},
          {"retire_after", format_duration(poll.retire_after)},
          {"max_series", poll.max_series}};
}

Json space_json(const Space& space) {
  return {{"token", set_or_null(space.token)},
          {"token_file", path_or_null(space.token_path)},
          {"name", text_or_null(space.name.value_or(""))},
          {"runs", space.all_runs() ? Json("all") : Json(space.runs)},
          {"run_modes", space.run_modes},
          {"max_age", format_duration(space.max_age)},
          {"max_runs", space.max_runs}};
}

Json spaces_json(const Config& config) {
  if (config.spaces.empty()) return Json("all");
  Json spaces = Json::array();
  for (const auto& space : config.spaces) spaces.push_back(space_json(space));
  return spaces;
}

Json server_json(const Server& server) {
  Json listen = Json::array();
  for (const auto& [host, port] : server.listen)
    listen.push_back(host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port));
  return {{"listen", std::move(listen)},
          {"hosts", server.hosts},
          {"route_prefix", text_or_null(server.route_prefix)},
          {"web_config_file", text_or_null(server.web.file.string())},
          {"tls", server.web.tls.has_value()},
          {"users", server.web.users.size()},
          {"created_series", server.created_series}};
}

Json rule_json(const rule::Rule& rule) {
  return {{"name", rule.name},
          {"when", rule::name(rule.when)},
          {"for", format_duration(rule.lasting)},
          {"at_least", rule.at_least},
          {"above", rule.above},
          {"min_finished", rule.min_finished},
          {"window", format_duration(rule.window)},
          {"spaces", rule.spaces},
          {"run_modes", names_of(rule.run_modes, task::kRunModeNames)},
          {"reasons", names_of(rule.reasons, task::kFailureReasonNames)},
          {"statuses", names_of(rule.statuses, task::kStatusNames)},
          {"outcomes", names_of(rule.outcomes, task::kCallStatusNames)},
          {"severity", rule.severity},
          {"receivers", rule.receivers},
          {"labels", rule.labels},
          {"runbook", rule.runbook}};
}

Json receiver_json(const Receiver& receiver) {
  Json events = Json::array();
  for (std::size_t kind = 0; kind < receiver.events.size(); ++kind)
    if (receiver.events[kind]) events.push_back(rule::kKindNames.at(kind));
  Json headers = Json::object();
  for (const auto& [name, value] : receiver.headers) headers[name] = "set";
  return {{"name", receiver.name},
          {"type", kReceiverTypeNames.at(task::index(receiver.type))},
          {"urls", hosts_of(receiver.secrets.urls)},
          {"url_file", path_or_null(receiver.url_file)},
          {"secrets", receiver.secrets.secrets.size()},
          {"secrets_file", path_or_null(receiver.secrets_file)},
          {"authorization", set_or_null(receiver.secrets.authorization)},
          {"authorization_file", path_or_null(receiver.authorization_file)},
          {"headers", std::move(headers)},
          {"events", std::move(events)},
          {"include", receiver.include_task ? Json("task") : Json(receiver.include)},
          {"timeout", format_duration(receiver.timeout)},
          {"rate_limit", receiver.rate_limit},
          {"max_body", format_size(receiver.max_body)},
          {"ca_file", text_or_null(receiver.ca_file)},
          {"proxy", proxy_of(receiver.proxy)},
          {"body", set_or_null(!receiver.custom_body.empty())}};
}

Json heartbeat_json(const std::optional<Heartbeat>& heartbeat) {
  if (!heartbeat) return {};
  return {{"url", host_of(heartbeat->url.reveal())},
          {"url_file", path_or_null(heartbeat->url_file)},
          {"interval", format_duration(heartbeat->interval)}};
}

Json alerts_json(const Config& config) {
  const auto& alerts = config.alerts;
  Json rules = Json::array(), receivers = Json::array();
  for (const auto& rule : alerts.rules) rules.push_back(rule_json(rule));
  for (const auto& receiver : config.receivers) receivers.push_back(receiver_json(receiver));
  return {{"external_url", text_or_null(alerts.external_url)},
          {"group_wait", format_duration(alerts.group_wait)},
          {"group_interval", format_duration(alerts.group_interval)},
          {"repeat_interval", format_duration(alerts.repeat_interval)},
          {"baseline", alerts.digest ? "digest" : "ignore"},
          {"outbox_max", format_size(config.outbox_max)},
          {"rules", std::move(rules)},
          {"receivers", std::move(receivers)},
          {"heartbeat", heartbeat_json(config.heartbeat)}};
}

}  // namespace

std::string show_json(const Config& config) {
  const Json out = {
      {"control", control_socket(config).string()},
      {"api", api_json(config.api)},
      {"poll", poll_json(config.poll)},
      {"spaces", spaces_json(config)},
      {"every_space", config.spaces.empty() ? space_json(config.every_space) : Json()},
      {"server", server_json(config.server)},
      {"store", {{"path", config.store.path.string()}, {"retention", format_duration(config.store.retention)}}},
      {"log",
       {{"level", core::log::kLevelNames.at(task::index(config.log.level))},
        {"format", config.log.format == core::log::Format::json ? "json" : "logfmt"}}},
      {"alerts", alerts_json(config)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace runwatch::config
