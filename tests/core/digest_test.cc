#include "core/digest.h"

#include <doctest/doctest.h>

#include <span>
#include <string>

using namespace runwatch::core;

namespace {

std::string hex_of(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const unsigned byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string hex(std::string_view text) { return hex_of(digest128(text)); }

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

// Vectors: NIST, "Secure Hash Standard" examples (FIPS 180-4).
TEST_CASE("a space's key is SHA-256 of its token") {
  CHECK(hex_of(SpaceKeys(Secret("")).current) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex_of(SpaceKeys(Secret("abc")).current) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a token's keys fit its space in the current form and in that of format 1, and no other space") {
  const SpaceKeys keys(Secret("abc"));
  CHECK(hex_of(keys.former) == hex("abc") + std::string(32, '0'));
  CHECK(keys.fit(keys.current));
  CHECK(keys.fit(keys.former));
  const SpaceKeys other(Secret("abd"));
  CHECK_FALSE(keys.fit(other.current));
  CHECK_FALSE(keys.fit(other.former));
  CHECK_FALSE(keys.fit(SpaceKey{}));
}
