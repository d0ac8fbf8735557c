#include "metrics/process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "metrics/text.h"

namespace runwatch::metrics {
namespace {

std::optional<double> to_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (true) {
    const auto start = text.find_first_not_of(" \n");
    if (start == text.npos) return found;
    text.remove_prefix(start);
    const auto end = std::min(text.find_first_of(" \n"), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

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

ProcUnits units_here() {
  return {static_cast<double>(::sysconf(_SC_CLK_TCK)), static_cast<double>(::sysconf(_SC_PAGESIZE))};
}

// Boot plus the ticks until the start: neither changes while the process lives.
std::optional<double> start_time(const ProcessStat& stat) {
  static const auto boot = parse_boot_time(read_file("/proc/stat"));
  if (!boot) return std::nullopt;
  return *boot + stat.started_after_boot_seconds;
}

class Writer {
 public:
  Writer(std::string& out, TextFormat format) : out_(out), format_(format) {}
  void gauge(std::string_view name, std::string_view help, std::optional<double> value) {
    family({name, MetricType::gauge, help}, value);
  }
  void family(const Heading& heading, std::optional<double> value) {
    if (!value) return;
    append_heading(out_, heading, format_);
    append_sample(out_, heading.name, "", "", *value);
  }

 private:
  std::string& out_;
  TextFormat format_;
};

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view stat, ProcUnits units) {
  const auto name_end = stat.rfind(')');
  if (name_end == stat.npos) return std::nullopt;
  const auto fields = words(stat.substr(name_end + 1));  // from field 3 of proc(5) on
  const auto field = [&](std::size_t number) {
    return number - 3 < fields.size() ? to_number(fields[number - 3]) : std::nullopt;
  };
  const auto user = field(14), system = field(15), threads = field(20), start = field(22), bytes = field(23),
             pages = field(24);
  if (!user || !system || !threads || !start || !bytes || !pages) return std::nullopt;
  return ProcessStat{(*user + *system) / units.ticks_per_second, *threads, *start / units.ticks_per_second, *bytes,
                     *pages * units.page_bytes};
}

std::optional<double> parse_boot_time(std::string_view stat) {
  constexpr std::string_view kKey = "\nbtime ";
  const auto at = stat.find(kKey);
  return at == stat.npos ? std::nullopt : to_number(stat.substr(at + kKey.size()));
}

void append_process(std::string& out, TextFormat format, bool created) {
  Writer writer(out, format);
  if (const auto stat = parse_process_stat(read_file("/proc/self/stat"), units_here())) {
    const auto started = start_time(*stat);
    writer.family(
        {"process_cpu_seconds_total", MetricType::counter, "Total user and system CPU time spent in seconds."},
        stat->cpu_seconds);
    if (created && started && format == TextFormat::open_metrics) {
      append_sample(out, "process_cpu_seconds", "_created", "", *started);
    }
    writer.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", started);
    writer.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", stat->virtual_bytes);
    writer.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", stat->resident_bytes);
    writer.gauge("process_threads", "Number of OS threads in the process.", stat->threads);
  }
  writer.gauge("process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.",
               soft_limit(RLIMIT_AS));
  writer.gauge("process_open_fds", "Number of open file descriptors.", open_descriptors());
  writer.gauge("process_max_fds", "Maximum number of open file descriptors.", soft_limit(RLIMIT_NOFILE));
}

}  // namespace runwatch::metrics
