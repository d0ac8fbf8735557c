#include "task/known_tasks.h"

#include <algorithm>
#include <cstring>

namespace runwatch::task {
namespace {

// States: status in bits 0–3, latest finished status in bits 4–5 (0: none), unclaimed in bit 6, gone in bit 7.
constexpr unsigned kStatusMask = 0x0f;
constexpr unsigned kFinishedShift = 4;
constexpr unsigned kFinishedMask = 0x03;
constexpr unsigned kUnclaimedBit = 0x40;
constexpr unsigned kGoneBit = 0x80;

// Marks: told in bits 0–11, misses in bits 12–13.
constexpr unsigned kMissesShift = 12;
constexpr unsigned kMostMisses = 3;

bool less(const TaskKey& a, const TaskKey& b) {
  return std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) < 0;
}

// First of keys[from, end) not less than `key`.
std::size_t seek(const std::vector<TaskKey>& keys, std::size_t from, std::size_t end, const TaskKey& key) {
  return static_cast<std::size_t>(std::lower_bound(keys.data() + from, keys.data() + end, key, less) - keys.data());
}

// The same to the end of all, near `from` found fastest: steps double, then halve.
std::size_t seek_forward(const std::vector<TaskKey>& keys, std::size_t from, const TaskKey& key) {
  std::size_t low = from;
  std::size_t step = 1;
  while (low + step <= keys.size() && less(keys[low + step - 1], key)) {
    low += step;
    step *= 2;
  }
  return seek(keys, low, std::min(low + step, keys.size()), key);
}

template <class T>
void move_up(std::vector<T>& column, std::size_t first, std::size_t end, std::size_t by) {
  std::memmove(column.data() + first + by, column.data() + first, (end - first) * sizeof(T));
}

std::uint16_t pack_marks(const KnownTask& task) {
  const unsigned misses = std::min<unsigned>(task.misses, kMostMisses);
  return static_cast<std::uint16_t>((task.told & kToldEverything) | misses << kMissesShift);
}

}  // namespace

std::uint8_t pack_state(const KnownTask& task) {
  unsigned finished = 0;
  if (task.last_finished && is_finished(*task.last_finished)) {
    finished = 1 + static_cast<unsigned>(index(*task.last_finished) - index(Status::completed));
  }
  return static_cast<std::uint8_t>(static_cast<unsigned>(index(task.status)) | finished << kFinishedShift |
                                   (task.unclaimed ? kUnclaimedBit : 0U) | (task.gone ? kGoneBit : 0U));
}

void unpack_state(std::uint8_t state, KnownTask& task) {
  const unsigned status = state & kStatusMask;
  const unsigned finished = (state >> kFinishedShift) & kFinishedMask;
  task.status = status < kStatusCount ? static_cast<Status>(status) : Status::unknown;
  task.last_finished.reset();
  if (finished != 0) task.last_finished = static_cast<Status>(index(Status::completed) + finished - 1);
  task.unclaimed = (state & kUnclaimedBit) != 0;
  task.gone = (state & kGoneBit) != 0;
}

KnownTask KnownTasks::at(std::size_t i) const {
  KnownTask task;
  task.call = calls_[i];
  task.started = started_[i];
  task.since = since_[i];
  task.told = static_cast<std::uint16_t>(marks_[i] & kToldEverything);
  task.misses = static_cast<std::uint8_t>(marks_[i] >> kMissesShift);
  unpack_state(states_[i], task);
  task.attempts = attempts_[i];
  return task;
}

std::size_t KnownTasks::lower_bound(std::size_t from, const TaskKey& key) const {
  return seek_forward(keys_, from, key);
}

void KnownTasks::set(std::size_t i, const KnownTask& task) {
  calls_[i] = task.call;
  started_[i] = task.started;
  since_[i] = task.since;
  marks_[i] = pack_marks(task);
  states_[i] = pack_state(task);
  attempts_[i] = task.attempts;
}

void KnownTasks::reserve(std::size_t n) {
  each_column(*this, [n](auto& column) { column.reserve(n); });
}

void KnownTasks::append(const TaskKey& key, const KnownTask& task) {
  if (size() == keys_.capacity()) reserve(size() + std::max<std::size_t>(size() / 16, 16));
  each_column(*this, [](auto& column) { column.emplace_back(); });
  keys_.back() = key;
  set(size() - 1, task);
}

void KnownTasks::apply(const std::vector<TaskUpdate>& updates) {
  std::size_t added = 0;
  std::size_t i = 0;
  for (const TaskUpdate& update : updates) {
    i = seek_forward(keys_, i, update.key);
    if (i < size() && keys_[i] == update.key) {
      set(i, update.after);
    } else {
      ++added;
    }
  }
  if (added != 0) insert(updates, added);
}

// From the back, so that each stretch of old tasks moves once, to its final place.
void KnownTasks::insert(const std::vector<TaskUpdate>& updates, std::size_t added) {
  std::size_t end = size();
  reserve(end + added);  // without the doubling of push_back: a million tasks must not cost two million
  each_column(*this, [&](auto& column) { column.resize(end + added); });
  for (auto update = updates.rbegin(); added != 0; ++update) {
    const std::size_t i = seek(keys_, 0, end, update->key);
    if (i < end && keys_[i] == update->key) continue;
    each_column(*this, [&](auto& column) { move_up(column, i, end, added); });
    end = i;
    --added;
    keys_[i + added] = update->key;
    set(i + added, update->after);
  }
}

StatusCounts KnownTasks::counts() const {
  StatusCounts counts{};
  for (const std::uint8_t state : states_) {
    if ((state & kGoneBit) == 0) ++counts[state & kStatusMask];
  }
  return counts;
}

std::array<std::uint32_t, kStatusCount> KnownTasks::oldest(std::span<const TaskUpdate> updates,
                                                           std::uint32_t after) const {
  std::array<std::uint32_t, kStatusCount> oldest{};
  const auto look = [&](std::uint8_t state, std::uint32_t since) {
    const std::size_t status = state & kStatusMask;
    if ((state & kGoneBit) != 0 || is_finished(static_cast<Status>(status)) || since <= after) return;
    if (oldest[status] == 0 || since < oldest[status]) oldest[status] = since;
  };
  auto update = updates.begin();
  for (std::size_t i = 0; i < size(); ++i) {
    while (update != updates.end() && update->key < keys_[i]) ++update;
    if (update == updates.end() || update->key != keys_[i]) look(states_[i], since_[i]);
  }
  for (const auto& changed : updates) look(pack_state(changed.after), changed.after.since);
  return oldest;
}

std::size_t KnownTasks::memory() const {
  std::size_t bytes = 0;
  each_column(*this, [&](const auto& column) { bytes += column.capacity() * sizeof(column[0]); });
  return bytes;
}

}  // namespace runwatch::task
