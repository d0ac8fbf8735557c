// The newest polls that failed, those in a row at one thing in one line, kept after they went well again.
//
// Threads: the ledger's alone; what is shown is immutable.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "view/snapshot.h"

namespace runwatch::watch {

class FailedPolls {
 public:
  using Lines = std::vector<view::FailedPoll>;

  // Of what it is: numbers of its space and run; 0: the list of spaces, of runs.
  using Place = std::pair<std::int64_t, std::int64_t>;

  void failed(Place place, const std::string& space, const std::string& run_id, const view::PollError& error);
  void went_well(Place place, core::WallTime at);
  // What is not polled any more neither fails nor goes well.
  void forget(const std::function<bool(const Place&)>& is_gone);
  // Newest first; the same pointer while nothing changed.
  std::shared_ptr<const Lines> shown();

 private:
  struct Entry {
    Place place;
    view::FailedPoll line;
  };
  std::vector<Entry> entries_;  // newest first
  std::size_t failing_ = 0;     // of them
  std::shared_ptr<const Lines> shown_ = std::make_shared<const Lines>();
  bool changed_ = false;
};

}  // namespace runwatch::watch
