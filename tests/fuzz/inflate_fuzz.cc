// The gunzip of answers under foreign bytes: never past its limit, never without its padding, the same answer under a
// limit that just fits. The first two bytes give the limit.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/gzip.h"

namespace {

constexpr std::size_t kPadding = 64;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static runwatch::http::Inflater inflater;
  const std::size_t limit = (std::size_t{data[0]} << 8 | data[1]) * 4;
  const std::string_view packed(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto plain = inflater.gunzip(packed, limit, kPadding);
  if (!plain) return 0;
  require(plain->size() <= limit);
  require(plain->capacity() >= plain->size() + kPadding);
  const auto again = inflater.gunzip(packed, plain->size(), kPadding);
  require(again.has_value() && *again == *plain);
  if (!plain->empty()) require(!inflater.gunzip(packed, plain->size() - 1, kPadding).has_value());
  return 0;
}
