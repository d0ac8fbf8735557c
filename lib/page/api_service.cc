#include "page/api_parts.h"
#include "page/json.h"
#include "page/json_parts.h"

namespace runwatch::page::api {

Answer status(const Query& /*query*/, const ApiContext& context) {
  return Body{status_json(context.snapshot, context.version, context.now)};
}

Answer polls(const Query& /*query*/, const ApiContext& context) {
  Json failed = Json::array();
  for (const auto& line : *context.snapshot.failed_polls) {
    failed.push_back({{"space", text_or_null(line.space)},
                      {"run_id", text_or_null(line.run_id)},
                      {"since", time_or_null(line.since)},
                      {"at", time_or_null(line.error.at)},
                      {"times", line.times},
                      {"reason", view::name(line.error.reason)},
                      {"text", line.error.text},
                      {"recovered", time_or_null(line.recovered)}});
  }
  return Body{write({{"failed", std::move(failed)}, {"pause", pause_json(context.snapshot.pause)}})};
}

Answer reload(const Query& /*query*/, const ApiContext& context) {
  const auto& reload = context.snapshot.reload;
  if (!reload) return refuse(503, "nothing is known of a reload yet: ask again");
  return Body{write({{"at", time_or_null(reload->at)},
                     {"accepted", reload->accepted},
                     {"changed", reload->changed},
                     {"needs_restart", reload->needs_restart},
                     {"problem", text_or_null(reload->problem)}})};
}

Answer config(const Query& /*query*/, const ApiContext& context) {
  if (!context.config) return refuse(503, "there is no configuration to show here");
  return Body{context.config()};
}

}  // namespace runwatch::page::api
