#include "http/users.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

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

bool is_hash_of(const core::Secret& hash, const std::string& password) {
  const std::string setting(hash.reveal());
  const auto data = std::make_unique<crypt_data>();  // 32 kB
  const char* const made = ::crypt_r(password.c_str(), setting.c_str(), data.get());
  return made != nullptr && setting.size() == std::string_view(made).size() &&
         CRYPTO_memcmp(made, setting.data(), setting.size()) == 0;
}

}  // namespace

Users::Users(Hashes hashes) : hashes_(std::move(hashes)) {
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) throw std::runtime_error("no random numbers");
  const auto cost = [](const auto& user) { return std::string(user.second.reveal().substr(4, 2)); };
  const auto costliest = std::ranges::max_element(hashes_, {}, cost);
  if (costliest != hashes_.end()) decoy_ = costliest->second;
}

Users::Key Users::digest(std::string_view user, std::string_view password) const {
  std::string text(user);
  text.append(1, '\0').append(password);
  Key out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), out.data(), &size);
  return out;
}

Users::Found Users::look(std::string_view authorization) const {
  const auto login = read_login(authorization);
  if (!login) return Found::wrong;
  const Key key = digest(login->user, login->password);
  const bool known = right_.with([&](const auto& right) { return std::ranges::find(right, key) != right.end(); });
  return known ? Found::right : Found::to_be_checked;
}

bool Users::check(std::string_view authorization) {
  const auto login = read_login(authorization);
  if (!login) return false;
  const auto user = hashes_.find(login->user);
  const bool right = is_hash_of(user == hashes_.end() ? decoy_ : user->second, login->password);
  if (!right || user == hashes_.end()) return false;
  right_.with([&, key = digest(login->user, login->password)](auto& remembered) {
    remembered.remove(key);
    remembered.push_front(key);
    if (remembered.size() > kRemembered) remembered.pop_back();
  });
  return true;
}

}  // namespace runwatch::http
