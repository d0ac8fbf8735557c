#include <fmt/format.h>

#include <algorithm>

#include "config/address.h"
#include "config/sections.h"
#include "config/small_file.h"
#include "core/ascii.h"
#include "core/certificates.h"

namespace runwatch::config {
namespace {

bool is_alphanumeric(char c) { return core::is_letter(c) || core::is_digit(c); }

// Bytes behind base64 with its padding; 0 for what is none.
std::size_t decoded_size(std::string_view text) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const auto in_base64 = [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; };
  const bool sound = text.size() % 4 == 0 && std::ranges::all_of(text.substr(0, text.size() - padding), in_base64);
  return sound ? text.size() / 4 * 3 - padding : 0;
}

std::optional<std::string> fault_in_routing_key(std::string_view text) {
  if (text.size() == 32 && std::ranges::all_of(text, is_alphanumeric)) return std::nullopt;
  return "is no routing key: one of Events API v2 has 32 letters and digits";
}

// As Standard Webhooks has it.
std::optional<std::string> fault_in_secret(std::string_view text) {
  const std::size_t size = decoded_size(text.substr(text.starts_with("whsec_") ? 6 : 0));
  if (size >= 24 && size <= 64) return std::nullopt;
  return "must be whsec_ and base64 of 24 to 64 bytes: make one with: echo whsec_$(openssl rand -base64 32)";
}

std::optional<std::string> fault_in_url(std::string_view text) {
  const auto url = parse_url(text);
  return url ? std::nullopt : std::optional(url.error());
}

std::optional<std::string> fault_in_alertmanager(std::string_view text) {
  const auto url = parse_base_url(text);
  if (url && url->text.contains("/api/v")) return "must end before /api/v2/alerts, which is added";
  return url ? std::nullopt : std::optional(url.error());
}

}  // namespace

std::optional<std::string> fault_in_value(std::string_view text) {
  if (text.empty()) return "is empty";
  const bool visible = std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7F; });
  if (visible && !text.starts_with(' ') && !text.ends_with(' ')) return std::nullopt;
  return "has a control or non-ASCII character, or a space around it";
}

SecretKind kind_of_url(ReceiverType type) {
  if (type == ReceiverType::alertmanager) return {"url", "urls", "url_file", fault_in_alertmanager, true, true};
  return {"url", "url", "url_file", fault_in_url, false, true};
}

SecretKind kind_of_secret(ReceiverType type) {
  const bool pages = type == ReceiverType::pagerduty;
  return {"secret", "secret", "secrets_file", pages ? fault_in_routing_key : fault_in_secret, !pages, true};
}

std::string read_url(TableReader& reader, std::string_view key) {
  auto text = reader.text(key).value_or("");
  const auto fault = text.empty() ? std::nullopt : fault_in_url(text);
  if (fault) reader.problem(key, *fault), text.clear();
  return text;
}

std::string read_proxy(TableReader& reader) {
  return reader.text("proxy").value_or("") == kEnvironment ? kEnvironment : read_url(reader, "proxy");
}

std::string read_ca_file(TableReader& reader, const Surroundings& around) {
  if (reader.text("ca_file").value_or("").empty()) return {};
  const auto path = read_path(reader, "ca_file", around);
  if (!path) return {};
  const auto refuse = [&](std::string_view fault) {
    reader.problem("ca_file", fmt::format("cannot be used: {} {}", path->string(), fault));
  };
  if (const auto pem = read_small_file(*path, core::mib(4)); !pem) {
    refuse(pem.error().text);
  } else if (const auto known = core::read_certificates(*pem); !known) {
    refuse(known.error().text);
  }
  return path->string();
}

void drop_slashes(std::vector<core::Secret>& urls) {
  for (core::Secret& url : urls) url = core::Secret(parse_base_url(url.reveal())->text);
}

core::Result<ReceiverSecrets> read_receiver_secrets(const Receiver& receiver) {
  ReceiverSecrets out = receiver.secrets;
  std::vector<core::Secret> authorization{out.authorization};
  const auto read = [](const auto& path, const SecretKind& kind, auto& into) -> core::Result<void> {
    if (!path) return {};
    auto values = read_secrets(*path, kind.noun, kind.many, kind.fault_in);
    if (!values) return std::unexpected(std::move(values.error()));
    return into.swap(*values), core::Result<void>();
  };
  auto done = read(receiver.url_file, kind_of_url(receiver.type), out.urls);
  if (done) done = read(receiver.secrets_file, kind_of_secret(receiver.type), out.secrets);
  if (done) done = read(receiver.authorization_file, kAuthorizationKind, authorization);
  if (!done) return std::unexpected(std::move(done.error()));
  out.authorization = std::move(authorization.front());
  if (receiver.type == ReceiverType::alertmanager) drop_slashes(out.urls);
  return out;
}

core::Result<core::Secret> read_heartbeat_url(const Heartbeat& heartbeat) {
  Receiver receiver;
  receiver.secrets.urls = {heartbeat.url};
  receiver.url_file = heartbeat.url_file;
  auto secrets = read_receiver_secrets(receiver);
  if (!secrets) return std::unexpected(std::move(secrets.error()));
  return std::move(secrets->urls.front());
}

}  // namespace runwatch::config
