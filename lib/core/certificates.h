// Certificates in PEM, as files of CAs and of servers hold them.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"

namespace runwatch::core {

struct Certificates {
  std::size_t count = 0;  // 1 or more
  WallTime ends{};        // the first one, which is a server's own: until when it holds
};

// What stands between them is skipped, as OpenSSL does. Fails: `invalid` when there is none or one cannot be read, with
// the rest of a sentence that begins with the file.
Result<Certificates> read_certificates(std::string_view pem);

}  // namespace runwatch::core
