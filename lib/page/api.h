// The JSON API, /api/v1: the last published snapshot, and what the ledger is asked.
//
// Pure but for the questions. Each answer is JSON, errors too: {"error", "status"}; docs/api.md says what is in it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "http/server.h"
#include "view/ledger_query.h"
#include "view/snapshot.h"

namespace runwatch::page {

struct ApiContext {
  const view::Snapshot& snapshot;
  core::WallTime now;
  std::string_view version;
  const view::LedgerQueries& ledger;
  const std::function<std::string()>& config;
};

// For every path that begins with /api/.
http::ServerResponse answer_api(const http::ServerRequest& request, const ApiContext& context);

http::ServerResponse api_error(int status, std::string_view text);

}  // namespace runwatch::page
