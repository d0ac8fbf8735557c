// All that is remembered of the tasks of one run, as sorted columns: 36 bytes a task.
//
// Threads: none of its own; the ledger owns it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "task/observed.h"
#include "task/task_key.h"
#include "task/vocabulary.h"

namespace runwatch::task {

// Things told once per attempt, as bits of KnownTask::told.
enum class Told : std::uint16_t {
  call = 1 << 0,
  duration = 1 << 1,
  wait = 1 << 2,
  completion = 1 << 3,
  lag = 1 << 4,
  cost = 1 << 5,
  bad_fields = 1 << 6,  // and the five bits above it: one for each Field
};
inline constexpr std::uint16_t kToldEverything = 0xfff;

struct KnownTask {
  std::uint64_t call = 0;     // digest of the call id of the current attempt, 0: none yet
  std::uint32_t started = 0;  // its start, seconds since 1970, 0: none yet
  std::uint32_t since = 0;    // when it entered its status, seconds since 1970
  std::uint16_t told = 0;     // of the current attempt
  Status status = Status::unknown;
  std::optional<Status> last_finished{};  // the latest finished status it ever had
  // The current attempt has no call id or start of its own yet: the next new one belongs to it. `call` and `started`
  // may then be those of the attempt before.
  bool unclaimed = false;
  bool gone = false;          // a tombstone: its return is no first sight
  std::uint8_t attempts = 1;  // begun under our eyes, its first one included; 255: or more
  std::uint8_t misses = 0;    // whole walks in a row without it, up to 3; in memory only

  bool operator==(const KnownTask&) const = default;
};

struct TaskUpdate {
  TaskKey key;
  KnownTask after;
  bool stored = true;  // false: only `misses` changed, nothing to write
};

class KnownTasks {
 public:
  std::size_t size() const { return keys_.size(); }  // tombstones included
  const TaskKey& key(std::size_t i) const { return keys_[i]; }
  KnownTask at(std::size_t i) const;
  // The first one from `from` on whose key is not less than `key`.
  std::size_t lower_bound(std::size_t from, const TaskKey& key) const;

  void reserve(std::size_t n);
  // Adds a task whose key is greater than all before it, as when reading the store in key order.
  void append(const TaskKey& key, const KnownTask& task);
  // Overwrites and inserts; `updates` is sorted by key, each key once.
  void apply(const std::vector<TaskUpdate>& updates);

  StatusCounts counts() const;  // without tombstones
  // For each unfinished status with tasks: since when the oldest is in it, seconds since 1970; 0: no task.
  std::array<std::uint32_t, kStatusCount> oldest() const { return oldest({}, 0); }
  // The same once `updates` were applied, of those tasks alone that entered their status after `after`.
  std::array<std::uint32_t, kStatusCount> oldest(std::span<const TaskUpdate> updates, std::uint32_t after) const;

  std::size_t memory() const;  // bytes held by the columns

 private:
  void set(std::size_t i, const KnownTask& task);
  void insert(const std::vector<TaskUpdate>& updates, std::size_t added);
  static void each_column(auto& self, auto&& use) {
    use(self.keys_), use(self.calls_), use(self.started_), use(self.since_), use(self.marks_), use(self.states_),
        use(self.attempts_);
  }

  std::vector<TaskKey> keys_;
  std::vector<std::uint64_t> calls_;
  std::vector<std::uint32_t> started_;
  std::vector<std::uint32_t> since_;
  std::vector<std::uint16_t> marks_;  // told, misses
  std::vector<std::uint8_t> states_;  // status, last_finished, unclaimed, gone
  std::vector<std::uint8_t> attempts_;
};

// The state byte as it is stored, too.
std::uint8_t pack_state(const KnownTask& task);
void unpack_state(std::uint8_t state, KnownTask& task);

}  // namespace runwatch::task
