// What `server.web_config_file` says, in the format of Prometheus' exporter-toolkit, so that one file serves every
// exporter of a host: TLS, users, headers. Of the files it names is asked whether they can be read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/secret.h"

namespace runwatch::config {

enum class ClientAuth : std::uint8_t { none, asked, needed, checked_if_given, checked };
enum class TlsVersion : std::uint8_t { tls12, tls13 };

struct WebTls {
  std::filesystem::path cert_file, key_file, client_ca_file;
  ClientAuth client_auth = ClientAuth::none;
  std::vector<std::string> client_allowed_sans;
  TlsVersion min_version = TlsVersion::tls12, max_version = TlsVersion::tls13;
  std::vector<std::string> cipher_suites;      // of TLS 1.2; those of 1.3 cannot be chosen
  std::vector<std::string> curve_preferences;  // as P-256
  bool prefer_server_cipher_suites = true;

  bool operator==(const WebTls&) const = default;
};

struct Web {
  std::filesystem::path file;  // empty: none
  std::optional<WebTls> tls;
  std::map<std::string, core::Secret> users;  // bcrypt
  std::map<std::string, std::string> headers;

  // Whether not everybody who can reach the server may read it.
  bool guarded() const { return !users.empty() || (tls && tls->client_auth == ClientAuth::checked); }

  bool operator==(const Web&) const = default;
};

}  // namespace runwatch::config
