// What stands in the way of a database, found by looking alone: nothing is made, locked or written.
#pragma once

#include <filesystem>

#include "core/error.h"

namespace runwatch::store {

// Whether there is a database. Fails: for what must neither be opened nor replaced, or has no directory.
core::Result<bool> find_database(const std::filesystem::path& path);

// What `Store::open` would fail with, as far as the file's first bytes tell. `busy`: another process has it open.
// Not for a process that has it open itself: closing any descriptor of the file drops that process's locks.
core::Result<void> examine(const std::filesystem::path& path);

}  // namespace runwatch::store
