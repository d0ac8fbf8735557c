#include "http/users.h"

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/ascii.h"
#include "http/grammar.h"

namespace runwatch::http {
namespace {

struct Login {
  std::string user, password;
};

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 4096) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const auto padding = std::ranges::count(text.substr(text.size() - 2), '=');
  out.resize(static_cast<std::size_t>(size - padding));
  return out;
}

// `Basic`, RFC 7617. crypt(3) would take what stands before a NUL for all of it.
std::optional<Login> read_login(std::string_view authorization) {
  const auto space = authorization.find(' ');
  if (space == authorization.npos || !equal_ignoring_case(authorization.substr(0, space), "basic")) return std::nullopt;
  auto text = decode_base64(trim(authorization.substr(space)));
  const auto colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos || text->find('\0') != std::string::npos) return std::nullopt;
  return Login{text->substr(0, colon), text->substr(colon + 1)};
}

constexpr std::size_t kCostAt = 4;  // $2y$12$...

int cost_of(const core::Secret& hash) { return core::parse_number<int>(hash.reveal().substr(kCostAt, 2)).value_or(0); }

bool is_hash_of(const std::string& setting, const std::string& password) {
  const auto data = std::make_unique<crypt_data>();  // 32 kB
  const char* const made = ::crypt_r(password.c_str(), setting.c_str(), data.get());
  return made != nullptr && setting.size() == std::string_view(made).size() &&
         CRYPTO_memcmp(made, setting.data(), setting.size()) == 0;
}

// Each cost takes twice the time of the one below: what is left up to `most` is one hash of each from `cost` on.
void take_the_time(const core::Secret& hash, int cost, int most, const std::string& password) {
  for (; cost < most; ++cost) {
    std::string setting(hash.reveal());
    setting.replace(kCostAt, 2, fmt::format("{:02}", cost));
    is_hash_of(setting, password);
  }
}

}  // namespace

Users::Users(Hashes hashes, const Users* before) : hashes_(std::move(hashes)) {
  const auto costliest = std::ranges::max_element(hashes_, {}, [](const auto& user) { return cost_of(user.second); });
  if (costliest != hashes_.end()) decoy_ = costliest->second;
  if (before != nullptr) {
    key_ = before->key_;
    auto known = before->right_.with([](const auto& right) { return right; });
    right_.with([&](auto& right) { right = std::move(known); });
  } else if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) {
    throw std::runtime_error("no random numbers");
  }
}

Users::Key Users::digest(const Hashes::value_type& user, std::string_view password) const {
  std::string text(user.first);
  text.append(1, '\0').append(user.second.reveal()).append(password);
  Key out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), out.data(), &size);
  return out;
}

Users::Found Users::look(std::string_view authorization) const {
  const auto login = read_login(authorization);
  if (!login) return Found::wrong;
  const auto user = hashes_.find(login->user);
  if (user == hashes_.end()) return Found::to_be_checked;
  const Key key = digest(*user, login->password);
  const bool known = right_.with([&](const auto& right) { return std::ranges::find(right, key) != right.end(); });
  return known ? Found::right : Found::to_be_checked;
}

bool Users::check(std::string_view authorization) {
  const auto login = read_login(authorization);
  if (!login) return false;
  const auto user = hashes_.find(login->user);
  const auto& hash = user == hashes_.end() ? decoy_ : user->second;
  const bool right = is_hash_of(std::string(hash.reveal()), login->password);
  if (!right || user == hashes_.end()) {
    take_the_time(hash, cost_of(hash), cost_of(decoy_), login->password);
    return false;
  }
  right_.with([&, key = digest(*user, login->password)](auto& remembered) {
    remembered.remove(key);
    remembered.push_front(key);
    if (remembered.size() > kRemembered) remembered.pop_back();
  });
  return true;
}

}  // namespace runwatch::http
