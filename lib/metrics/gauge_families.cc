#include "metrics/published.h"

namespace runwatch::metrics {
namespace {

using view::RunSnapshot;
using view::SpaceSnapshot;
using Value = std::optional<double>;

constexpr auto kGauge = MetricType::gauge;

Value seconds_of(core::WallTime time) { return time == task::kNoTime ? Value() : core::unix_seconds(time); }

// One sample for each of the nine statuses.
void append_by_status(std::string& out, std::string_view name, std::string_view labels,
                      const task::StatusCounts& counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    std::string own(labels);
    append_label(own, "status", task::kStatusNames[i]);
    append_sample(out, name, "", own, static_cast<double>(counts[i]));
  }
}

constexpr GaugeFamily<SpaceSnapshot> kSpaceFamilies[] = {
    {{"unpod_up", kGauge,
      "Whether the newest discovery of the space and the newest poll of each of its watched runs were complete."},
     [](const SpaceSnapshot& s) -> Value { return s.up; }},
    {{"unpod_tasks", kGauge, "Tasks of all watched and retired runs that are kept, by status."},
     nullptr,
     [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& s) {
       if (s.counted) append_by_status(out, name, labels, s.tasks);
     }},
    {{"unpod_runs", kGauge, "Runs in the window of the run list, by their own status."},
     nullptr,
     [](std::string& out, std::string_view name, std::string_view labels, const SpaceSnapshot& s) {
       if (s.runs_listed) append_by_status(out, name, labels, *s.runs_listed);
     }},
    {{"runwatch_poll_last_success_timestamp_seconds", kGauge,
      "The oldest among the last complete discovery and the last complete polls of the watched runs."},
     [](const SpaceSnapshot& s) -> Value { return seconds_of(s.last_success); }},
    {{"runwatch_runs_failing", kGauge, "Watched runs whose newest poll was not complete."},
     [](const SpaceSnapshot& s) -> Value { return s.runs_failing; }},
    {{"runwatch_poll_interval_seconds", kGauge, "The shortest polling interval now in use."},
     [](const SpaceSnapshot& s) -> Value {
       return s.poll_interval == core::Duration::zero() ? Value() : core::seconds(s.poll_interval);
     }},
    {{"runwatch_runs_watched", kGauge, "Runs that are polled."},
     [](const SpaceSnapshot& s) -> Value { return s.runs.size(); }},
    {{"runwatch_runs_retired", kGauge, "Runs that are kept and no longer polled."},
     [](const SpaceSnapshot& s) -> Value { return s.runs_retired; }},
    {{"runwatch_runs_not_watched", kGauge,
      "Runs in the list that are not polled because a limit of the configuration leaves them out."},
     [](const SpaceSnapshot& s) -> Value { return s.runs_not_watched; }},
    {{"runwatch_runs_unknown", kGauge, "Runs that the configuration names and the platform does not have."},
     [](const SpaceSnapshot& s) -> Value { return s.runs_unknown; }},
    {{"runwatch_tasks_tracked", kGauge, "Tasks held in memory to be compared with the next poll."},
     [](const SpaceSnapshot& s) -> Value { return s.tasks_tracked; }},
};

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
  for (std::size_t i = 0; run.polled && i < run.oldest.size(); ++i) {
    const auto since = seconds_of(run.oldest[i]);
    if (!since) continue;
    std::string own(labels);
    append_label(own, "status", task::kStatusNames[i]);
    append_sample(out, name, "", own, *since);
  }
}

constexpr GaugeFamily<RunSnapshot> kRunFamilies[] = {
    {{"unpod_run_info", MetricType::info, "What a watched run is: its mode and what its tasks execute."},
     nullptr,
     append_info},
    {{"unpod_run_tasks", kGauge, "Tasks of a watched run by status."},
     nullptr,
     [](std::string& out, std::string_view name, std::string_view labels, const RunSnapshot& run) {
       if (run.polled) append_by_status(out, name, labels, run.tasks);
     }},
    {{"unpod_run_status", kGauge, "The own status of a watched run: 1 for the one it has, 0 for the others."},
     nullptr,
     append_status},
    {{"unpod_run_created_timestamp_seconds", kGauge, "When a watched run was created."},
     [](const RunSnapshot& run) { return seconds_of(run.created); }},
    {{"unpod_run_last_change_timestamp_seconds", kGauge, "When a task of a watched run last changed."},
     [](const RunSnapshot& run) { return run.polled ? seconds_of(run.last_change) : Value(); }},
    {{"unpod_run_finished_timestamp_seconds", kGauge, "When a watched run was found finished."},
     [](const RunSnapshot& run) { return run.polled ? seconds_of(run.finished) : Value(); }},
    {{"unpod_run_oldest_task_timestamp_seconds", kGauge,
      "Since when the oldest task in an unfinished status of a watched run has been in it."},
     nullptr,
     append_oldest},
};

template <class Snapshot>
void append_family(std::string& out, const GaugeFamily<Snapshot>& family, std::string_view labels, const Snapshot& of) {
  if (family.append != nullptr) return family.append(out, family.heading.name, labels, of);
  if (const auto value = family.value(of)) append_sample(out, family.heading.name, "", labels, *value);
}

}  // namespace

std::span<const GaugeFamily<SpaceSnapshot>> space_families() { return kSpaceFamilies; }
std::span<const GaugeFamily<RunSnapshot>> run_families() { return kRunFamilies; }

Pieces render(const SpaceSnapshot& space, std::string_view labels) {
  return render_each(kSpaceFamilies, [&](auto& out, const auto& family) { append_family(out, family, labels, space); });
}

Pieces render(const RunSnapshot& run, std::string_view labels) {
  return render_each(kRunFamilies, [&](auto& out, const auto& family) {
    if (!run.unknown) append_family(out, family, labels, run);
  });
}

}  // namespace runwatch::metrics
