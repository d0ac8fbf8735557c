#include <fmt/format.h>

#include <algorithm>

#include "core/ascii.h"
#include "core/digest.h"
#include "core/timestamp.h"
#include "rule/draft.h"

namespace runwatch::rule {
namespace {

constexpr std::size_t kIdBytes = 16;

// How long it has held, or held.
std::string age_of(const Draft& draft, const Incident& incident) {
  const auto end = incident.ended == task::kNoTime ? draft.now.lived : draft.lived(incident.ended);
  const auto age = std::max(end - draft.lived(incident.started), core::Duration::zero());
  return core::lasting(age);
}

std::string why_over(const Draft& draft, const Case& it) {
  const auto& incident = it.incident;
  const auto age = age_of(draft, incident);
  if (incident.when == When::task_failed) return how_it_ended(it.totals.recovered, it.totals.gone);
  if (incident.when == When::poll_failing) return fmt::format("polls are complete again, after {}", age);
  if (incident.when == When::delivery_failing)
    return fmt::format("deliveries to {} fail no more, after {}", incident.about, age);
  return fmt::format("it holds no more, after {}", age);
}

std::string why(const Draft& draft, const Case& it, const Rule* rule) {
  const auto& incident = it.incident;
  if (incident.when == When::task_failed) {
    const auto lasting = rule == nullptr ? core::Duration::zero() : rule->lasting;
    const auto stayed = lasting == core::Duration::zero() ? "" : " and stayed failed for " + core::lasting(lasting);
    const bool is_news = it.totals.fresh > 0;  // what is news is an attempt, what lasts is its task
    const auto count = is_news ? it.totals.fresh : it.totals.open;
    return fmt::format("{} {}{} failed{}", count, is_news ? "attempt" : "task", count == 1 ? "" : "s", stayed);
  }
  if (incident.when == When::unknown_status)
    return fmt::format("the platform uses statuses that are not known: {}",
                       incident.about.empty() ? fmt::format("{}", fmt::join(incident.values, ", ")) : incident.about);
  if (incident.when == When::poll_failing)
    return fmt::format("polls have not been complete for {}: {}", age_of(draft, incident),
                       poll_trouble(incident.about));
  if (incident.when == When::delivery_failing)
    return fmt::format("deliveries to {} have failed for {}", incident.about, age_of(draft, incident));
  return incident.about;  // the newest verdict's
}

Notice addressed(const Draft& draft, const Rule& rule, const Place& place) {
  Notice notice;
  notice.severity = rule.severity;
  notice.labels = rule.labels;
  notice.runbook = rule.runbook;
  if (const auto space = place.first == 0 ? std::nullopt : draft.space_of(place.first)) {
    notice.space = space->name;
    notice.space_key = core::hex(space->key);
  }
  if (const auto* run = draft.record_of(place)) {
    notice.run_id = run->row.run_id;
    notice.run = run->number;
    notice.counts.run = run->tasks;
  }
  notice.at = draft.now.wall;
  return notice;
}

}  // namespace

std::string poll_trouble(std::string_view reason) {
  constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
      {"dns", "the platform's name is not found"},
      {"connect", "no connection to the platform"},
      {"tls", "the platform's certificate or TLS is not accepted"},
      {"timeout", "the platform answers too late"},
      {"auth", "the platform refuses the API token"},
      {"forbidden", "the platform refuses access"},
      {"not_found", "the platform does not know what is asked for"},
      {"rate_limited", "the platform asks for fewer requests"},
      {"server_error", "the platform has errors of its own"},
      {"business_error", "the platform refuses the organization or the space"},
      {"redirect", "the platform redirects, which is not followed"},
      {"truncated", "answers are cut"},
      {"too_large", "answers are too large"},
      {"bad_http", "answers are no HTTP"},
      {"bad_json", "answers are no JSON"},
      {"bad_schema", "answers are not of the documented form"},
      {"inconsistent", "pages do not fit together"},
      {"shrunken", "the platform shows much less than before"},
      {"store", "the database cannot be written"},
  };
  const auto* const found = std::ranges::find(kTexts, reason, [](const auto& text) { return text.first; });
  return found == std::end(kTexts) ? core::words(reason) : fmt::format("{} ({})", found->second, core::words(reason));
}

std::string how_it_ended(std::uint64_t recovered, std::uint64_t gone) {
  const auto all = recovered + gone;
  const auto tasks = fmt::format("{} failed {}", all, all == 1 ? "task" : "tasks");
  if (recovered == 0) return fmt::format("{} left the run", tasks);
  return gone == 0 ? fmt::format("{} recovered", tasks)
                   : fmt::format("of {} {} recovered, {} left the run", tasks, recovered, gone);
}

std::string ms_of(core::WallTime time) { return std::to_string(time.time_since_epoch().count()); }

std::string digest_of(std::initializer_list<std::string_view> parts) {
  const auto digest = core::sha256(fmt::format("{}", fmt::join(parts, "\n")));
  return core::hex(std::span(digest).first(kIdBytes));
}

std::string attempt_key(const task::CallFacts& facts, const std::string& otherwise) {
  if (facts.call != 0) return fmt::format("call:{:016x}", facts.call);
  return facts.started != task::kNoTime ? "start:" + ms_of(facts.started) : otherwise;
}

std::string id_of(const Draft& draft, const Incident& incident, const std::string& origin) {
  const auto notice = addressed(draft, {}, place_of(incident));
  return digest_of({"incident", notice.space_key, notice.run_id, incident.rule, origin});
}

std::vector<std::string> receivers_of(const Draft& draft, const Incident& incident, const Rule* rule, Kind kind) {
  std::vector<std::string> names;
  for (const auto& receiver : draft.settings.receivers) {
    if (receiver.by_level || !receiver.takes[task::index(kind)]) continue;
    if (incident.when == When::delivery_failing && receiver.name == incident.about) continue;
    const bool is_wanted = rule != nullptr && (rule->receivers.empty() || contains(rule->receivers, receiver.name));
    const bool is_end = kind == Kind::resolved || kind == Kind::ended;
    const bool was_told = is_end && contains(incident.receivers, receiver.name);  // though the rule may be another now
    if (is_wanted || was_told) names.push_back(receiver.name);
  }
  return names;
}

Notice notice_of(const Draft& draft, const Case& it, const Rule* rule, Kind kind) {
  const auto& incident = it.incident;
  auto notice = addressed(draft, rule == nullptr ? Rule() : *rule, place_of(incident));
  notice.id = digest_of({incident.id, name(kind), std::to_string(incident.notices)});
  notice.kind = kind;
  notice.when = incident.when;
  notice.rule = incident.rule;
  notice.incident_number = incident.number;
  notice.incident = incident.id;
  if (incident.when >= When::unknown_status) notice.about = incident.about;
  notice.update = incident.notices;
  notice.started = incident.started;
  notice.counts.open = it.totals.open;
  notice.counts.total = incident.total;
  notice.counts.recovered = it.totals.recovered;
  notice.counts.gone = it.totals.gone;
  notice.value = incident.value;
  notice.threshold = incident.threshold;
  const bool is_over = kind == Kind::resolved || kind == Kind::ended;
  notice.why = is_over ? why_over(draft, it) : why(draft, it, rule);
  notice.receivers = receivers_of(draft, incident, rule, kind);
  return notice;
}

Notice event_of(const Draft& draft, const Rule& rule, const Place& place) {
  auto notice = addressed(draft, rule, place);
  notice.kind = Kind::event;
  notice.when = rule.when;
  notice.rule = rule.name;
  notice.receivers = receivers_of(draft, {}, &rule, Kind::event);
  return notice;
}

void show(Notice& notice, const Member& attempt) {
  ++notice.counts.fresh;
  ++notice.counts.by_reason[task::index(attempt.facts.reason)];
  if (notice.tasks.size() < kMostTaskLines) {
    notice.tasks.push_back({attempt.task, task::Status::failed, attempt.attempts, attempt.facts});
  } else {
    ++notice.truncated;
  }
}

}  // namespace runwatch::rule
