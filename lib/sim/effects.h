// What the faults do to one answer: their dice thrown, their filters applied.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sim/dice.h"
#include "sim/fault.h"
#include "sim/platform.h"

namespace runwatch::sim {

struct Effects {
  core::Duration delay{0};
  std::optional<int> status;  // answered in place of what was asked for
  bool down = false;
  std::string redirect;     // empty: none
  std::string retry_after;  // empty: none
  bool truncate = false;
  bool bad_json = false;
  bool envelope = false;
  bool shift = false;
  bool vanish = false;
  bool ignore_page = false;
  bool miscount = false;
  bool no_count = false;
  double shrink = 0;
  std::uint64_t clamp = 0;   // 0: none
  std::uint64_t random = 0;  // for the varieties of one fault
};

Effects throw_dice(std::span<const Fault> faults, Call call, std::uint64_t page, Dice& dice);

// The answer that a proxy, a gate or the platform's own upstream gives in place of the right one; nothing when none
// does.
std::optional<Answer> instead(const Effects& effects);

// Spoils a finished answer: cut short, no JSON, headers.
void spoil(Answer& answer, const Effects& effects);

// `{"status_code":…,"message":…}`
Answer refusal(int status, std::string_view message);
// HTTP 206, which is never success: `data` is an object.
Answer business_error(std::string_view message);

}  // namespace runwatch::sim
