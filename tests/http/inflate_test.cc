#include <doctest/doctest.h>

#include <random>
#include <string>

#include "http/gzip.h"
#include "http/gzip_fixture.h"

namespace runwatch::http {
namespace {

using test::gzip;

constexpr std::size_t kPadding = 64;
constexpr std::size_t kPlenty = std::size_t{1} << 24;

std::string noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(size, '\0');
  for (auto& c : text) c = static_cast<char>(random());
  return text;
}

InflateError error_of(std::string_view packed, std::size_t limit = kPlenty) {
  Inflater inflater;
  const auto plain = inflater.gunzip(packed, limit, kPadding);
  REQUIRE_FALSE(plain.has_value());
  return plain.error();
}

TEST_CASE("what was packed comes out whole, with room behind it") {
  Inflater inflater;
  for (const std::size_t size : {0U, 1U, 100U, 4096U, 4097U, 100'000U, 1'000'000U}) {
    CAPTURE(size);
    for (const auto& text : {std::string(size, 'a'), noise(size, 7)}) {
      const auto plain = inflater.gunzip(gzip(text), kPlenty, kPadding);
      REQUIRE(plain.has_value());
      CHECK(*plain == text);
      CHECK(plain->capacity() >= plain->size() + kPadding);
    }
  }
}

TEST_CASE("members one after another are one text") {
  Inflater inflater;
  const std::string large(300'000, 'x');
  const auto plain = inflater.gunzip(gzip("one ") + gzip("") + gzip(large) + gzip(" three"), kPlenty, kPadding);
  REQUIRE(plain.has_value());
  CHECK(*plain == "one " + large + " three");
}

TEST_CASE("the limit is exact, and reached without knowing the size beforehand") {
  Inflater inflater;
  const std::string text(50'000, 'z');
  CHECK(inflater.gunzip(gzip(text), text.size(), kPadding).has_value());
  CHECK(error_of(gzip(text), text.size() - 1) == InflateError::too_large);
  // The last member's size, which is the first guess, says nothing of the first member's.
  CHECK(inflater.gunzip(gzip(text) + gzip("!"), text.size() + 1, kPadding).has_value());
  CHECK(error_of(gzip(text) + gzip("!"), text.size()) == InflateError::too_large);
  CHECK(error_of(gzip("a"), 0) == InflateError::too_large);
}

TEST_CASE("a bomb ends at the limit, packed in one member or in many") {
  const std::string member = gzip(std::string(std::size_t{32} << 20, '\0'));
  CHECK(error_of(member, 1 << 20) == InflateError::too_large);
  std::string chain;
  for (int i = 0; i < 64; ++i) chain += gzip(std::string(1 << 20, '\0'));
  CHECK(error_of(chain, 1 << 22) == InflateError::too_large);
}

TEST_CASE("members without end are refused though they hold nothing") {
  std::string chain;
  for (int i = 0; i < 5000; ++i) chain += gzip("");
  CHECK(error_of(chain) == InflateError::too_large);
}

TEST_CASE("a stream cut anywhere gives no text") {
  const std::string packed = gzip(noise(300, 3) + std::string(300, 'q'));
  for (std::size_t size = 1; size < packed.size(); ++size) {
    CAPTURE(size);
    CHECK(error_of(packed.substr(0, size)) == InflateError::cut_or_damaged);
  }
}

TEST_CASE("a stream with a flipped bit in its data or its checks gives no other text") {
  const std::string text = "the quick brown fox jumps over the lazy dog, the quick brown fox";
  const std::string packed = gzip(text);
  Inflater inflater;
  for (std::size_t at = 10; at < packed.size(); ++at) {
    CAPTURE(at);
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const auto plain = inflater.gunzip(damaged, kPlenty, kPadding);
    if (plain) CHECK(*plain == text);  // the data's last byte may have bits to spare
  }
}

TEST_CASE("what is no gzip is called so, before the stream and behind it") {
  CHECK(error_of("{\"data\":[]}") == InflateError::not_gzip);
  CHECK(error_of(gzip("{}") + "{}") == InflateError::trailing_bytes);
  CHECK(error_of(gzip("{}") + std::string(1, '\0')) == InflateError::trailing_bytes);
  CHECK(error_of(gzip("{}") + gzip("{}").substr(0, 12)) == InflateError::cut_or_damaged);
}

}  // namespace
}  // namespace runwatch::http
