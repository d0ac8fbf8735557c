// A TLS server on 127.0.0.1 with a self-signed certificate made on the spot.
//
// It answers every request with the same records.
// Owns: the certificate's file, a listening socket and one thread, which serves one connection at a time.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "support/scripted_peer.h"

namespace runwatch::test {

template <auto function>
struct OpenSslFree {
  void operator()(auto* object) const { function(object); }
};

// A fresh key and a certificate for it that names `subject`, an entry as in subjectAltName: "IP:127.0.0.1".
class TlsIdentity {
 public:
  explicit TlsIdentity(const char* subject) : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    X509* const cert = certificate_.get();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key_.get());
    X509_NAME* const name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("peer"), -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject);
    X509_add_ext(cert, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(cert, key_.get(), EVP_sha256());
    write_file();
  }
  ~TlsIdentity() { ::unlink(path_.c_str()); }
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  EVP_PKEY* key() const { return key_.get(); }
  X509* certificate() const { return certificate_.get(); }
  const std::string& path() const { return path_; }

 private:
  void write_file() {
    const int fd = ::mkstemp(path_.data());
    std::FILE* const file = ::fdopen(fd, "w");
    PEM_write_X509(file, certificate_.get());
    std::fclose(file);
  }

  std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>> key_;
  std::unique_ptr<X509, OpenSslFree<X509_free>> certificate_;
  std::string path_ = "/tmp/runwatch-test-cert-XXXXXX";
};

struct TlsPeerOptions {
  std::vector<std::string> records = {http_answer("200 OK", "{}")};  // of each answer
  int newest_version = 0;                                            // 0: whatever the library offers
  // Done on the first connection once the client has its first answer, as `proceed` tells.
  std::function<void(SSL* session, int socket)> afterwards = {};
};

class TlsPeer {
 public:
  explicit TlsPeer(const TlsIdentity& identity, TlsPeerOptions options = {})
      : options_(std::move(options)), context_(SSL_CTX_new(TLS_server_method())), stop_(::eventfd(0, EFD_CLOEXEC)) {
    ::signal(SIGPIPE, SIG_IGN);
    SSL_CTX_use_certificate(context_.get(), identity.certificate());
    SSL_CTX_use_PrivateKey(context_.get(), identity.key());
    if (options_.newest_version != 0) {
      SSL_CTX_set_cipher_list(context_.get(), "ALL:@SECLEVEL=0");
      SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context_.get(), options_.newest_version);
    }
    listen();
    thread_ = std::jthread([this] { serve(); });
  }
  ~TlsPeer() {
    ::eventfd_write(stop_, 1);
    go_.release();
    thread_.join();
    ::close(listener_);
    ::close(stop_);
  }
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }
  int handshakes() const { return handshakes_; }
  // The client has its first answer: does what comes afterwards, and waits until it is done.
  void proceed() {
    go_.release();
    done_.acquire();
  }

 private:
  void listen() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, any, &size) != 0) {
      throw std::system_error(errno, std::system_category(), "no listening socket for a TLS peer");
    }
    port_ = ntohs(address.sin_port);
  }

  bool readable(int socket) const {
    pollfd fds[] = {{socket, POLLIN, 0}, {stop_, POLLIN, 0}};
    return ::poll(fds, 2, -1) > 0 && fds[1].revents == 0;
  }

  void serve() {
    while (readable(listener_)) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      send_at_once(socket);
      const std::unique_ptr<SSL, OpenSslFree<SSL_free>> session(SSL_new(context_.get()));
      SSL_set_fd(session.get(), socket);
      if (readable(socket) && SSL_accept(session.get()) == 1) {
        ++handshakes_;
        converse(session.get(), socket);
      }
      ERR_clear_error();
      ::close(socket);
    }
  }

  void converse(SSL* session, int socket) {
    char buffer[4096];
    for (bool first = handshakes_ == 1; readable(socket); first = false) {
      if (SSL_read(session, buffer, sizeof buffer) <= 0) return;
      for (const auto& record : options_.records) SSL_write(session, record.data(), static_cast<int>(record.size()));
      if (!first || !options_.afterwards) continue;
      go_.acquire();
      options_.afterwards(session, socket);
      done_.release();
    }
  }

  TlsPeerOptions options_;
  std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>> context_;
  int stop_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> handshakes_ = 0;
  std::binary_semaphore go_{0};
  std::binary_semaphore done_{0};
  std::jthread thread_;
};

}  // namespace runwatch::test
