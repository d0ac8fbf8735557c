// The platform's API over a World: a request in, an answer out, with every error the real one has and the faults asked
// for. Rows are listed newest first as the world stands at that moment, so they shift under who reads on.
//
// Owns: the world and the faults. Faults draw from dice of their own; they never change what becomes of a task.
// Threads: any; rows are picked under a lock and written outside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/guarded.h"
#include "sim/options.h"
#include "sim/request.h"

namespace runwatch::sim {

struct Answer {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::size_t truncate_by = 0;  // bytes at the end of the body that are announced and not sent
  core::Duration delay{0};      // before it is sent
  core::WallTime at{};          // the platform's clock
  std::uint64_t seq = 0;        // in the order in which the world was looked at, from 1; 0: not a call of the API
  // Sent once the connection is idle, though nobody asked; none: null.
  std::unique_ptr<Answer> unasked{};
};

struct SpaceName {
  std::string name;
  std::string token;
};

class Platform {
 public:
  // `options` as `check` likes them.
  Platform(Options options, core::WallTime start);
  ~Platform();
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  // `now` moves the world forward, unless it is frozen; an earlier one than before does nothing.
  Answer answer(const Request& request, core::WallTime now);
  // What is asked below kControlPrefix, for tests and demos alone; no authorization. See control.cc for its words.
  Answer control(const Request& request, core::WallTime now);

  std::vector<SpaceName> spaces() const;
  const Options& options() const { return options_; }

  struct State;  // platform_state.h, for this room alone

 private:
  const Options options_;
  core::Guarded<std::unique_ptr<State>> state_;
};

inline constexpr std::string_view kControlPrefix = "/_sim/";

}  // namespace runwatch::sim
