// A thing to ask the platform for, and what came of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/secret.h"
#include "task/observed.h"
#include "unpod/api.h"
#include "watch/moment.h"

namespace runwatch::watch {

enum class JobKind : std::uint8_t {
  spaces,     // the spaces of the organization
  discovery,  // the run list of a space
  poll,       // the tasks of a run
};

struct Job {
  JobKind kind = JobKind::poll;
  std::int64_t space = 0;    // number
  std::int64_t run = 0;      // number
  std::uint64_t ticket = 0;  // what comes of it counts while no newer job about the same thing was planned
  core::Secret space_token;
  std::string run_id;
  std::shared_ptr<const unpod::PageDigests> digests;  // poll only: of the last accepted one, may be null
  std::vector<task::TaskKey> wanted{};                // poll only: tasks whose own rows an event is to carry parts of
  // Discovery only.
  bool wants_name = false;   // ask for the space's slug first
  core::Duration max_age{};  // rows created longer ago end the walk, but not before the oldest watched run
  core::WallTime oldest_watched = core::WallTime::max();
  std::vector<std::string> wanted_ids;  // instead of the age: as far back as these may be
};

struct Planned {
  Job job;
  core::SteadyTime due;
};

struct Discovered {
  std::optional<unpod::SpaceInfo> info;
  unpod::RunList list;
};

struct Fetched {
  Job job;
  core::SteadyTime due{};  // when it should have begun
  Moment began;
  core::Duration took{};
  std::uint64_t pages = 0;
  std::uint64_t duplicate_rows = 0;
  std::variant<unpod::Failure, std::vector<unpod::SpaceInfo>, Discovered, unpod::TaskWalk> outcome;
};

// Does one job: the walk over the platform's pages, without any state but the connection. Threads: the Api's.
Fetched fetch(const Planned& planned, unpod::Api& api, const core::Clock& clock, std::stop_token stop);

}  // namespace runwatch::watch
