// The rows of a walk, each id once: where pages repeat a row, the later page's reading wins.
//
// Of tasks only those of pages that differ from the walk before, as long as all pages name the tasks they named then.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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

  // To be called with each page's body before it is taken; true: it is unchanged and need not be decoded.
  bool recognise(std::string_view body);
  // `page` is not looked at when the body was recognised.
  Walk::Page take(TaskPage& page);
  bool ended() const { return false; }
  // A second walk takes nothing for unchanged.
  void clear();
  TaskWalk finish(const Walk& walk);

 private:
  const PageDigests::Page* page_before() const;
  Walk::Page take_unchanged();
  bool names_the_same(const PageDigests::Page& now) const;
  std::uint64_t keep(TaskPage& page);
  std::shared_ptr<const PageDigests> digests_for_next(const Walk& walk);

  std::shared_ptr<const PageDigests> before_;
  PageDigest body_{};        // of the page at hand
  bool recognised_ = false;  // the page at hand
  PageDigests now_;
  bool counted_ = true;  // every page had a `count`
  task::ObservedRun run_;
  KeyTable table_;
};

class RunCollector {
 public:
  explicit RunCollector(const std::function<bool(const task::ObservedRunRow&)>& enough) : enough_(enough) {}

  Walk::Page take(RunPage& page);
  // A row was enough: it and what follows is not kept, and no further page is wanted.
  bool ended() const { return ended_; }
  void clear();
  RunList finish(const Walk& walk);

 private:
  const std::function<bool(const task::ObservedRunRow&)>& enough_;
  RunList list_;
  std::vector<task::TaskKey> keys_;  // of all rows seen; those kept come first
  KeyTable table_;
  bool ended_ = false;
};

}  // namespace runwatch::unpod
