// Which of the rows of a walk were seen before, and where: an open-addressing index over the caller's own column of
// keys, 8 to 16 bytes a row.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "task/task_key.h"

namespace runwatch::unpod {

class KeyTable {
 public:
  // The row that has `key`; when none has, `next`, which has it from now on. `key_of(row)` gives the key of any row put
  // in before. Rows are below 2^32 - 1.
  template <class KeyOf>
  std::size_t place(const task::TaskKey& key, std::size_t next, KeyOf&& key_of) {
    if (2 * (used_ + 1) > slots_.size()) grow(key_of);
    std::uint32_t& slot = find(key, key_of);
    if (slot != 0) return slot - 1;
    slot = static_cast<std::uint32_t>(next + 1);
    ++used_;
    return next;
  }

  void clear() {
    slots_.clear();
    used_ = 0;
  }

 private:
  // Keys are UUIDs, often of one machine, whose halves differ in few bits: both are mixed (constants of the MurmurHash3
  // finalizer, by Austin Appleby, public domain).
  static std::uint64_t hash(const task::TaskKey& key) {
    std::uint64_t halves[2];
    std::memcpy(halves, key.bytes.data(), sizeof halves);
    std::uint64_t mixed = halves[0] ^ (halves[1] * 0xff51afd7ed558ccd);
    mixed ^= mixed >> 33;
    mixed *= 0xc4ceb9fe1a85ec53;
    return mixed ^ (mixed >> 33);
  }

  template <class KeyOf>
  std::uint32_t& find(const task::TaskKey& key, KeyOf&& key_of) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash(key) & mask;
    while (slots_[at] != 0 && key_of(slots_[at] - 1) != key) at = (at + 1) & mask;
    return slots_[at];
  }

  template <class KeyOf>
  void grow(KeyOf&& key_of) {
    constexpr std::size_t kFirstSize = 256;
    const std::vector<std::uint32_t> old = std::exchange(slots_, {});
    slots_.resize(old.empty() ? kFirstSize : 2 * old.size());
    for (const std::uint32_t slot : old)
      if (slot != 0) find(key_of(slot - 1), key_of) = slot;
  }

  std::vector<std::uint32_t> slots_;  // row plus one, 0: free; a power of two of them, at most half in use
  std::size_t used_ = 0;
};

}  // namespace runwatch::unpod
