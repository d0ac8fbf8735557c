// What the database looks like: numbered steps, those that it lacks tried in one transaction with the version that
// they lead to.
//
// Version n is what the first n steps make. A step once released is never changed; a change is a new step.
#pragma once

#include <cstdint>
#include <span>

#include "store/connection.h"

namespace runwatch::store {

// "rwch": the application id in the file's header, by which foreign databases are told.
inline constexpr std::int64_t kApplicationId = 0x72776368;

std::span<const char* const> schema_steps();

// From the version that the file has to the last of `steps`; the first also marks the file as ours. On failure, and
// after a crash, the file is as it was: whoever wrote it can read it.
Outcome<void> migrate(const Connection& connection, std::span<const char* const> steps);

// Fails: `corrupt` when the file is not ours, was never finished, or is of a newer version than `newest`.
Outcome<void> check_ours(const Connection& connection, std::int64_t newest);
// The same by what its header says.
Outcome<void> check_ours(const std::filesystem::path& path, std::int64_t application, std::int64_t version,
                         std::int64_t newest);

}  // namespace runwatch::store
