#include "metrics/space_families.h"

#include <array>

namespace runwatch::metrics {
namespace {

using view::SpaceSnapshot;

void append_count(std::string& out, std::string_view name, std::string_view labels, std::uint64_t count) {
  append_sample(out, name, "", labels, static_cast<double>(count));
}

constexpr std::array kFamilies{
    SpaceFamily{
        {"unpod_up", MetricType::gauge,
         "Whether the newest discovery of the space and the newest poll of each of its watched runs were complete."},
        [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& space) {
          if (space.up) append_count(out, name, labels, *space.up ? 1 : 0);
        }},
    SpaceFamily{{"unpod_tasks", MetricType::gauge, "Tasks of all watched and retired runs that are kept, by status."},
                [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& space) {
                  if (space.counted) append_by_status(out, name, labels, space.tasks);
                }},
    SpaceFamily{{"unpod_runs", MetricType::gauge, "Runs in the window of the run list, by their own status."},
                [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& space) {
                  if (space.runs_listed) append_by_status(out, name, labels, *space.runs_listed);
                }},
    SpaceFamily{{"runwatch_poll_last_success_timestamp_seconds", MetricType::gauge,
                 "The oldest among the last complete discovery and the last complete polls of the watched runs."},
                [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& space) {
                  if (space.last_success == task::kNoTime) return;
                  append_sample(out, name, "", labels, core::unix_seconds(space.last_success));
                }},
    SpaceFamily{{"runwatch_runs_failing", MetricType::gauge, "Watched runs whose newest poll was not complete."},
                [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& space) {
                  append_count(out, name, labels, space.runs_failing);
                }},
    SpaceFamily{{"runwatch_poll_interval_seconds", MetricType::gauge, "The shortest polling interval now in use."},
                [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& space) {
                  if (space.poll_interval == core::Duration::zero()) return;
                  append_sample(out, name, "", labels, core::seconds(space.poll_interval));
                }},
    SpaceFamily{{"runwatch_runs_watched", MetricType::gauge, "Runs that are polled."},
                [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& space) {
                  append_count(out, name, labels, space.runs.size());
                }},
    SpaceFamily{{"runwatch_runs_retired", MetricType::gauge, "Runs that are kept and no longer polled."},
                [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& space) {
                  append_count(out, name, labels, space.runs_retired);
                }},
    SpaceFamily{{"runwatch_runs_not_watched", MetricType::gauge,
                 "Runs in the list that are not polled because a limit of the configuration leaves them out."},
                [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& space) {
                  append_count(out, name, labels, space.runs_not_watched);
                }},
    SpaceFamily{{"runwatch_runs_unknown", MetricType::gauge,
                 "Runs that the configuration names and the platform does not have."},
                [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& space) {
                  append_count(out, name, labels, space.runs_unknown);
                }},
    SpaceFamily{
        {"runwatch_tasks_tracked", MetricType::gauge, "Tasks held in memory to be compared with the next poll."},
        [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& space) {
          append_count(out, name, labels, space.tasks_tracked);
        }},
};

}  // namespace

std::span<const SpaceFamily> space_families() { return kFamilies; }

void append_by_status(std::string& out, std::string_view name, std::string_view labels,
                      const task::StatusCounts& counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    std::string own(labels);
    append_label(own, "status", task::kStatusNames[i]);
    append_sample(out, name, "", own, static_cast<double>(counts[i]));
  }
}

}  // namespace runwatch::metrics
