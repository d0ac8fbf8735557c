// Who may connect and ask: TLS, client certificates and users, as Prometheus' exporters have them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/secret.h"
#include "http/client.h"

namespace runwatch::http {

enum class ClientCertificate : std::uint8_t { none, asked, needed, checked_if_given, checked };
enum class TlsVersion : std::uint8_t { tls12, tls13 };

struct TlsSettings {
  std::filesystem::path cert_file, key_file;  // PEM; the certificate with those between it and the root
  ClientCertificate client = ClientCertificate::none;
  std::filesystem::path client_ca_file;   // of those that are checked
  std::vector<std::string> client_names;  // a client's certificate is for one of these; empty: for any
  TlsVersion oldest = TlsVersion::tls12, newest = TlsVersion::tls13;
  std::vector<std::string> cipher_suites;  // of TLS 1.2, IANA's names; empty: OpenSSL's choice
  std::vector<std::string> curves;         // OpenSSL's names; empty: its choice
  bool prefer_own_ciphers = true;

  bool operator==(const TlsSettings&) const = default;
};

struct AccessSettings {
  std::optional<TlsSettings> tls = {};             // nothing: plain HTTP
  std::map<std::string, core::Secret> users = {};  // hashes by bcrypt; empty: everybody
  std::vector<Header> headers = {};                // of every answer, in place of the handler's own of that name

  bool operator==(const AccessSettings&) const = default;
};

// Whether a server could be made of them: the files are read. Fails: `invalid`, naming the file and never its content.
core::Result<void> check_access(const AccessSettings& settings);

}  // namespace runwatch::http
