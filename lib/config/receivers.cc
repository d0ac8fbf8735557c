#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "config/sections.h"
#include "core/ascii.h"

namespace runwatch::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

void read_type(TableReader& reader, Receiver& receiver) {
  const std::vector<std::string_view> queued{"webhook", "slack", "pagerduty", "custom"};
  const auto type = reader.choice("type", {kReceiverTypeNames.begin(), kReceiverTypeNames.end()});
  if (type) receiver.type = static_cast<ReceiverType>(*type);
  if (!type && reader.take("type") != nullptr) return;
  refuse_foreign(reader, kReceiverTypeNames[static_cast<std::size_t>(receiver.type)],
                 {{{"url", "events", "rate_limit", "max_body"}, queued},
                  {{"secret", "secrets_file"}, {"webhook", "pagerduty", "custom"}},
                  {{"include"}, {"webhook", "slack", "custom"}},
                  {{"urls"}, {"alertmanager"}},
                  {{"template"}, {"custom"}}});
}

void read_secrets(TableReader& reader, Receiver& receiver, const Surroundings& around) {
  const SecretKind kind = kind_of_url(receiver.type);
  SecretKeys urls = read_secret_keys(reader, kind, around, true);
  SecretKeys secrets = read_secret_keys(reader, kind_of_secret(receiver.type), around, true);
  SecretKeys authorization = read_secret_keys(reader, kAuthorizationKind, around, true);
  const bool pages = receiver.type == ReceiverType::pagerduty;
  if (reader.present() && !pages && !urls.given)
    reader.problem(kind.key, fmt::format("is missing: every receiver needs url_file or {}", kind.key));
  if (reader.present() && pages && !secrets.given)
    reader.problem("secret", "is missing: write the routing key of Events API v2 into secrets_file, or here");
  if (receiver.type == ReceiverType::alertmanager) drop_slashes(urls.values);
  receiver.secrets = {std::move(urls.values), std::move(secrets.values), authorization.one()};
  receiver.url_file = std::move(urls.path);
  receiver.secrets_file = std::move(secrets.path);
  receiver.authorization_file = std::move(authorization.path);
}

std::optional<std::string> fault_in_header(std::string_view name, std::string_view value) {
  const auto in_name = [](char c) { return core::is_letter(c) || core::is_digit(c) || c == '-' || c == '_'; };
  if (name.empty() || !std::ranges::all_of(name, in_name))
    return "has a name with other than letters, digits, '-', '_'";
  const std::string lower = core::lower(name);
  if (lower == "authorization") return "must not hold Authorization: write its value into authorization_file";
  for (const std::string_view ours : {"host", "content-", "transfer-encoding", "connection", "expect", "webhook-"})
    if (lower.starts_with(ours)) return "has one that runwatch sets itself";
  return fault_in_value(value);
}

// Also what follows from them: a limit for what is told of incidents would hold up those who forward every call.
void read_events(TableReader& reader, Receiver& receiver) {
  constexpr std::size_t kEnded = task::index(rule::Kind::ended), kEvent = task::index(rule::Kind::event);
  const bool pages = receiver.type == ReceiverType::pagerduty;
  if (pages) receiver.events[kEvent] = false;  // nothing would ever close it
  const auto kinds = reader.choices("events", {rule::kKindNames.begin(), rule::kKindNames.end()});
  if (const toml::node* const given = reader.take("events")) {
    receiver.events = {};
    if (given->is_array() && given->as_array()->empty()) reader.problem("events", "is an empty array: name some");
  }
  for (const std::size_t kind : kinds) receiver.events[kind] = true;
  if (std::ranges::count(receiver.events, true) == 1 && receiver.events[kEvent]) receiver.rate_limit = 20;
  if (pages || receiver.type == ReceiverType::alertmanager) receiver.events[kEnded] = true;
}

void read_include(TableReader& reader, Receiver& receiver) {
  const auto bad = [](std::string_view path) {
    const bool dots = path.starts_with('.') || path.ends_with('.') || path.contains("..");
    return path.empty() || path.size() > 256 || dots || !is_plain_text(path);
  };
  for (const Text& path : reader.one_or_more("include", true)) {
    const bool alone = reader.take("include")->is_string();
    receiver.include_task |= alone && path.value == "task";
    if (alone && path.value != "task")
      reader.problem("include", R"(must be "task" or an array of paths, as in ["output.post_call_data.summary"])");
    else if (bad(path.value))
      reader.problem_at(path.place, "include", "has a path that is not names with dots between, as in \"input.name\"");
    else if (!alone && std::ranges::find(receiver.include, path.value) == receiver.include.end())
      receiver.include.push_back(path.value);
  }
  if (receiver.includes()) receiver.max_body = core::mib(1);
}

void read_template(TableReader& reader, Receiver& receiver) {
  const toml::node* const node = reader.take("template");
  if (node == nullptr && receiver.type == ReceiverType::custom)
    reader.problem("template", R"(is missing: write a table, as in template = { text = "{{run_id}}: {{why}}" })");
  if (node == nullptr) return;
  if (!node->is_table()) return reader.problem("template", "must be a table: its keys become those of the JSON");
  using toml::format_flags;
  constexpr auto kJson = format_flags::quote_dates_and_times | format_flags::quote_infinities_and_nans |
                         format_flags::allow_unicode_strings;  // without it \U0001F600, which is no JSON
  std::ostringstream text;
  text << toml::json_formatter(*node->as_table(), kJson);
  receiver.custom_body = text.str();
}

Receiver read_receiver(const toml::table* table, const Surroundings& around, Findings& findings) {
  TableReader reader("alerts.receivers", table, findings);
  Receiver receiver;
  receiver.name = read_name(reader, true).value_or("");
  read_type(reader, receiver);
  read_secrets(reader, receiver, around);
  receiver.headers = read_pairs(reader, "headers", fault_in_header);
  read_events(reader, receiver);
  read_include(reader, receiver);
  reader.duration("timeout", receiver.timeout, {milliseconds(100), minutes(10)});
  reader.number("rate_limit", receiver.rate_limit, {0.01, 1000});
  reader.size("max_body", receiver.max_body, {core::kib(2), core::mib(16)});
  receiver.proxy = read_proxy(reader);
  receiver.ca_file = read_ca_file(reader, around);
  read_template(reader, receiver);
  reader.finish();
  return receiver;
}

}  // namespace

std::vector<Receiver> read_receivers(const toml::array* tables, const Surroundings& around, Findings& findings) {
  read_receiver(nullptr, around, findings);  // declares its keys
  std::vector<Receiver> receivers;
  for (std::size_t i = 0; tables != nullptr && i < tables->size(); ++i)
    receivers.push_back(read_receiver(tables->get(i)->as_table(), around, findings));
  refuse_repeated_names(tables, "alerts.receivers", "receiver", findings);
  return receivers;
}

}  // namespace runwatch::config
