// The identity of a task inside its run, in 16 bytes.
//
// An id of the usual form, `T` and 32 lower-case hex digits that are a UUID, is its own key. Any other id is keyed by a
// digest that no usual id can have; the store keeps its text in a side table.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace runwatch::task {

inline constexpr core::WallTime kNoTime = core::WallTime::min();

struct TaskKey {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const TaskKey&) const = default;
};

TaskKey make_task_key(std::string_view id);

// True when the key is the id itself.
bool is_usual(const TaskKey& key);

// `T…` of a usual key.
std::string usual_task_id(const TaskKey& key);

// Run and task ids: 1 to 128 bytes of valid UTF-8 without control characters and '/'.
bool is_acceptable_id(std::string_view id);

// The time inside `R` or `T` + 32 hex digits of a version-1 UUID (RFC 9562 §5.1); kNoTime for other ids.
core::WallTime time_of_id(std::string_view id);

}  // namespace runwatch::task
