#include <fmt/format.h>

#include <algorithm>

#include "config/address.h"
#include "config/sections.h"
#include "config/token.h"
#include "core/shell_word.h"

namespace runwatch::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

void read_base_url(TableReader& reader, Api& api) {
  const auto text = reader.text("base_url");
  if (!text) return;
  const auto url = parse_base_url(*text);
  if (!url) return reader.problem("base_url", url.error());
  if (url->text.ends_with("/api/v2/platform") || url->text.ends_with("/api/v2"))
    return reader.problem("base_url", "must end before /api/v2/platform, which is added: as in \"https://unpod.dev\"");
  api.base_url = url->text;
  if (!url->encrypted && !is_loopback(url->host))
    reader.warning("base_url", "is plain http:// beyond this machine: the token can be read on the way; use https://");
}

void read_org_handle(TableReader& reader, Api& api) {
  const auto text = reader.text("org_handle");
  if (!text) return;
  const bool visible = std::ranges::all_of(*text, [](char c) { return c > ' ' && c < 0x7F; });
  if (text->empty() || text->size() > 255 || !visible)
    return reader.problem("org_handle", "must be 1 to 255 visible ASCII characters, as in \"unpod.tv\"");
  api.org_handle = *text;
}

void take_environment_token(TableReader& reader, Api& api, std::string token) {
  if (token.ends_with('\n')) token.pop_back();
  if (const auto fault = fault_in_token(token))
    return reader.findings().problem({}, fmt::format("the environment variable RUNWATCH_API_TOKEN {}", *fault));
  api.token = core::Secret(std::move(token));
  api.token_source = TokenSource::environment;
}

// The file systemd's LoadCredential= provides, if it does.
std::optional<std::filesystem::path> credential(const Surroundings& around) {
  const auto directory = around.environment("CREDENTIALS_DIRECTORY");
  if (!directory || directory->empty()) return std::nullopt;
  std::filesystem::path path = std::filesystem::path(*directory) / "unpod-token";
  std::error_code error;
  return std::filesystem::exists(path, error) ? std::optional(path) : std::nullopt;
}

void take_credential_token(TableReader& reader, Api& api, const Surroundings& around) {
  const auto path = credential(around);
  if (!path)
    return reader.problem(
        "token",
        "is missing: write it into a file and name that as api.token_file; or set api.token, or the environment "
        "variable RUNWATCH_API_TOKEN, or the systemd credential unpod-token, which the service alone can see");
  auto token = read_token(*path);
  if (!token) return reader.findings().problem({}, token.error().text);
  api.token = std::move(*token);
  api.token_path = *path;
  api.token_source = TokenSource::credential;
}

void read_api_token(TableReader& reader, Api& api, const Surroundings& around) {
  auto from_environment = around.environment("RUNWATCH_API_TOKEN");
  const bool overridden = from_environment && !from_environment->empty();
  SecretKeys keys = read_secret_keys(reader, kTokenKind, around, !overridden);
  if (overridden) return take_environment_token(reader, api, std::move(*from_environment));
  if (!keys.given) return take_credential_token(reader, api, around);
  api.token = keys.one();
  api.token_source = keys.path ? TokenSource::file : TokenSource::config;
  api.token_path = std::move(keys.path);
}

}  // namespace

SecretKeys read_secret_keys(TableReader& reader, const SecretKind& kind, const Surroundings& around, bool read_file) {
  const auto is_there = [&](std::string_view key) {
    const toml::node* const node = key.empty() ? nullptr : reader.take(key);
    return node != nullptr && !(kind.may_be_empty && node->is_string() && (*node->as_string())->empty());
  };
  SecretKeys out;
  const bool inline_there = is_there(kind.key), file_there = is_there(kind.file_key);
  out.given = inline_there || file_there;
  if (inline_there && file_there) {
    reader.problem(kind.file_key, fmt::format("stands together with {}: keep one of them", kind.key));
    return out;
  }
  for (const Text& text : inline_there ? reader.one_or_more(kind.key, kind.many) : std::vector<Text>{}) {
    if (const auto fault = kind.fault_in(text.value))
      reader.problem_at(text.place, kind.key, *fault);
    else
      out.values.emplace_back(text.value);
  }
  const auto path = file_there ? read_path(reader, kind.file_key, around) : std::nullopt;
  if (!path || !read_file) return out;
  auto values = read_secrets(*path, kind.noun, kind.many, kind.fault_in);
  if (!values) return reader.problem(kind.file_key, "cannot be used: " + values.error().text), out;
  if (readable_by_others(*path))
    reader.warning(kind.file_key, fmt::format("can be read by every user: chmod o-r {}, once the account that runs "
                                              "runwatch may read it as its owner or group "
                                              "(chgrp runwatch)",
                                              core::shell_word(path->string())));
  out.values = std::move(*values);
  out.path = *path;
  return out;
}

Api read_api(const toml::table* table, const Surroundings& around, Findings& findings) {
  TableReader reader("api", table, findings);
  Api api;
  read_base_url(reader, api);
  read_org_handle(reader, api);
  read_api_token(reader, api, around);
  reader.duration("timeout", api.timeout, {milliseconds(100), minutes(10)});
  reader.number("rate_limit", api.rate_limit, {0.1, 100'000});
  reader.count("burst", api.burst, {1, 100'000});
  reader.count("concurrency", api.concurrency, {1, 64});
  reader.count("page_size", api.page_size, {1, 10'000});
  reader.size("max_response", api.max_response, {core::kib(1), core::mib(1024)});
  api.ca_file = read_ca_file(reader, around);
  api.proxy = read_proxy(reader);
  reader.finish();
  return api;
}

}  // namespace runwatch::config
