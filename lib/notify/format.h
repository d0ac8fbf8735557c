// What a receiver's own kind is sent, made of the canonical body when it is sent: the same bytes each time.
//
// Pure. Text of others cannot leave its place: it is escaped, and Slack's mentions and links in it are broken.
// Limits: Slack's documented ones are met, and so are the narrower ones of Discord's compatible URLs; PagerDuty's
// Events v2, too.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "notify/receiver.h"
#include "rule/rule.h"
#include "task/run.h"

namespace runwatch::notify {

// Fails: `invalid` for a canonical body that is none, a custom body that exceeds `max_body`, a PagerDuty receiver
// without a routing key.
core::Result<std::string> body(const ReceiverOptions& receiver, std::string_view canonical);

// Of a custom receiver, at start: a JSON text whose places are known ones. A place stands in the text of a value, as in
// "{{run_id}}: {{counts.new}} failed"; known are `type`, `timestamp`, each field of `data` by its path (`labels.team`,
// `links.page`, `counts.run.failed`), `task.` with a field of the first task, and `included.` with a path.
core::Result<void> check_template(std::string_view text);

// An incident as Alertmanager is shown it.
struct Standing {
  std::string rule;
  rule::When when = rule::When::task_failed;
  std::string severity;
  std::map<std::string, std::string> labels;
  std::string runbook;
  std::string incident;
  std::string space;  // label; empty: the account
  std::string run_id;
  std::string about;  // as in rule::Notice
  std::string why;
  core::WallTime started = task::kNoTime;
  core::WallTime ended = task::kNoTime;  // none: open

  bool operator==(const Standing&) const = default;
};

inline constexpr core::Duration kShownAfterEnd = std::chrono::minutes(15);

// The array for /api/v2/alerts. An incident that is open hides one of the same labels that is over; one that has been
// over for longer than kShownAfterEnd is left out.
std::string alertmanager_body(std::span<const Standing> incidents, std::string_view external_url, core::WallTime now);

}  // namespace runwatch::notify
