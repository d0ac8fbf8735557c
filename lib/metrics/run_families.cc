#include "metrics/run_families.h"

#include "metrics/space_families.h"

namespace runwatch::metrics {
namespace {

using view::RunSnapshot;

void append_time(std::string& out, std::string_view name, std::string_view labels, core::WallTime time) {
  if (time != task::kNoTime) append_sample(out, name, "", labels, core::unix_seconds(time));
}

void append_info(std::string& out, std::string_view name, std::string_view labels, const RunSnapshot& run) {
  std::string own(labels);
  append_label(own, "run_mode", task::kRunModeNames[task::index(run.mode)]);
  append_label(own, "execution_type", task::kExecutionTypeNames[task::index(run.execution)]);
  append_sample(out, name, "", own, 1);
}

void append_status(std::string& out, std::string_view name, std::string_view labels, const RunSnapshot& run) {
  if (!run.status) return;
  task::StatusCounts is{};
  is[task::index(*run.status)] = 1;
  append_by_status(out, name, labels, is);
}

void append_oldest(std::string& out, std::string_view name, std::string_view labels, const RunSnapshot& run) {
  if (!run.polled) return;
  for (std::size_t i = 0; i < run.oldest.size(); ++i) {
    if (run.oldest[i] == task::kNoTime) continue;
    std::string own(labels);
    append_label(own, "status", task::kStatusNames[i]);
    append_time(out, name, own, run.oldest[i]);
  }
}

constexpr std::array<RunFamily, kRunFamilies> kFamilies{{
    {{"unpod_run_info", MetricType::info, "What a watched run is: its mode and what its tasks execute."}, append_info},
    {{"unpod_run_tasks", MetricType::gauge, "Tasks of a watched run by status."},
     [](std::string& out, std::string_view name, std::string_view labels, const RunSnapshot& run) {
       if (run.polled) append_by_status(out, name, labels, run.tasks);
     }},
    {{"unpod_run_status", MetricType::gauge,
      "The own status of a watched run: 1 for the one it has, 0 for the others."},
     append_status},
    {{"unpod_run_created_timestamp_seconds", MetricType::gauge, "When a watched run was created."},
     [](std::string& out, std::string_view name, std::string_view labels, const RunSnapshot& run) {
       append_time(out, name, labels, run.created);
     }},
    {{"unpod_run_last_change_timestamp_seconds", MetricType::gauge, "When a task of a watched run last changed."},
     [](std::string& out, std::string_view name, std::string_view labels, const RunSnapshot& run) {
       if (run.polled) append_time(out, name, labels, run.last_change);
     }},
    {{"unpod_run_finished_timestamp_seconds", MetricType::gauge, "When a watched run was found finished."},
     [](std::string& out, std::string_view name, std::string_view labels, const RunSnapshot& run) {
       if (run.polled) append_time(out, name, labels, run.finished);
     }},
    {{"unpod_run_oldest_task_timestamp_seconds", MetricType::gauge,
      "Since when the oldest task in an unfinished status of a watched run has been in it."},
     append_oldest},
}};

}  // namespace

const std::array<RunFamily, kRunFamilies>& run_families() { return kFamilies; }

}  // namespace runwatch::metrics
