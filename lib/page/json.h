// A snapshot as JSON. Times are RFC 3339, what is not known is null.
#pragma once

#include <string>
#include <string_view>

#include "view/snapshot.h"

namespace runwatch::page {

// /api/v1/status: {version, ready, summary, organization: {up, last_success, last_error}, spaces: [{name, up,
// last_success, last_error: {reason, text, at}, runs, tasks: {status: n}, failed_attempts}]}. `organization` is its
// list of spaces, null where they are configured; `tasks` are as they stand now, `failed_attempts` all entries into
// `failed`.
std::string status_json(const view::Snapshot& snapshot, std::string_view version);

// /api/v1/runs: [{space, run_id, status, created, last_change, finished, tasks: {status: n}, unknown}]; `unknown`:
// listed by id in the configuration, and the platform has no such run.
std::string runs_json(const view::Snapshot& snapshot);

// Both in one document, {version, …, spaces, runs}: what `once --format json` prints.
std::string look_json(const view::Snapshot& snapshot, std::string_view version);

}  // namespace runwatch::page
