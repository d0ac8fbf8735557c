#include "page/api_parts.h"
#include "page/json_parts.h"

namespace runwatch::page::api {
namespace {

constexpr std::string_view kNoLedger = "this is not asked of the ledger here";

std::string_view name(task::ChangeKind kind) {
  constexpr std::array<std::string_view, 3> kNames{"transition", "inferred", "late"};
  return kNames.at(task::index(kind));
}

Json status_or_null(const std::optional<task::Status>& status) { return status ? Json(task::name(*status)) : Json(); }

Json call_json(const task::CallFacts& facts) {
  const auto outcome = facts.outcome ? Json(task::kCallStatusNames.at(task::index(*facts.outcome))) : Json();
  return {{"started", time_or_null(facts.started)},
          {"ended", time_or_null(facts.ended)},
          {"seconds", number_or_null(facts.duration)},
          {"cost", number_or_null(facts.cost)},
          {"outcome", outcome}};
}

Json change_json(const view::ChangeRow& row) {
  const bool failed = row.to == task::Status::failed;
  return {{"seq", row.seq},
          {"at", time_or_null(row.at)},
          {"task", row.task},
          {"kind", name(row.kind)},
          {"from", status_or_null(row.from)},
          {"to", status_or_null(row.to)},
          {"new_attempt", row.new_attempt},
          {"recovered", row.recovered},
          {"attempts", row.attempts},
          {"reason", failed ? Json(task::kFailureReasonNames.at(task::index(row.facts.reason))) : Json()},
          {"call", call_json(row.facts)}};
}

Answer changes_of(const Query& query, const ApiContext& context, bool failures_only) {
  if (query.text("run").empty()) return refuse(400, "run must be the id of a run");
  const auto before = number(query, "before", 1, std::numeric_limits<std::int64_t>::max(), 0);
  const auto limit = number(query, "limit", 1, view::kMostRows, 100);
  if (!before || !limit) return std::unexpected(!before ? before.error() : limit.error());
  if (!context.ledger.changes) return refuse(503, std::string(kNoLedger));
  const auto page = context.ledger.changes({.space = query.text("space"),
                                            .run_id = query.text("run"),
                                            .failures_only = failures_only,
                                            .before = *before,
                                            .limit = static_cast<std::size_t>(*limit)});
  if (!page) return refuse(page.error());
  Json rows = Json::array();
  for (const auto& row : page->rows) rows.push_back(change_json(row));
  return Body{write({{"changes", std::move(rows)}, {"next", page->next == 0 ? Json() : Json(page->next)}})};
}

Json delivery_json(const view::Delivery& delivery) {
  Json tries = Json::array();
  for (const auto& tried : delivery.tries) {
    tries.push_back({{"at", time_or_null(tried.at)},
                     {"status", tried.status},
                     {"reason", text_or_null(tried.reason)},
                     {"seconds", core::seconds(tried.took)}});
  }
  return {{"receiver", delivery.receiver},
          {"state", delivery.state},
          {"due", time_or_null(delivery.due)},
          {"tries", std::move(tries)}};
}

Json notice_json(const view::NoticeRow& notice) {
  Json deliveries = Json::array();
  for (const auto& delivery : notice.deliveries) deliveries.push_back(delivery_json(delivery));
  return {{"id", notice.id},
          {"kind", rule::name(notice.kind)},
          {"rule", notice.rule},
          {"incident", text_or_null(notice.incident)},
          {"test", notice.test},
          {"committed", time_or_null(notice.committed)},
          {"deliveries", std::move(deliveries)}};
}

Answer notices_of(const Query& query, const ApiContext& context, view::NoticesQuery asked, bool with_incident) {
  const auto limit = number(query, "limit", 1, view::kMostRows, 100);
  if (!limit) return std::unexpected(limit.error());
  if (!context.ledger.notices) return refuse(503, std::string(kNoLedger));
  asked.limit = static_cast<std::size_t>(*limit);
  const auto page = context.ledger.notices(asked);
  if (!page) return refuse(page.error());
  Json out = Json::object();
  if (with_incident) out["incident"] = page->incident ? incident_object(*page->incident) : Json();
  out["notices"] = Json::array();
  for (const auto& notice : page->notices) out["notices"].push_back(notice_json(notice));
  out["more"] = page->more;
  return Body{write(out)};
}

}  // namespace

Answer changes(const Query& query, const ApiContext& context) { return changes_of(query, context, false); }

Answer failures(const Query& query, const ApiContext& context) { return changes_of(query, context, true); }

Answer notices(const Query& query, const ApiContext& context) {
  if (query.text("run").empty()) return refuse(400, "run must be the id of a run");
  return notices_of(query, context, {.id = {}, .space = query.text("space"), .run_id = query.text("run")}, false);
}

Answer incident(const Query& query, const ApiContext& context) {
  if (query.text("id").empty()) return refuse(400, "id must be that of an incident or a notice");
  return notices_of(query, context, {.id = query.text("id"), .space = {}, .run_id = {}}, true);
}

}  // namespace runwatch::page::api
