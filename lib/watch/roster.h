// Which spaces there are: entered, named and hidden here, and nowhere else.
//
// A space is shown, as configured or as the organization's list has it, or hidden and still known. Shown ones carry
// labels that no other shown space has, and their meters exist under these.
// Owns: the states of spaces. Threads: one, the ledger's.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/secret.h"
#include "metrics/meters.h"
#include "watch/state.h"

namespace runwatch::watch {

class Roster {
 public:
  explicit Roster(metrics::Meters& meters) : meters_(meters) {}

  const std::vector<std::int64_t>& shown() const { return shown_; }  // numbers, in order
  bool is_shown(const SpaceState& space) const;
  bool is_hidden(const SpaceState& space) const { return hidden_.contains(space.record.number); }
  SpaceState& at(std::int64_t number) { return spaces_.at(number); }
  SpaceState* find(std::int64_t number);
  SpaceState* find(const core::Secret& token);

  // A new one is hidden; one that is known is replaced.
  SpaceState& enter(SpaceState space);
  void leave(std::int64_t number);
  // Just these stay, in this order; those that are new are shown.
  void keep(const std::vector<std::int64_t>& numbers);
  void show(std::int64_t number);  // last
  void hide(std::int64_t number);
  // Labels again, after a name or a slug became known.
  void relabel();

  // The slug, or with a number if another space has it: stored like this, so that no label moves to another space,
  // whenever which slug is learnt.
  std::string free_slug(const SpaceState* owner, const std::string& slug) const;

 private:
  std::map<std::int64_t, SpaceState> spaces_;
  std::set<std::int64_t> hidden_;
  std::vector<std::int64_t> shown_;
  metrics::Meters& meters_;
};

}  // namespace runwatch::watch
