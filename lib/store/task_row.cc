#include <bit>
#include <cstring>

#include "store/tables.h"

namespace runwatch::store {

namespace {

template <class T>
T big_endian(T value) {
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  return value;
}

template <class T>
std::uint8_t* put(std::uint8_t* to, T value) {
  const T bytes = big_endian(value);
  std::memcpy(to, &bytes, sizeof bytes);
  return to + sizeof bytes;
}

template <class T>
const std::uint8_t* take(const std::uint8_t* from, T& value) {
  std::memcpy(&value, from, sizeof value);
  value = big_endian(value);
  return from + sizeof value;
}

}  // namespace

TaskRow pack_task(const task::KnownTask& task) {
  TaskRow row;
  std::uint8_t* to = put(row.data(), task.call);
  to = put(to, task.started);
  to = put(to, task.since);
  to = put(to, static_cast<std::uint16_t>(task.told & task::kToldEverything));
  to = put(to, task::pack_state(task));
  put(to, task.attempts);
  return row;
}

std::optional<task::KnownTask> unpack_task(std::span<const std::uint8_t> row) {
  const bool counts_attempts = row.size() == TaskRow{}.size();
  if (!counts_attempts && row.size() + 1 != TaskRow{}.size()) return std::nullopt;
  task::KnownTask task;
  std::uint8_t state = 0;
  const std::uint8_t* from = take(row.data(), task.call);
  from = take(from, task.started);
  from = take(from, task.since);
  from = take(from, task.told);
  from = take(from, state);
  task::unpack_state(state, task);
  if (counts_attempts) take(from, task.attempts);
  if (task.attempts == 0 || task.told > task::kToldEverything || task::pack_state(task) != state) return std::nullopt;
  return task;
}

}  // namespace runwatch::store
