#include <algorithm>
#include <array>

#include "page/api_parts.h"
#include "page/json_parts.h"

namespace runwatch::page::api {

Answer incidents(const Query& query, const ApiContext& context) {
  constexpr std::array<std::string_view, 4> kStates{"", "gathering", "open", "over"};
  const auto space = query.text("space"), run = query.text("run"), state = query.text("state");
  if (std::ranges::find(kStates, state) == kStates.end()) return refuse(400, "state must be gathering, open or over");
  Json list = Json::array();
  for (const auto& line : context.snapshot.alerts->incidents) {
    if (!space.empty() && line.notice.space != space) continue;
    if (!run.empty() && line.notice.run_id != run) continue;
    if (state.empty() || state == kStates.at(1 + task::index(line.phase))) list.push_back(incident_object(line));
  }
  return Body{write({{"incidents", std::move(list)}})};
}

Answer receivers(const Query& /*query*/, const ApiContext& context) {
  Json list = Json::array();
  for (const auto& receiver : context.snapshot.alerts->receivers) {
    list.push_back(receiver_object(receiver));
  }
  return Body{write({{"receivers", std::move(list)}, {"outbox_full", context.snapshot.alerts->is_full}})};
}

Answer silences(const Query& /*query*/, const ApiContext& context) {
  Json list = Json::array();
  for (const auto& silence : context.snapshot.alerts->silences) {
    list.push_back(silence_object(silence));
  }
  return Body{write({{"silences", std::move(list)}})};
}

}  // namespace runwatch::page::api
