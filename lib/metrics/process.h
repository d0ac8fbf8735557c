// The standard `process_` families, from /proc (proc(5)) and the limits of this process.
//
// What cannot be read has no line. process_heap_bytes is left out: glibc's heap is not what the process takes.
#pragma once

#include <optional>
#include <string>

#include "metrics/text.h"

namespace runwatch::metrics {

struct ProcessStat {
  double cpu_seconds = 0;
  double threads = 0;
  double started_after_boot_seconds = 0;
  double virtual_bytes = 0;
  double resident_bytes = 0;

  bool operator==(const ProcessStat&) const = default;
};

struct ProcUnits {
  double ticks_per_second;
  double page_bytes;
};

// /proc/self/stat, whose second field may hold blanks and parentheses.
std::optional<ProcessStat> parse_process_stat(const std::string& stat, ProcUnits units);
// Seconds since 1970, of what started so many seconds after the boot, where the boot was `since_boot` ago.
double started_at(double started_after_boot, double since_boot, double now);

// With `created`, OpenMetrics gets the start of the process as `_created` of its counter.
void append_process(std::string& out, TextFormat format, bool created);

}  // namespace runwatch::metrics
