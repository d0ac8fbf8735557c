#include "metrics/process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>

#include "metrics/text.h"

namespace runwatch::metrics {
namespace {

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<double> open_descriptors() {
  const std::unique_ptr<DIR, decltype([](DIR* d) { ::closedir(d); })> directory(::opendir("/proc/self/fd"));
  if (!directory) return std::nullopt;
  double entries = 0;
  while (::readdir(directory.get()) != nullptr) ++entries;
  return entries - 3;  // `.`, `..` and the one that reads the directory
}

std::optional<double> soft_limit(decltype(RLIMIT_NOFILE) resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Once, so that no clock that is set moves it. Not by `btime` of /proc/stat, which ProcSubset=pid hides.
double start_time(const ProcessStat& stat) {
  static const double start =
      started_at(stat.started_after_boot_seconds, seconds_of(CLOCK_BOOTTIME), seconds_of(CLOCK_REALTIME));
  return start;
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(const std::string& stat, ProcUnits units) {
  const auto name_end = stat.rfind(')');
  if (name_end == stat.npos) return std::nullopt;
  double user = 0, system = 0, threads = 0, start = 0, bytes = 0, pages = 0;
  // Fields 14, 15, 20, 22, 23 and 24 of proc(5); the name is the second.
  const auto read =
      std::sscanf(stat.c_str() + name_end + 1,
                  "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lf %lf %*s %*s %*s %*s %lf %*s %lf %lf %lf", &user,
                  &system, &threads, &start, &bytes, &pages);
  if (read != 6) return std::nullopt;
  return ProcessStat{(user + system) / units.ticks_per_second, threads, start / units.ticks_per_second, bytes,
                     pages * units.page_bytes};
}

double started_at(double started_after_boot, double since_boot, double now) {
  return now - (since_boot - started_after_boot);
}

void append_process(std::string& out, TextFormat format, bool created) {
  const auto family = [&](const Heading& heading, std::optional<double> value) {
    if (!value) return;
    append_heading(out, heading, format);
    append_sample(out, heading.name, "", "", *value);
  };
  const auto gauge = [&](std::string_view name, std::string_view help, std::optional<double> value) {
    family({name, MetricType::gauge, help}, value);
  };
  const ProcUnits units{static_cast<double>(::sysconf(_SC_CLK_TCK)), static_cast<double>(::sysconf(_SC_PAGESIZE))};
  if (const auto stat = parse_process_stat(read_file("/proc/self/stat"), units)) {
    const auto started = start_time(*stat);
    family({"process_cpu_seconds_total", MetricType::counter, "Total user and system CPU time spent in seconds."},
           stat->cpu_seconds);
    if (created && format == TextFormat::open_metrics) {
      append_sample(out, "process_cpu_seconds", "_created", "", started);
    }
    gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", started);
    gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", stat->virtual_bytes);
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", stat->resident_bytes);
    gauge("process_threads", "Number of OS threads in the process.", stat->threads);
  }
  gauge("process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.",
        soft_limit(RLIMIT_AS));
  gauge("process_open_fds", "Number of open file descriptors.", open_descriptors());
  gauge("process_max_fds", "Maximum number of open file descriptors.", soft_limit(RLIMIT_NOFILE));
}

}  // namespace runwatch::metrics
