// The rows of a walk, each id once: where pages repeat a row, the later page's reading wins.
//
// Of tasks only those of pages that differ from the walk before, as long as all pages name the tasks they named then.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "task/observed.h"
#include "task/task_key.h"
#include "unpod/api.h"
#include "unpod/decode.h"
#include "unpod/walk.h"

namespace runwatch::unpod {

using PageDigest = std::array<std::uint64_t, 2>;

// What the pages of a whole walk over a run's tasks were, so that the next walk decodes only those that differ.
//
// A page that is byte for byte the one accepted before says nothing new of its tasks; that the others still name the
// tasks they named before tells that no task moved, came or went. Kept in memory only, 40 bytes a page.
// Threads: immutable once made.
struct PageDigests {
  struct Page {
    PageDigest body{};
    PageDigest keys{};  // of its tasks, in whatever order
    std::uint32_t rows = 0;
    task::ExecutionType execution = task::ExecutionType::none;  // of all its tasks, or mixed
    task::RunMode mode = task::RunMode::none;                   // likewise
  };
  std::uint64_t count = 0;  // on every page
  std::vector<Page> pages;
};

// XXH3 with a seed that is another one in each process: nobody outside can prepare two pages that look the same.
PageDigest digest_page(std::string_view bytes);
PageDigest digest_keys(const std::vector<task::ObservedTask>& tasks);

// Which of the rows of a walk were seen before, and where: an open-addressing index over the caller's own column of
// keys, 8 to 16 bytes a row.
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

class TaskCollector {
 public:
  explicit TaskCollector(std::shared_ptr<const PageDigests> before) : before_(std::move(before)) {}

  // For each page, before it is decoded: takes one that is unchanged, which then need not be decoded, as it is.
  std::optional<Walk::Page> take_unchanged(std::string_view body);
  // Takes a page that is not, as it was decoded.
  Walk::Page take(TaskPage& page);
  bool ended() const { return false; }
  // A second walk takes nothing for unchanged.
  void clear();
  TaskWalk finish(const Walk& walk);

 private:
  const PageDigests::Page* page_before() const;
  bool names_the_same(const PageDigests::Page& now) const;
  std::shared_ptr<const PageDigests> digests_for_next(const Walk& walk);
  void keep_rows(TaskPage& page);

  std::shared_ptr<const PageDigests> before_;
  PageDigest body_{};  // of the page at hand
  PageDigests now_;
  bool counted_ = true;  // every page had a `count`
  task::ObservedRun run_;
  std::map<task::TaskKey, std::string> rows_;  // that were wanted
  std::size_t rows_bytes_ = 0;
  KeyTable table_;
};

class RunCollector {
 public:
  explicit RunCollector(core::WallTime oldest) : oldest_(oldest) {}

  Walk::Page take(RunPage& page);
  // All rows of the last page are older than wanted: no further page is.
  bool ended() const { return ended_; }
  void clear();
  RunList finish(const Walk& walk);

 private:
  core::WallTime oldest_;
  RunList list_;
  KeyTable table_;
  bool ended_ = false;
};

}  // namespace runwatch::unpod
