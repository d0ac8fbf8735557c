// Users and their passwords. Private to this room.
//
// A bcrypt hash takes a fifth of a second: `look` never computes one, and tells at once of a password that was found
// right before; `check` takes as long as the costliest hash whoever is asked for, unless the password is right. Right
// ones are remembered by an HMAC under a key of this process, as long as the user's hash stays.
// Threads: any. No message names a user, a password or a hash.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "core/guarded.h"
#include "core/secret.h"

namespace runwatch::http {

class Users {
 public:
  using Hashes = std::map<std::string, core::Secret>;

  // `before`: whose memory they take over; may be null.
  Users(Hashes hashes, const Users* before);

  bool empty() const { return hashes_.empty(); }
  enum class Found { right, wrong, to_be_checked };
  // `authorization`: the header's value.
  Found look(std::string_view authorization) const;
  bool check(std::string_view authorization);

 private:
  static constexpr std::size_t kRemembered = 64;
  using Key = std::array<unsigned char, 32>;
  // Of a known user alone.
  Key digest(const Hashes::value_type& user, std::string_view password) const;

  const Hashes hashes_;
  core::Secret decoy_;  // the costliest hash: what an unknown user's password is compared with
  Key key_{};
  core::Guarded<std::list<Key>> right_;  // newest first
};

}  // namespace runwatch::http
