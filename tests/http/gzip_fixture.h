// Gzip members for tests, made by libdeflate.
#pragma once

#include <libdeflate.h>

#include <memory>
#include <string>
#include <string_view>

namespace runwatch::test {

inline std::string gzip(std::string_view plain, int level = 6) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> encoder(
      libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
  std::string packed(libdeflate_gzip_compress_bound(encoder.get(), plain.size()), '\0');
  packed.resize(libdeflate_gzip_compress(encoder.get(), plain.data(), plain.size(), packed.data(), packed.size()));
  return packed;
}

}  // namespace runwatch::test
