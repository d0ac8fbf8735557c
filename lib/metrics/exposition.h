// The bytes of /metrics, made when the state changes and handed out without touching it.
//
// `publish` renders only the runs and spaces whose snapshot is another object than before; a scrape concatenates
// what is there and adds the meters.
// Threads: `publish` from one thread; `render` from any, concurrently with it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "metrics/meters.h"
#include "metrics/text.h"
#include "view/snapshot.h"

namespace runwatch::metrics {

struct ExpositionOptions {
  std::uint64_t max_series = 20000;  // run series beyond it are dropped, whole runs, oldest first, and counted
  bool created_series = false;       // OpenMetrics `_created`
};

class Exposition {
 public:
  Exposition(ExpositionOptions options, Meters& meters);
  ~Exposition();
  Exposition(const Exposition&) = delete;
  Exposition& operator=(const Exposition&) = delete;

  void publish(std::shared_ptr<const view::Snapshot> snapshot);
  std::shared_ptr<const view::Snapshot> snapshot() const;  // the last one published; never null

  std::string render(TextFormat format) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The families of a snapshot alone, without meters and counters: what `once --format prometheus` prints.
std::string render_gauges(const view::Snapshot& snapshot);

}  // namespace runwatch::metrics
