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

enum class Call : std::uint8_t { tasks, runs, spaces, space, organizations, other };

struct Fault {
  std::string_view name = "status";  // a literal: that, or one of those that `fault_help` explains
  double share = 1;                  // of the answers
  std::uint64_t number = 0;          // of status, clamp and limit; of retry_after without a text, in seconds
  core::Duration latency{0};
  std::string text{};          // of retry_after
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
