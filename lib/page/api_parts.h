// The endpoints of the API, one function each. Private to the room.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "http/client.h"
#include "page/api.h"
#include "page/query.h"

namespace runwatch::page::api {

struct Body {
  std::string text;
  std::vector<http::Header> headers{};
};

struct Refusal {
  int status = 400;
  std::string text;
};

using Answer = std::expected<Body, Refusal>;

inline std::unexpected<Refusal> refuse(int status, std::string text) {
  return std::unexpected(Refusal{status, std::move(text)});
}

// What the ledger failed with: `busy` and `unavailable` may work later.
std::unexpected<Refusal> refuse(const core::Error& error);

// A number that is asked for: `otherwise` where it is not. Fails: out of bounds.
std::expected<std::int64_t, Refusal> number(const Query& query, std::string_view name, std::int64_t least,
                                            std::int64_t most, std::int64_t otherwise);

// api_runs.cc
Answer runs(const Query& query, const ApiContext& context);
Answer run(const Query& query, const ApiContext& context);
// api_history.cc
Answer changes(const Query& query, const ApiContext& context);
Answer failures(const Query& query, const ApiContext& context);
Answer notices(const Query& query, const ApiContext& context);
Answer incident(const Query& query, const ApiContext& context);
// api_alerts.cc
Answer incidents(const Query& query, const ApiContext& context);
Answer receivers(const Query& query, const ApiContext& context);
Answer silences(const Query& query, const ApiContext& context);
// api_service.cc
Answer status(const Query& query, const ApiContext& context);
Answer polls(const Query& query, const ApiContext& context);
Answer reload(const Query& query, const ApiContext& context);
Answer config(const Query& query, const ApiContext& context);

}  // namespace runwatch::page::api
