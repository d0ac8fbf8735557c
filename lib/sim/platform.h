// The platform's API over a World: a request in, an answer out, with every error the real one has and the faults asked
// for. Rows are listed newest first as the world stands at that moment, so they shift under who reads on.
//
// Owns: the world and the faults. Faults draw from dice of their own; they never change what becomes of a task.
// Threads: any; one answer is formed at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "sim/dice.h"
#include "sim/fault.h"
#include "sim/options.h"
#include "sim/world.h"

namespace runwatch::sim {

struct Request {
  std::string_view method = "GET";
  std::string_view path{};   // percent-decoded
  std::string_view query{};  // as received: `a=1&b=two`
  std::string_view authorization{};
  std::string_view org_handle{};

  // The first value of `name` in the query, percent-decoded; it may hold further `=`.
  std::optional<std::string> text(std::string_view name) const;
  // The same as a number; nothing for any text that is none.
  std::optional<std::uint64_t> number(std::string_view name) const;
};

struct Route {
  Call call = Call::other;  // for a path that is none of the API's
  std::string_view space;   // token, as asked for
  std::string_view run;
  bool slash = true;  // false: the path lacks its trailing slash, the platform redirects to the one that has it
};

Route route(std::string_view path);

struct Answer {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
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

inline constexpr std::string_view kControlPrefix = "/_sim/";

class Platform {
 public:
  // `options` as `check` likes them.
  Platform(const Options& options, core::WallTime start) : state_(options, start) {}

  // `now` moves the world forward, unless it is frozen; an earlier one than before does nothing.
  Answer answer(const Request& request, core::WallTime now);
  // What is asked below kControlPrefix, for tests and demos alone; no authorization. See control.cc for its words.
  Answer control(const Request& request, core::WallTime now);

  std::vector<SpaceName> spaces() const;

  // For this room alone.
  struct State {
    State(const Options& options, core::WallTime start)
        : world(options, start), faults(options.faults), dice(options.seed, 0, 0xfa17) {}

    void move_to(core::WallTime now) {
      if (!frozen) world.advance(now + ahead);
    }

    World world;
    std::vector<Fault> faults;
    Dice dice;
    std::uint64_t served = 0;
    std::chrono::sys_seconds second{};  // in which so many were admitted under a limit
    std::uint64_t admitted = 0;
    bool frozen = false;
    core::Duration ahead{0};  // of the clock, by /_sim/advance
  };

 private:
  mutable std::mutex mutex_;
  State state_;
};

}  // namespace runwatch::sim
