// The bytes of one accepted connection, in the clear or through TLS; nothing here ever waits. Private to this room.
// Threads: one at a time.
#pragma once

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "http/tls.h"

namespace runwatch::http {

enum class Wants { nothing, to_read, to_write, to_end };  // before it can go on; `to_end`: it never will

class Channel {
 public:
  struct Moved {
    std::size_t bytes = 0;
    Wants wants = Wants::nothing;
  };

  // Null: in the clear. The descriptor stays the caller's.
  Channel(int socket, const Tls::Context& context);

  bool encrypted() const { return ssl_ != nullptr; }
  Wants shake_hands();
  Moved receive(std::span<char> into);
  Moved send(const std::array<iovec, 2>& parts);
  // Nothing more will be said.
  void finish();
  // What the peer says after that, unread.
  Moved drain(std::span<char> into) const;

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  Wants after(int result) const;

  int socket_;
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace runwatch::http
