#include "core/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <memory>
#include <new>

namespace runwatch::core {

Result<std::size_t> count_certificates(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                        &BIO_free);
  if (!bytes) throw std::bad_alloc();
  // In place of the one that would ask at the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  std::size_t count = 0;
  ERR_clear_error();
  for (;; ++count) {
    const std::unique_ptr<X509, decltype(&X509_free)> one(
        PEM_read_bio_X509(bytes.get(), nullptr, no_passphrase, nullptr), &X509_free);
    if (!one) break;
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return fail(ErrorKind::invalid, "holds a certificate that cannot be read: it is damaged or cut off");
  if (count == 0) return fail(ErrorKind::invalid, "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  return count;
}

}  // namespace runwatch::core
