#include "unpod/page_digests.h"

#include <algorithm>
#include <array>
#include <random>
#include <type_traits>

#if defined(__x86_64__)
#include <xxh_x86dispatch.h>  // the widest vectors that this CPU has
#else
#include <xxhash.h>
#endif

namespace runwatch::unpod {
namespace {

std::uint64_t seed() {
  static const std::uint64_t value = [] {
    // The library chooses its code for this CPU at its first long input: here, where one thread waits for the other.
    constexpr std::array<char, 1024> kLong{};
    std::random_device random;
    return XXH3_128bits_withSeed(kLong.data(), kLong.size(), std::uniform_int_distribution<std::uint64_t>()(random))
        .low64;
  }();
  return value;
}

}  // namespace

PageDigest digest_page(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed());
  return {hash.low64, hash.high64};
}

PageDigest digest_keys(const std::vector<task::ObservedTask>& tasks) {
  std::vector<task::TaskKey> keys;
  keys.reserve(tasks.size());
  for (const auto& task : tasks) keys.push_back(task.key);
  std::ranges::sort(keys);
  static_assert(std::has_unique_object_representations_v<task::TaskKey>);
  return digest_page({reinterpret_cast<const char*>(keys.data()), keys.size() * sizeof(task::TaskKey)});
}

}  // namespace runwatch::unpod
