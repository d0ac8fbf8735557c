// A task as its row keeps it: 20 bytes in one column, which loads almost twice as fast as five columns and takes a
// quarter less space. Numbers are big endian.
//
//   0 call (8) · 8 started (4) · 12 since (4) · 16 told (2) · 18 state, as task::pack_state makes it (1) ·
//   19 attempts (1), which rows of formats 1 and 2 lack
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "task/known_tasks.h"

namespace runwatch::store {

using TaskRow = std::array<std::uint8_t, 20>;

TaskRow pack_task(const task::KnownTask& task);
// Nothing: no task looks like this.
std::optional<task::KnownTask> unpack_task(std::span<const std::uint8_t> row);

}  // namespace runwatch::store
