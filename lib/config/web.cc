#include "config/web.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "config/findings.h"
#include "config/sections.h"
#include "config/small_file.h"
#include "config/yaml_map.h"
#include "core/ascii.h"
#include "core/text.h"

namespace runwatch::config {
namespace {

constexpr core::Bytes kLargestFile = core::kib(256);
constexpr int kCostliest = 16;  // a password then takes three seconds; each step doubles it

const std::vector<std::string> kHeaders{"Content-Security-Policy", "Strict-Transport-Security",
                                        "X-Content-Type-Options", "X-Frame-Options", "X-XSS-Protection"};
// In the order of ClientAuth.
const std::vector<std::string> kClientAuths{"NoClientCert", "RequestClientCert", "RequireAnyClientCert",
                                            "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"};
const std::vector<std::string> kVersions{"TLS12", "TLS13"};
const std::vector<std::string> kCurves{"CurveP256", "CurveP384", "CurveP521", "X25519"};
constexpr std::array kOpensslCurves{"P-256", "P-384", "P-521", "X25519"};
// Of Go's crypto/tls; those of TLS 1.3 first.
constexpr std::size_t kCiphers13 = 3;
const std::vector<std::string> kCiphers{"TLS_AES_128_GCM_SHA256",
                                        "TLS_AES_256_GCM_SHA384",
                                        "TLS_CHACHA20_POLY1305_SHA256",
                                        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                                        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                                        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                                        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
                                        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
                                        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                                        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                                        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                                        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
                                        "TLS_RSA_WITH_AES_128_GCM_SHA256",
                                        "TLS_RSA_WITH_AES_256_GCM_SHA384",
                                        "TLS_RSA_WITH_AES_128_CBC_SHA",
                                        "TLS_RSA_WITH_AES_256_CBC_SHA"};

void read_client(MapReader& reader, WebTls& tls, const YAML::Node& node, const std::filesystem::path& folder) {
  auto words = kClientAuths;
  words.push_back("RequireClientCert");  // exporter-toolkit's older word
  const auto auth = reader.choice("client_auth_type", words);
  if (auth) tls.client_auth = *auth == kClientAuths.size() ? ClientAuth::needed : static_cast<ClientAuth>(*auth);
  tls.client_ca_file = reader.path("client_ca_file", folder);
  tls.client_allowed_sans = reader.texts("client_allowed_sans");
  const bool checks = tls.client_auth == ClientAuth::checked || tls.client_auth == ClientAuth::checked_if_given;
  if (checks && tls.client_ca_file.empty())
    reader.problem(node, "client_ca_file", "is missing: a client's certificate is checked against it");
  if (!checks && !tls.client_ca_file.empty())
    reader.problem(reader.take("client_ca_file"), "client_ca_file",
                   "does nothing without client_auth_type: RequireAndVerifyClientCert");
  if (!checks && !tls.client_allowed_sans.empty())
    reader.problem(reader.take("client_allowed_sans"), "client_allowed_sans",
                   "does nothing without client_auth_type: RequireAndVerifyClientCert");
}

void read_ciphers(MapReader& reader, WebTls& tls) {
  const auto ciphers = reader.choices("cipher_suites", kCiphers);
  for (const auto index : ciphers)
    if (index >= kCiphers13) tls.cipher_suites.push_back(kCiphers[index]);
  // Whoever names none of TLS 1.2 wants none of it.
  if (!ciphers.empty() && tls.cipher_suites.empty()) tls.min_version = TlsVersion::tls13;
  for (const auto index : reader.choices("curve_preferences", kCurves))
    tls.curve_preferences.emplace_back(kOpensslCurves.at(index));
  reader.boolean("prefer_server_cipher_suites", tls.prefer_server_cipher_suites);
}

std::optional<WebTls> read_tls(const YAML::Node& node, const std::filesystem::path& folder, Findings& findings) {
  MapReader reader("tls_server_config", node, findings);
  WebTls tls;
  tls.cert_file = reader.path("cert_file", folder);
  tls.key_file = reader.path("key_file", folder);
  for (const char* const key : {"cert", "key", "client_ca"})
    reader.refuse(key, fmt::format("is not supported: write it into a file and name that as {}_file", key));
  if (const auto version = reader.choice("min_version", kVersions)) tls.min_version = static_cast<TlsVersion>(*version);
  if (const auto version = reader.choice("max_version", kVersions)) tls.max_version = static_cast<TlsVersion>(*version);
  read_client(reader, tls, node, folder);
  read_ciphers(reader, tls);
  if (tls.min_version > tls.max_version)
    reader.problem(reader.take("max_version"), "max_version", "is older than TLS 1.3, and nothing older is allowed");
  reader.finish();
  if (!node.IsMap() || node.size() == 0) return std::nullopt;
  for (const auto& [key, path] : {std::pair("cert_file", &tls.cert_file), std::pair("key_file", &tls.key_file)})
    if (path->empty()) reader.problem(node, key, "is missing: TLS needs cert_file and key_file");
  return tls;
}

std::map<std::string, std::string> read_http(const YAML::Node& node, Findings& findings) {
  MapReader reader("http_server_config", node, findings);
  // Only offered by it: who would have HTTP/2 is told at the handshake that there is HTTP/1.1.
  bool ignored = true;
  reader.boolean("http2", ignored);
  const auto headers = reader.take("headers");
  reader.finish();
  std::map<std::string, std::string> out;
  MapReader each("http_server_config.headers", headers, findings);
  for (const auto& name : kHeaders) {
    const auto value = each.text(name);
    const auto fault = value.empty() ? std::nullopt : fault_in_value(value);
    if (fault) each.problem(each.take(name), name, *fault);
    if (!value.empty()) out[name] = value;
  }
  each.finish();
  return out;
}

std::optional<std::string> fault_in_hash(std::string_view hash) {
  const auto in_hash = [](char c) { return core::is_letter(c) || core::is_digit(c) || c == '.' || c == '/'; };
  const bool of_bcrypt = hash.size() == 60 && hash.starts_with("$2") && std::string_view("aby").contains(hash[2]) &&
                         hash[3] == '$' && core::is_digit(hash[4]) && core::is_digit(hash[5]) && hash[6] == '$' &&
                         std::ranges::all_of(hash.substr(7), in_hash);
  if (!of_bcrypt) return "has a user whose password is no bcrypt hash: make one with: htpasswd -nBC 12 USER";
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  if (cost >= 4 && cost <= kCostliest) return std::nullopt;
  return fmt::format("has a hash of cost {}: 4 to {} are allowed, 12 takes a fifth of a second", cost, kCostliest);
}

std::map<std::string, core::Secret> read_users(const YAML::Node& node, Findings& findings) {
  // Neither name nor hash is told: who swapped them would find a password in the log.
  constexpr auto kName = "basic_auth_users";
  std::map<std::string, core::Secret> out;
  if (!node.IsDefined() || node.IsNull()) return out;
  MapReader reader(kName, node, findings);
  for (const auto& entry : node.IsMap() ? node : YAML::Node()) {
    const auto user = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const auto hash = entry.second.IsScalar() ? entry.second.Scalar() : "";
    if (user.empty() || user.contains(':'))
      reader.problem(entry.first, "", "has a user without a name, or with a colon");
    if (const auto fault = fault_in_hash(hash)) reader.problem(entry.second, "", *fault);
    if (!out.emplace(user, hash).second) reader.problem(entry.first, "", "has a user twice");
  }
  return out;
}

Web read_web(const YAML::Node& root, const std::filesystem::path& folder, Findings& findings) {
  MapReader reader("", root, findings);
  Web web;
  web.tls = read_tls(reader.take("tls_server_config"), folder, findings);
  web.headers = read_http(reader.take("http_server_config"), findings);
  web.users = read_users(reader.take("basic_auth_users"), findings);
  reader.refuse("rate_limit", "is not supported");
  reader.finish();
  return web;
}

}  // namespace

std::expected<Web, Problems> read_web_config(const std::filesystem::path& path) {
  const auto text = read_small_file(path, kLargestFile);
  if (!text) return std::unexpected(Problems{{{}, text.error().text}});
  Findings findings;
  Web web;
  try {
    web = read_web(YAML::Load(*text), path.parent_path(), findings);
  } catch (const YAML::Exception& error) {
    return std::unexpected(Problems{{place_of(error.mark), "is no YAML: " + core::printable(error.msg, 200)}});
  }
  findings.finish();
  if (!findings.problems().empty()) return std::unexpected(findings.problems());
  web.file = path;
  return web;
}

}  // namespace runwatch::config
