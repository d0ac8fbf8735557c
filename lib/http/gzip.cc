#include "http/gzip.h"

#include <libdeflate.h>

#include <memory>
#include <new>

namespace runwatch::http {
namespace {

constexpr int kLevel = 1;

struct Free {
  void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};
using Compressor = std::unique_ptr<libdeflate_compressor, Free>;

libdeflate_compressor& compressor_of_thread() {
  thread_local const Compressor compressor(libdeflate_alloc_compressor(kLevel));
  if (!compressor) throw std::bad_alloc();
  return *compressor;
}

}  // namespace

std::string gzip(std::string_view body) {
  auto& compressor = compressor_of_thread();
  std::string packed;
  packed.resize_and_overwrite(libdeflate_gzip_compress_bound(&compressor, body.size()),
                              [&](char* out, std::size_t room) {
                                return libdeflate_gzip_compress(&compressor, body.data(), body.size(), out, room);
                              });
  return packed;
}

}  // namespace runwatch::http
