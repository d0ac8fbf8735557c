#include "notify/signature.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/ascii.h"
#include "notify/canonical.h"

namespace runwatch::notify {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kShortest = 24, kLongest = 64;  // bytes

using Sha256 = std::array<unsigned char, 32>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::optional<std::string> from_base64(std::string_view text) {
  const auto padding = text.size() - (text.find_last_not_of('=') + 1);
  std::string decoded(text.size(), '\0');
  const int size = EVP_DecodeBlock(bytes_of(decoded), bytes_of(text), static_cast<int>(text.size()));
  if (size < 0 || padding > 2) return std::nullopt;
  decoded.resize(static_cast<std::size_t>(size) - padding);
  return decoded;
}

std::optional<std::string> key_of(const core::Secret& secret) {
  std::string_view text = secret.reveal();
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  return from_base64(text);
}

std::string signature(std::string_view key, std::string_view id, std::string_view timestamp, std::string_view body) {
  const auto text = fmt::format("{}.{}.{}", id, timestamp, body);
  Sha256 digest{};
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(), digest.data(),
           nullptr) == nullptr) {
    throw std::runtime_error("OpenSSL has no HMAC-SHA-256");
  }
  std::string base64(45, '\0');  // and a NUL
  base64.resize(
      static_cast<std::size_t>(EVP_EncodeBlock(bytes_of(base64), digest.data(), static_cast<int>(digest.size()))));
  return "v1," + base64;
}

bool is_one_of(std::string_view signatures, std::string_view expected) {
  bool found = false;
  for (std::size_t from = 0; from <= signatures.size();) {
    const auto end = std::min(signatures.find(' ', from), signatures.size());
    const auto one = signatures.substr(from, end - from);
    found |= one.size() == expected.size() && CRYPTO_memcmp(one.data(), expected.data(), one.size()) == 0;
    from = end + 1;
  }
  return found;
}

}  // namespace

core::Result<void> check_secret(const core::Secret& secret) {
  const auto key = key_of(secret);
  if (!key) return core::fail(core::ErrorKind::invalid, "a signing secret is not whsec_ and base64; make one anew");
  if (key->size() >= kShortest && key->size() <= kLongest) return {};
  return core::fail(
      core::ErrorKind::invalid,
      fmt::format("a signing secret has {} bytes behind its base64, not {} to {}", key->size(), kShortest, kLongest));
}

std::vector<http::Header> sign(std::string_view id, core::WallTime now, std::string_view body,
                               std::span<const core::Secret> secrets) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::vector<http::Header> headers{{"webhook-id", std::string(id)}, {"webhook-timestamp", std::to_string(seconds)}};
  std::string signatures;
  for (const auto& secret : secrets) {
    const auto key = key_of(secret);
    if (!key) continue;
    if (!signatures.empty()) signatures += ' ';
    signatures += signature(*key, id, headers[1].value, body);
  }
  if (!signatures.empty()) headers.push_back({"webhook-signature", std::move(signatures)});
  return headers;
}

core::Result<void> verify(const Signed& message, std::span<const core::Secret> secrets, core::WallTime now) {
  const auto invalid = [](std::string text) { return core::fail(core::ErrorKind::invalid, std::move(text)); };
  if (message.id.empty() || message.signatures.empty()) return invalid("webhook-id or webhook-signature is missing");
  const auto seconds = core::parse_number<std::int64_t>(message.timestamp);
  if (!seconds) return invalid("webhook-timestamp is missing or not a number of seconds");
  const double off = std::abs(static_cast<double>(*seconds) - core::unix_seconds(now));
  if (off > core::seconds(kSignatureTolerance))
    return invalid("webhook-timestamp is over five minutes off; check the clocks");
  bool found = false;
  for (const auto& secret : secrets) {
    const auto key = key_of(secret);
    if (key) found |= is_one_of(message.signatures, signature(*key, message.id, message.timestamp, message.body));
  }
  if (!found) return invalid("no signature is one of the secrets'");
  return {};
}

std::string match_key(std::string_view space_key, std::string_view run_id, std::string_view rule,
                      std::string_view receiver) {
  auto parts = fmt::format("key\n{}\n{}\n{}", space_key, run_id, rule);
  if (!receiver.empty()) parts += fmt::format("\n{}", receiver);
  return core::hex(core::sha256(parts)).substr(0, 32);
}

}  // namespace runwatch::notify
