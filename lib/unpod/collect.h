// The rows of a walk, each id once: where pages repeat a row, the later page's reading wins.
//
// Of tasks only those of pages that differ from the walk before, as long as all pages name the tasks they named then.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "task/observed.h"
#include "unpod/api.h"
#include "unpod/decode.h"
#include "unpod/key_table.h"
#include "unpod/page_digests.h"
#include "unpod/walk.h"

namespace runwatch::unpod {

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

  std::shared_ptr<const PageDigests> before_;
  PageDigest body_{};  // of the page at hand
  PageDigests now_;
  bool counted_ = true;  // every page had a `count`
  task::ObservedRun run_;
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
