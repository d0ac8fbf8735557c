// A snapshot as JSON. Times are RFC 3339, what is not known is null.
#pragma once

#include <string>
#include <string_view>

#include "view/snapshot.h"

namespace runwatch::page {

// /api/v1/status: {version, ready, spaces: [{name, up, last_success, last_error: {reason, text, at}, runs, tasks:
// {status: n}}]}
std::string status_json(const view::Snapshot& snapshot, std::string_view version);

// /api/v1/runs: [{space, run_id, status, created, last_change, finished, tasks: {status: n}}]
std::string runs_json(const view::Snapshot& snapshot);

// Both in one document, {version, ready, spaces, runs}: what `once --format json` prints.
std::string look_json(const view::Snapshot& snapshot, std::string_view version);

}  // namespace runwatch::page
