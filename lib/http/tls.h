// The server's certificate and what else TLS needs, read again when a file changes. Private to this room.
//
// Files that do not go together, as a new certificate with the old key, leave what was read before in force; that is
// logged once. Threads: any.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>

#include "core/guarded.h"
#include "http/access.h"

namespace runwatch::http {

class Tls {
 public:
  using Context = std::shared_ptr<SSL_CTX>;

  // Fails: `invalid`.
  static core::Result<std::unique_ptr<Tls>> make(const TlsSettings& settings);

  // For a new connection.
  Context context() const {
    return state_.with([](const auto& state) { return state.context; });
  }
  // Reads the files again if one of them changed. Reads disks: not for the loop.
  void look_again();

 private:
  using Stamps = std::array<std::string, 3>;  // of the files: other than before when one was replaced or written
  struct State {
    Context context;
    Stamps stamps;  // of the newest attempt, whatever came of it
  };
  explicit Tls(TlsSettings settings) : settings_(std::move(settings)) {}
  Stamps stamps() const;

  const TlsSettings settings_;
  core::Guarded<State> state_;
};

}  // namespace runwatch::http
