// What a million known tasks take in memory, beside a map from id to the same facts as one would first write it.
#include <fmt/format.h>
#include <malloc.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "task/known_tasks.h"

using namespace runwatch;

namespace {

constexpr std::uint32_t kTasks = 1'000'000;

std::string id_of(std::uint32_t number) { return fmt::format("T{:08x}fe9a11f0878d43cd8a99e069", number); }

std::size_t held() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

double per_task(std::size_t before) { return static_cast<double>(held() - before) / kTasks; }

// As a run's first poll builds it: empty, then all at once.
double with_columns() {
  std::vector<task::TaskUpdate> updates;
  for (std::uint32_t i = 0; i < kTasks; ++i) {
    updates.push_back({task::make_task_key(id_of(i)), {.call = i, .status = task::Status::completed}});
  }
  const auto before = held();
  task::KnownTasks known;
  known.apply(updates);
  return per_task(before);
}

struct Strings {
  std::string status, call_id, outcome, created, start, end;
};

double with_strings() {
  const auto before = held();
  std::unordered_map<std::string, Strings> known;
  for (std::uint32_t i = 0; i < kTasks; ++i) {
    known[id_of(i)] = {"completed",
                       fmt::format("C{:08x}fe9a11f0878d43cd8a99e069", i),
                       "notConnected",
                       "2026-02-07T05:57:45.067021",
                       "2026-02-07T05:57:45.067021",
                       "2026-02-07T05:57:45.067021"};
  }
  return per_task(before);
}

}  // namespace

int main() { fmt::print("known state: {:.1f} bytes a task, map of strings {:.1f}\n", with_columns(), with_strings()); }
