#include "http/gzip.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstdint>
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

constexpr std::size_t kMaxRatio = 1032;  // deflate's own: 258 bytes from two bits
constexpr std::size_t kLeastRoom = 4096;
constexpr int kMaxMembers = 4096;  // each costs tables, however little it holds

bool begins_member(std::string_view bytes) {
  constexpr std::string_view kMagic = "\x1f\x8b";
  return bytes.substr(0, kMagic.size()) == kMagic.substr(0, bytes.size());
}

// The last four bytes are the size of the last member modulo 2^32: nearly always the size of the whole. It is only a
// first guess, and no larger than these bytes could ever become.
std::size_t guess_size(std::string_view packed, std::size_t limit) {
  std::size_t size = 0;
  for (std::size_t i = 0; packed.size() >= 4 && i < 4; ++i) {
    size |= std::size_t{static_cast<unsigned char>(packed[packed.size() - 4 + i])} << (8 * i);
  }
  const std::size_t possible = packed.size() > limit / kMaxRatio ? limit : packed.size() * kMaxRatio;
  return std::min(limit, std::max(kLeastRoom, std::min(size, possible)));
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

void Inflater::Free::operator()(libdeflate_decompressor* decoder) const { libdeflate_free_decompressor(decoder); }

Inflater::Inflater() : decoder_(libdeflate_alloc_decompressor()) {
  if (!decoder_) throw std::bad_alloc();
}

std::expected<std::string, InflateError> Inflater::gunzip(std::string_view packed, std::size_t limit,
                                                          std::size_t padding) {
  std::string plain;
  std::size_t room = guess_size(packed, limit);
  int members = 0;
  do {
    if (!begins_member(packed)) {
      return std::unexpected(members == 0 ? InflateError::not_gzip : InflateError::trailing_bytes);
    }
    auto result = LIBDEFLATE_BAD_DATA;
    std::size_t eaten = 0;
    plain.resize_and_overwrite(room + padding, [&, used = plain.size()](char* out, std::size_t) {
      std::size_t made = 0;
      result = libdeflate_gzip_decompress_ex(decoder_.get(), packed.data(), packed.size(), out + used, room - used,
                                             &eaten, &made);
      return result == LIBDEFLATE_SUCCESS ? used + made : used;
    });
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (room == limit) return std::unexpected(InflateError::too_large);
      room = room > limit / 2 ? limit : room * 2;
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) return std::unexpected(InflateError::cut_or_damaged);
    packed.remove_prefix(eaten);
    if (++members == kMaxMembers && !packed.empty()) return std::unexpected(InflateError::too_large);
  } while (!packed.empty());
  return plain;
}

}  // namespace runwatch::http
