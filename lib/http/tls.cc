#include "http/tls.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/log.h"
#include "core/shell_word.h"

namespace runwatch::http {
namespace {

using Settings = TlsSettings;

std::string newest_fault() {
  const auto first = ERR_peek_error();
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  if (ERR_GET_LIB(first) == ERR_LIB_PEM && ERR_GET_REASON(first) == PEM_R_NO_START_LINE) return "it holds none as PEM";
  return reason == nullptr ? "it cannot be read" : reason;
}

core::Error fault(const std::string& text) { return {core::ErrorKind::invalid, text}; }

core::Error fault_in(std::string_view what, const std::filesystem::path& file) {
  return fault(fmt::format("cannot use the {} {}: {}", what, file.string(), newest_fault()));
}

// A key under a passphrase would ask for it at the terminal.
int no_passphrase(char*, int, int, void* was_asked) {
  if (was_asked != nullptr) *static_cast<bool*>(was_asked) = true;
  return -1;
}

bool is_for(X509* certificate, const std::string& name) {
  in6_addr address{};
  const bool is_ip = ::inet_pton(AF_INET, name.c_str(), &address) == 1 || ::inet_pton(AF_INET6, name.c_str(), &address);
  if (is_ip) return X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
  constexpr unsigned kExactly = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS;
  return X509_check_host(certificate, name.data(), name.size(), kExactly, nullptr) == 1 ||
         X509_check_email(certificate, name.data(), name.size(), kExactly) == 1;
}

// Of the peer's own certificate, once the chain is good.
int check_name(int chain_is_good, X509_STORE_CTX* store) {
  if (chain_is_good != 1 || X509_STORE_CTX_get_error_depth(store) != 0) return chain_is_good;
  const void* const ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  const auto* names =
      static_cast<const std::vector<std::string>*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(static_cast<const SSL*>(ssl))));
  X509* const certificate = X509_STORE_CTX_get_current_cert(store);
  if (names->empty() || std::ranges::any_of(*names, [&](const auto& name) { return is_for(certificate, name); })) {
    return 1;
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

int accept_any(int, X509_STORE_CTX*) { return 1; }

core::Result<void> use_client_ca(SSL_CTX* context, const Settings& settings) {
  using enum ClientCertificate;
  int mode = settings.client == none ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
  if (settings.client == needed || settings.client == checked) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  const bool checks = settings.client == checked || settings.client == checked_if_given;
  SSL_CTX_set_verify(context, mode, checks ? check_name : accept_any);
  if (!checks) return {};
  const char* const file = settings.client_ca_file.c_str();
  if (SSL_CTX_load_verify_locations(context, file, nullptr) != 1) {
    return std::unexpected(fault_in("client CA", settings.client_ca_file));
  }
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(file);
  if (names == nullptr) return std::unexpected(fault_in("client CA", settings.client_ca_file));
  SSL_CTX_set_client_CA_list(context, names);  // which owns them from now on
  return {};
}

core::Result<void> use_ciphers(SSL_CTX* context, const Settings& settings) {
  std::string list;
  for (const auto& name : settings.cipher_suites) {
    list += (list.empty() ? "" : ":") + std::string(OPENSSL_cipher_name(name.c_str()));
  }
  if (!list.empty() && SSL_CTX_set_cipher_list(context, list.c_str()) != 1) {
    return std::unexpected(fault("cannot use cipher_suites: OpenSSL has none of them here"));
  }
  list.clear();
  for (const auto& name : settings.curves) list += (list.empty() ? "" : ":") + name;
  if (!list.empty() && SSL_CTX_set1_curves_list(context, list.c_str()) != 1) {
    return std::unexpected(fault("cannot use curve_preferences: OpenSSL does not know one of them"));
  }
  return {};
}

core::Result<void> use_pair(SSL_CTX* context, const Settings& settings) {
  if (SSL_CTX_use_certificate_chain_file(context, settings.cert_file.c_str()) != 1) {
    return std::unexpected(fault_in("certificate", settings.cert_file));
  }
  bool was_asked = false;
  SSL_CTX_set_default_passwd_cb_userdata(context, &was_asked);
  const bool used = SSL_CTX_use_PrivateKey_file(context, settings.key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (used) return {};
  if (!was_asked) return std::unexpected(fault_in("key", settings.key_file));
  ERR_clear_error();
  return std::unexpected(
      fault(fmt::format("cannot use the key {}: it is under a passphrase, which nobody is there to "
                        "type; write one without: openssl pkey -in {} -out NEW",
                        settings.key_file.string(), core::shell_word(settings.key_file.string()))));
}

core::Result<Tls::Context> make_context(const Settings& settings) {
  const auto version = [](TlsVersion v) { return v == TlsVersion::tls12 ? TLS1_2_VERSION : TLS1_3_VERSION; };
  Tls::Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return std::unexpected(fault("TLS cannot be set up: " + newest_fault()));
  SSL_CTX_set_min_proto_version(context.get(), version(settings.oldest));
  SSL_CTX_set_max_proto_version(context.get(), version(settings.newest));
  // Idle connections are many: their buffers go, and nobody makes us shake hands anew for nothing.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One record at a time: a peer that sends nothing but key updates would keep OpenSSL reading them for ever.
  SSL_CTX_clear_mode(context.get(), SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (settings.prefer_own_ciphers) SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  constexpr unsigned char kId[] = "runwatch";
  SSL_CTX_set_session_id_context(context.get(), kId, sizeof kId - 1);
  SSL_CTX_set_default_passwd_cb(context.get(), no_passphrase);
  SSL_CTX_set_app_data(context.get(), const_cast<std::vector<std::string>*>(&settings.client_names));
  ERR_clear_error();
  for (const auto use : {use_pair, use_client_ca, use_ciphers}) {
    if (auto used = use(context.get(), settings); !used) return std::unexpected(std::move(used.error()));
  }
  return context;
}

std::string stamp(const std::filesystem::path& file) {
  struct stat found{};
  if (::stat(file.c_str(), &found) != 0) return "none";
  return fmt::format("{}:{}:{}:{}.{}", found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec,
                     found.st_mtim.tv_nsec);
}

}  // namespace

core::Result<std::unique_ptr<Tls>> Tls::make(const TlsSettings& settings) {
  std::unique_ptr<Tls> tls(new Tls(settings));
  // Before they are read: what is written meanwhile is seen as a change.
  auto stamps = tls->stamps();
  auto context = make_context(tls->settings_);
  if (!context) return std::unexpected(std::move(context.error()));
  tls->state_.with([&](State& state) { state = {std::move(*context), std::move(stamps)}; });
  return tls;
}

Tls::Stamps Tls::stamps() const {
  return {stamp(settings_.cert_file), stamp(settings_.key_file), stamp(settings_.client_ca_file)};
}

void Tls::look_again() {
  auto now = stamps();
  if (state_.with([&](const State& state) { return state.stamps == now; })) return;
  auto context = make_context(settings_);
  const std::string error = context ? "" : context.error().text;
  state_.with([&](State& state) {
    if (context) state.context = std::move(*context);
    state.stamps = std::move(now);
  });
  if (error.empty())
    core::log::info("certificate files read again", {{"cert_file", settings_.cert_file.string()}});
  else
    core::log::error("changed certificate files cannot be used, the ones before stay in force", {{"error", error}});
}

}  // namespace runwatch::http
