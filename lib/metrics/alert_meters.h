// The meters of rules and receivers, private to the room.
//
// Threads: any; handles are used under the lock that also guards their removal.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/guarded.h"
#include "metrics/meters.h"

namespace runwatch::metrics {

struct RuleMeters {
  prometheus::Gauge* open = nullptr;
  prometheus::Counter* opened = nullptr;
  prometheus::Counter* resolved = nullptr;
};

struct ReceiverMeters {
  prometheus::Gauge* pending = nullptr;
  prometheus::Gauge* dead = nullptr;
  prometheus::Gauge* oldest = nullptr;  // null: nothing waits
  prometheus::Counter* attempts = nullptr;
  prometheus::Counter* delivered = nullptr;
  std::array<prometheus::Counter*, kDeliveryReasonNames.size()> failures{};
  prometheus::Histogram* duration = nullptr;
  prometheus::Histogram* latency = nullptr;
};

class AlertMeters {
 public:
  explicit AlertMeters(prometheus::Registry& registry);

  // `use` gets the meters of a rule or receiver, made now if need be, under the lock.
  template <class Use>
  void with_rule(const std::string& rule, Use&& use) {
    rules_.with([&](auto& rules) {
      auto& meters = rules[rule];
      if (meters.open == nullptr) meters = make_rule(rule);
      use(meters);
    });
  }
  template <class Use>
  void with_receiver(const std::string& receiver, Use&& use) {
    receivers_.with([&](auto& receivers) {
      auto& meters = receivers[receiver];
      if (meters.pending == nullptr) meters = make_receiver(receiver);
      use(meters);
    });
  }
  void keep_only(const std::vector<std::string>& rules, const std::vector<std::string>& receivers);
  void suppressed(std::size_t reason, double attempts) { suppressed_[reason]->Increment(attempts); }
  void outbox_oldest(const std::string& receiver, std::optional<core::WallTime> oldest);

 private:
  RuleMeters make_rule(const std::string& rule);
  ReceiverMeters make_receiver(const std::string& receiver);
  void remove(const RuleMeters& meters);
  void remove(const ReceiverMeters& meters);

  prometheus::Family<prometheus::Gauge>& open_;
  prometheus::Family<prometheus::Counter>& opened_;
  prometheus::Family<prometheus::Counter>& resolved_;
  std::array<prometheus::Counter*, kSuppressionNames.size()> suppressed_{};
  prometheus::Family<prometheus::Gauge>& pending_;
  prometheus::Family<prometheus::Gauge>& dead_;
  prometheus::Family<prometheus::Gauge>& oldest_;
  prometheus::Family<prometheus::Counter>& attempts_;
  prometheus::Family<prometheus::Counter>& delivered_;
  prometheus::Family<prometheus::Counter>& failures_;
  prometheus::Family<prometheus::Histogram>& duration_;
  prometheus::Family<prometheus::Histogram>& latency_;
  core::Guarded<std::map<std::string, RuleMeters, std::less<>>> rules_;
  core::Guarded<std::map<std::string, ReceiverMeters, std::less<>>> receivers_;
};

}  // namespace runwatch::metrics
