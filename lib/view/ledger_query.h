// What page and API ask the ledger itself, for it is on disk alone: changes of a run, and what was told.
//
// An answer fails as `busy` (the ledger is held up: ask again), `unavailable` (the database cannot be read) or
// `invalid` (there is no such run, incident or notice). Task ids are opaque; there is no other content of a call in it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "rule/notice.h"
#include "task/diff.h"
#include "task/vocabulary.h"
#include "view/alerts.h"

namespace runwatch::view {

inline constexpr std::size_t kMostRows = 500;  // of one answer

struct ChangesQuery {
  std::string space{};   // label; empty: any
  std::string run_id{};  // watched or retired
  bool failures_only = false;
  std::int64_t before = 0;  // rows with a smaller seq; 0: from the newest on
  std::size_t limit = 100;  // at most kMostRows
};

struct ChangeRow {
  std::int64_t seq = 0;  // from 1 in each run
  core::WallTime at{};   // committed
  std::string task{};    // its id
  task::ChangeKind kind = task::ChangeKind::transition;
  std::optional<task::Status> from{};  // nothing: first sight
  std::optional<task::Status> to{};    // nothing: it left
  bool new_attempt = false;
  bool recovered = false;
  std::uint32_t attempts = 1;  // 255: or more
  task::CallFacts facts{};     // `reason` counts where `to` is failed
};

struct ChangesPage {
  std::vector<ChangeRow> rows;  // newest first
  std::int64_t next = 0;        // `before` of the page that follows, 0: this is the last; may come without rows
};

// What happened in a run hour by hour, from the newest `kMostCounted` changes.
struct HourRow {
  core::WallTime hour{};                                    // its begin
  std::array<std::uint64_t, task::kStatusCount> entered{};  // tasks that came to be so, attempts between two polls
  std::uint64_t recovered = 0;                              // of the completed: had failed before
};
inline constexpr std::int64_t kMostCounted = 100'000;
struct HoursQuery {
  std::string space{};
  std::string run_id{};
  core::WallTime since{};
};

// Notices of an incident, or of a run, or one by its id; what is not asked for is empty.
struct NoticesQuery {
  std::string id{};  // of an incident or a notice
  std::string space{};
  std::string run_id{};
  std::size_t limit = 100;
};

struct DeliveryTry {
  core::WallTime at{};
  std::uint32_t status = 0;  // HTTP; 0: no answer
  std::string reason{};      // empty: delivered
  core::Duration took{};
};

struct Delivery {
  std::string receiver{};
  std::string state{};                 // pending, delivered, dead, dropped
  core::WallTime due = task::kNoTime;  // of one that is pending
  std::vector<DeliveryTry> tries{};    // oldest first
};

struct NoticeRow {
  std::string id{};
  rule::Kind kind = rule::Kind::event;
  std::string rule{};
  std::string incident{};  // its id while the incident is known, else empty
  bool test = false;
  core::WallTime committed{};
  std::vector<Delivery> deliveries{};
};

struct NoticesPage {
  std::optional<IncidentStanding> incident;  // asked by its id, while it is remembered
  std::vector<NoticeRow> notices;            // newest first
  bool more = false;                         // there are older ones
};

// By whom it is answered: the ledger between two steps, waited for a second.
struct LedgerQueries {
  std::function<core::Result<ChangesPage>(const ChangesQuery&)> changes;
  std::function<core::Result<std::vector<HourRow>>(const HoursQuery&)>
      hours;  // oldest first, hours without changes not
  std::function<core::Result<NoticesPage>(const NoticesQuery&)> notices;
};

}  // namespace runwatch::view
