// SQLite's result codes as kinds a caller can act on, with a sentence that says what to do.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <string_view>

#include "core/error.h"
#include "store/store.h"

namespace runwatch::store {

template <class T>
using Outcome = std::expected<T, Failure>;

// `system_error`: errno of the call that failed, 0: none. `doing`: what could not be done, as in "cannot <doing>".
Failure failure_of(const std::filesystem::path& path, int code, int system_error, std::string_view doing);

// Stored bytes that no version of this program wrote.
std::unexpected<Failure> damaged(const std::filesystem::path& path, std::string_view what);

core::Error open_error(const Failure& failure);

}  // namespace runwatch::store
