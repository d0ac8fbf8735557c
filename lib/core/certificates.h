// Certificates in PEM, as files of CAs hold them.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/error.h"

namespace runwatch::core {

// How many there are; what stands between them is skipped, as OpenSSL does. Fails: `invalid` when there is none or one
// cannot be read, with the rest of a sentence that begins with the file.
Result<std::size_t> count_certificates(std::string_view pem);

}  // namespace runwatch::core
