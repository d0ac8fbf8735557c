#include <fmt/format.h>

#include <algorithm>

#include "config/address.h"
#include "config/sections.h"
#include "config/token.h"

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
  TokenKeys keys = read_token_keys(reader, around, !overridden);
  if (overridden) return take_environment_token(reader, api, std::move(*from_environment));
  if (!keys.given) return take_credential_token(reader, api, around);
  api.token = std::move(keys.token);
  api.token_source = keys.path ? TokenSource::file : TokenSource::config;
  api.token_path = std::move(keys.path);
}

}  // namespace

TokenKeys read_token_keys(TableReader& reader, const Surroundings& around, bool read_file) {
  TokenKeys out;
  out.given = reader.take("token") != nullptr || reader.take("token_file") != nullptr;
  const auto text = reader.text("token");
  const auto path = read_path(reader, "token_file", around);
  if (reader.take("token") != nullptr && reader.take("token_file") != nullptr) {
    reader.problem("token_file", "stands together with token: keep one of them");
    return out;
  }
  if (text) {
    if (const auto fault = fault_in_token(*text))
      reader.problem("token", *fault);
    else
      out.token = core::Secret(*text);
  }
  if (!path || !read_file) return out;
  auto token = read_token(*path);
  if (!token) return reader.problem("token_file", "cannot be used: " + token.error().text), out;
  if (readable_by_others(*path))
    reader.warning("token_file", fmt::format("can be read by every user: chmod o-r {}", path->string()));
  out.token = std::move(*token);
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
  reader.finish();
  return api;
}

}  // namespace runwatch::config
