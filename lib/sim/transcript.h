// What was said in a simulated call, in the two shapes of the platform. The phrases are made up, the contacts too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/clock.h"

namespace runwatch::sim {

// `"2026-02-07T05:57:45"` and the five other forms the platform writes; JSON, with its quotes or as `{"$date": …}`.
void append_time(std::string& out, core::WallTime time, unsigned form);

struct Talk {
  std::uint64_t seed = 0;
  core::WallTime start{};
  core::WallTime end{};
  std::size_t bytes = 0;  // about how long; 0: nobody spoke
  unsigned time_form = 0;
};

// `[{"role": …, "content": …, "timestamp": …}, …]`
void append_turns(std::string& out, const Talk& talk);
// `"AI: …\nUser: …\n"`
void append_lines(std::string& out, const Talk& talk);

}  // namespace runwatch::sim
