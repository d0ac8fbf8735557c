// A snapshot as JSON. Times are RFC 3339, what is not known is null. docs/api.md says what each member is.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "view/snapshot.h"

namespace runwatch::page {

// /api/v1/status
std::string status_json(const view::Snapshot& snapshot, std::string_view version, core::WallTime now);

// The status with `runs`, as /api/v1/runs has them: what `once --format json` prints.
std::string look_json(const view::Snapshot& snapshot, std::string_view version, core::WallTime now);

}  // namespace runwatch::page
