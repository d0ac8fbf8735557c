#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "config/config.h"

namespace runwatch::config {
namespace {

// Compares two tables of a kind, key by key.
template <class T>
struct Comparison {
  std::string table;
  const T& before;
  const T& after;
  std::vector<std::string>& changed;

  template <class Part>
  Comparison& key(std::string_view name, Part part) {
    if (std::invoke(part, before) != std::invoke(part, after)) changed.push_back(fmt::format("{}.{}", table, name));
    return *this;
  }
};

const Space* find_same(const std::vector<Space>& spaces, const Space& space) {
  auto found = std::ranges::find(spaces, space.token, &Space::token);
  if (found == spaces.end() && space.name) found = std::ranges::find(spaces, space.name, &Space::name);
  return found == spaces.end() ? nullptr : &*found;
}

std::string label(const std::vector<Space>& spaces, std::size_t i) {
  return spaces[i].name ? "spaces." + *spaces[i].name : fmt::format("spaces[{}]", i + 1);
}

void compare_spaces(const std::vector<Space>& before, const std::vector<Space>& after, std::vector<std::string>& out) {
  for (std::size_t i = 0; i < after.size(); ++i) {
    const Space* const old = find_same(before, after[i]);
    if (old == nullptr) {
      out.push_back(label(after, i));
      continue;
    }
    Comparison{label(after, i), *old, after[i], out}
        .key("token", &Space::token)
        .key("token_file", &Space::token_path)
        .key("name", &Space::name)
        .key("runs", &Space::runs)
        .key("run_modes", &Space::run_modes)
        .key("max_age", &Space::max_age)
        .key("max_runs", &Space::max_runs);
  }
  for (std::size_t i = 0; i < before.size(); ++i)
    if (find_same(after, before[i]) == nullptr) out.push_back(label(before, i));
}

// What has a name is compared as a whole, wherever it stands.
template <class T>
void compare_named(const std::string& table, const std::vector<T>& before, const std::vector<T>& after,
                   std::vector<std::string>& out) {
  const auto same = [](const std::vector<T>& list, const T& one) {
    return std::ranges::find(list, one.name, &T::name);
  };
  for (const T& one : after) {
    const auto old = same(before, one);
    if (old == before.end() || *old != one) out.push_back(fmt::format("{}.{}", table, one.name));
  }
  for (const T& one : before)
    if (same(after, one) == after.end()) out.push_back(fmt::format("{}.{}", table, one.name));
}

}  // namespace

std::vector<std::string> changed_keys(const Config& before, const Config& after) {
  std::vector<std::string> out;
  Comparison{"api", before.api, after.api, out}
      .key("base_url", &Api::base_url)
      .key("org_handle", &Api::org_handle)
      .key("token", &Api::token)
      .key("token_file", &Api::token_path)
      .key("timeout", &Api::timeout)
      .key("rate_limit", &Api::rate_limit)
      .key("burst", &Api::burst)
      .key("concurrency", &Api::concurrency)
      .key("page_size", &Api::page_size)
      .key("max_response", &Api::max_response)
      .key("ca_file", &Api::ca_file)
      .key("proxy", &Api::proxy);
  Comparison{"poll", before.poll, after.poll, out}
      .key("interval", &Poll::interval)
      .key("idle_interval", &Poll::idle_interval)
      .key("discovery_interval", &Poll::discovery_interval)
      .key("retire_after", &Poll::retire_after)
      .key("max_series", &Poll::max_series);
  compare_spaces(before.spaces, after.spaces, out);
  Comparison{"server", before.server, after.server, out}
      .key("listen", &Server::listen)
      .key("route_prefix", &Server::route_prefix)
      .key("web_config_file", &Server::web)
      .key("hosts", &Server::hosts)
      .key("created_series", &Server::created_series);
  Comparison{"store", before.store, after.store, out}.key("path", &Store::path).key("retention", &Store::retention);
  Comparison{"log", before.log, after.log, out}.key("level", &Log::level).key("format", &Log::format);
  Comparison{"alerts", before.alerts, after.alerts, out}
      .key("external_url", &rule::Settings::external_url)
      .key("group_wait", &rule::Settings::group_wait)
      .key("group_interval", &rule::Settings::group_interval)
      .key("repeat_interval", &rule::Settings::repeat_interval)
      .key("baseline", &rule::Settings::digest);
  Comparison{"alerts", before, after, out}.key("outbox_max", &Config::outbox_max).key("heartbeat", &Config::heartbeat);
  compare_named("alerts.rules", before.alerts.rules, after.alerts.rules, out);
  compare_named("alerts.receivers", before.receivers, after.receivers, out);
  if (before.control != after.control) out.emplace_back("control");
  return out;
}

bool needs_restart(std::string_view key) {
  if (key == "server.web_config_file") return false;
  return key.starts_with("server.") || key == "api.ca_file" || key == "api.proxy" || key == "store.path" ||
         key == "poll.max_series" || key == "control";
}

}  // namespace runwatch::config
