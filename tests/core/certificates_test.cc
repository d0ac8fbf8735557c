#include "core/certificates.h"

#include <doctest/doctest.h>

#include <string>

#include "core/timestamp.h"

using namespace runwatch::core;

namespace {

// Self-signed by keys that were thrown away: the first one held for a day of 2020, the other for one of 2021.
const std::string kOf2020 = R"(-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUcfe++CD08niB1Sfi/WDaa1O/9mYwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yMDAxMDExMjAwMDBaFw0yMDAxMDIxMjAwMDBa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATvvxjw
1XMugm4HN2KaO6OoO9vH8LlaIobrSygXqiz17Vdd/Do/aeFIPPCBFVmgvwfa+gJw
PoaqdRF2V/kBj0M6o1MwUTAdBgNVHQ4EFgQUsf83qHNV8sC6qS56WWjWlYwB+cAw
HwYDVR0jBBgwFoAUsf83qHNV8sC6qS56WWjWlYwB+cAwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiB/dAJMVbbtk0QxISGlz8rMGi9/xVFX3sL3ww5T
lqA31gIhAKZ/rJq0sD5i1BSs4QQC23cMtfkQR/VkUnvYOnGYA0Ff
-----END CERTIFICATE-----
)";
const std::string kOf2021 = R"(-----BEGIN CERTIFICATE-----
MIIBcjCCARmgAwIBAgIUMBPigYtImrFn2cXXKjlRM181JJkwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yMTAxMDExMjAwMDBaFw0yMTAxMDIxMjAwMDBa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATZON9j
ICpuf9JBq5HPA0Tl85PQMBElwr11rZaF+WGrM1awbacR+r/muwrYJOH1yw8gWmVH
4U3Y2YFB8S9YGnyko1MwUTAdBgNVHQ4EFgQUbxB7hPGz78a+e/cyK1OVZrjz7b4w
HwYDVR0jBBgwFoAUbxB7hPGz78a+e/cyK1OVZrjz7b4wDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNHADBEAiA0oLGYstGNpE0Ux0X2JPcWBGyrBp2qk/bvyE5B
ZbRTJQIgFMSviqjeXWqs6rihUjwlCtGIe3Kv+jF4oah2K3NTLqc=
-----END CERTIFICATE-----
)";

}  // namespace

TEST_CASE("certificates are counted, and the first one says until when it holds") {
  const auto both = read_certificates("a comment\n" + kOf2020 + "between\n" + kOf2021);
  REQUIRE(both);
  CHECK(both->count == 2);
  CHECK(format_timestamp(both->ends).starts_with("2020-01-02T"));
  CHECK(format_timestamp(read_certificates(kOf2021)->ends).starts_with("2021-01-02T"));
}

TEST_CASE("what holds no certificate, or a damaged one, is refused with the reason") {
  CHECK(read_certificates("").error().text.starts_with("holds no certificate"));
  CHECK(read_certificates("junk").error().text.starts_with("holds no certificate"));
  CHECK(
      read_certificates(kOf2020 + kOf2021.substr(0, 200)).error().text.starts_with("holds a certificate that cannot"));
  auto damaged = kOf2020;
  damaged[100] = '!';
  CHECK(!read_certificates(damaged));
}
