#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/text.h"
#include "view/snapshot.h"

namespace runwatch::view {
namespace {

std::string failure(const std::optional<PollError>& error) {
  return error ? fmt::format("not complete ({}: {})", name(error->reason), error->text) : "not complete";
}

std::string count(std::uint64_t n, std::string_view noun) { return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s"); }

// Empty: nothing fails.
std::string what_fails(const Snapshot& snapshot) {
  const auto fails = [](const auto& space) { return is_failing(*space); };
  if (snapshot.organization && is_failing(*snapshot.organization)) {
    return "the organization's list of spaces: " + failure(snapshot.organization->last_error);
  }
  const auto first = std::ranges::find_if(snapshot.spaces, fails);
  if (first == snapshot.spaces.end()) return {};
  const auto more = std::count_if(first + 1, snapshot.spaces.end(), fails);
  auto text = fmt::format("space {}: {}", (*first)->name, failure((*first)->last_error));
  return more == 0 ? text : fmt::format("{}; and {} more", text, more);
}

// Empty: everything was tried.
std::string what_is_to_come(const Snapshot& snapshot) {
  if (!snapshot.ready()) return snapshot.not_ready;
  const auto first = std::ranges::find_if(snapshot.spaces, [](const auto& space) { return !space->up; });
  return first == snapshot.spaces.end() ? "" : fmt::format("space {}: not all of it was tried yet", (*first)->name);
}

std::string all_up(const Snapshot& snapshot) {
  std::uint64_t runs = 0;
  std::uint64_t unknown = 0;
  for (const auto& space : snapshot.spaces) {
    runs += space->runs.size();
    unknown += space->runs_unknown;
  }
  return fmt::format("{}, {}, all up{}", count(snapshot.spaces.size(), "space"), count(runs, "run"),
                     unknown == 0 ? "" : fmt::format("; {} unknown to the platform", unknown));
}

}  // namespace

std::string summary(const Snapshot& snapshot) {
  // What is in force is not what the file says, until the next good one.
  const auto& reload = snapshot.reload;
  const auto refused =
      reload && !reload->accepted ? fmt::format("reload refused: {}; ", core::printable(reload->problem, 200)) : "";
  if (auto text = what_fails(snapshot); !text.empty()) return refused + text;
  if (auto text = what_is_to_come(snapshot); !text.empty()) return refused + text;
  return refused + (snapshot.spaces.empty() ? "no spaces to watch" : all_up(snapshot));
}

}  // namespace runwatch::view
