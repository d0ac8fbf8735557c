#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>

#include "http/wire.h"

namespace runwatch::http {
namespace {

bool is_quiet(int socket, SSL* session) {
  BIO* const input = SSL_get_rbio(session);
  BIO* const output = SSL_get_wbio(session);
  BIO_up_ref(input);
  BIO_up_ref(output);
  // libcurl's own BIO works within its calls only; and nothing is to be said before the request.
  SSL_set0_rbio(session, BIO_new_socket(socket, BIO_NOCLOSE));
  SSL_set0_wbio(session, BIO_new(BIO_s_null()));
  ERR_clear_error();
  char byte = 0;
  const int got = SSL_peek(session, &byte, sizeof byte);
  const bool nothing = got < 0 && SSL_get_error(session, got) == SSL_ERROR_WANT_READ;
  ERR_clear_error();
  SSL_set0_rbio(session, input);
  SSL_set0_wbio(session, output);
  return nothing && SSL_has_pending(session) == 0 && SSL_is_init_finished(session) == 1;
}

}  // namespace

bool is_quiet(int socket, void* session) {
  if (session != nullptr) return is_quiet(socket, static_cast<SSL*>(session));
  char byte = 0;
  return ::recv(socket, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

}  // namespace runwatch::http
