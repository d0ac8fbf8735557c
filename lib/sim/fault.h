// Trouble on demand: what may go wrong with an answer, how often, and on which calls.
//
// Written as `name[=value][/call[:page]]`, several separated by commas: `500=0.1`, `latency=200ms`, `clamp=20`,
// `badjson=1/tasks:2` (page 2 of task lists alone). A share is from 0 to 1 and counts as 1 when left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"

namespace runwatch::sim {

enum class FaultKind : std::uint8_t {
  status,       // `500=0.1`: that HTTP status; 204, 206, 301, 302 and 400 to 599
  latency,      // `latency=200ms`: each answer is held back that long
  truncate,     // the body ends before its length
  bad_json,     // 200 with a body that is no JSON, or only its first half, or an HTML page
  envelope,     // 200 whose body says `"status_code":206`
  shift,        // a task arrives in the run whose page is asked for
  vanish,       // a task of the run whose page is asked for is deleted
  shrink,       // `shrink=0.5`: that share of a run's tasks is left out of its lists
  clamp,        // `clamp=20`: no page holds more rows
  ignore_page,  // every page is the first one
  miscount,     // `count` is one too high
  no_count,     // `count` is missing
  down,         // 503 without a body
  limit,        // `limit=3`: beyond so many answers in a second, 429
  retry_after,  // `retry-after=2`: that header, as given, with 429 and 503; `@30`: the date 30 s after the answer's own
  redirect,     // `redirect=http://127.0.0.1:9/`: 302 to there
  wrong_run,    // the rows of another run of the space
  unasked,      // once the connection is idle, a second answer follows: 200 with another run's rows
  idle_408,     // likewise 408, and the connection ends
  lost_404,     // a run that is not there answers 404 and not an empty list
};

enum class Call : std::uint8_t { tasks, runs, spaces, space, organizations, other };

struct Fault {
  FaultKind kind = FaultKind::status;
  double share = 1;          // of the answers
  std::uint64_t number = 0;  // of status, clamp and limit; of retry_after without a text, in seconds
  core::Duration latency{0};
  std::string text{};          // of retry_after and redirect
  std::optional<Call> call{};  // none: all
  std::optional<std::uint64_t> page{};

  bool operator==(const Fault&) const = default;
  bool concerns(Call asked, std::uint64_t asked_page) const {
    return (!call || *call == asked) && (!page || *page == asked_page);
  }
};

// Fails: `invalid`, with the names that are known.
core::Result<Fault> parse_fault(std::string_view text);
core::Result<std::vector<Fault>> parse_faults(std::string_view text);  // separated by commas; empty: none

// One line per fault, for a help text.
std::string fault_help();

}  // namespace runwatch::sim
