// The rows of a walk, each id once: where pages repeat a row, the later page's reading wins.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "task/observed.h"
#include "unpod/api.h"
#include "unpod/decode.h"
#include "unpod/key_table.h"
#include "unpod/walk.h"

namespace runwatch::unpod {

class TaskCollector {
 public:
  Walk::Page take(TaskPage& page);
  bool ended() const { return false; }
  void clear();
  task::ObservedRun finish(const Walk& walk);

 private:
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
