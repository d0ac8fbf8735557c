#include "core/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <new>

namespace runwatch::core {

namespace {

WallTime end_of(const X509& certificate) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &end) != 1) return WallTime();
  return WallTime(std::chrono::seconds(::timegm(&end)));
}

}  // namespace

Result<Certificates> read_certificates(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                        &BIO_free);
  if (!bytes) throw std::bad_alloc();
  // In place of the one that would ask at the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  Certificates found;
  ERR_clear_error();
  for (;; ++found.count) {
    const std::unique_ptr<X509, decltype(&X509_free)> one(
        PEM_read_bio_X509(bytes.get(), nullptr, no_passphrase, nullptr), &X509_free);
    if (!one) break;
    if (found.count == 0) found.ends = end_of(*one);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return fail(ErrorKind::invalid, "holds a certificate that cannot be read: it is damaged or cut off");
  if (found.count == 0)
    return fail(ErrorKind::invalid, "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  return found;
}

}  // namespace runwatch::core
