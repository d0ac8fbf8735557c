// What the faults do to one answer: their dice thrown, their filters applied.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/dice.h"
#include "sim/fault.h"
#include "sim/platform.h"

namespace runwatch::sim {

struct Effects {
  std::vector<Fault> hit;
  std::uint64_t random = 0;  // for the varieties of one fault

  // The last one of that name, or null.
  const Fault* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
};

Effects throw_dice(std::span<const Fault> faults, Call call, std::uint64_t page, Dice& dice);

// The answer that a proxy, a gate or the platform's own upstream gives in place of the right one; nothing when none
// does.
std::optional<Answer> instead(const Effects& effects);

// Spoils a finished answer: late, cut short, no JSON, headers.
void spoil(Answer& answer, const Effects& effects);

Answer bare_answer(int status);
// `{"status_code":…,"message":…}`
Answer refusal(int status, std::string_view message);
// HTTP 206, which is never success: `data` is an object.
Answer business_error(std::string_view message);

}  // namespace runwatch::sim
