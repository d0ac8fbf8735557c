#include "core/digest.h"

#include <doctest/doctest.h>

#include <string>

using namespace runwatch::core;

namespace {

std::string hex(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const unsigned byte : digest128(text)) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace

// Vectors: the FNV reference code's test suite, as printed in RFC 9923.
TEST_CASE("digests agree with the published vectors of FNV-1a") {
  CHECK(digest64("") == 0xcbf29ce484222325);
  CHECK(digest64("a") == 0xaf63dc4c8601ec8c);
  CHECK(digest64("foobar") == 0x85944171f73967e8);
  CHECK(hex("") == "6c62272e07bb014262b821756295c58d");
  CHECK(hex("a") == "d228cb696f1a8caf78912b704e4a8964");
  CHECK(hex("foobar") == "343e1662793c64bf6f0d3597ba446f18");
}

TEST_CASE("the 64-bit digest is never zero") {
  // The one known short text with an FNV-1a of 0 in 64 bits.
  CHECK(digest64("\xd5\x6b\xb9\x53\x42\x87\x08\x36") == 1);
}

TEST_CASE("bytes above 127 and NUL count like any other") {
  CHECK(digest64("\x80") != digest64("\xff"));
  CHECK(digest64(std::string_view("\0", 1)) != digest64(""));
}
