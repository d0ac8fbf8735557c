#include "metrics/alert_meters.h"

#include <algorithm>

namespace runwatch::metrics {
namespace {

using prometheus::Histogram;

const Histogram::BucketBoundaries& duration_bounds() {
  static const Histogram::BucketBoundaries bounds{0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15};
  return bounds;
}

// From a commit to its 2xx.
const Histogram::BucketBoundaries& latency_bounds() {
  static const Histogram::BucketBoundaries bounds{0.5, 1, 2, 5, 10, 15, 30, 60, 300, 3600, 86400};
  return bounds;
}

auto& counters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
auto& gauges(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
auto& histograms(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

AlertMeters::AlertMeters(prometheus::Registry& registry)
    : open_(gauges(registry, "runwatch_incidents_open", "Incidents that are open, by rule.")),
      opened_(counters(registry, "runwatch_incidents_opened_total", "Incidents that opened, by rule.")),
      resolved_(counters(registry, "runwatch_incidents_resolved_total", "Incidents that were resolved, by rule.")),
      pending_(gauges(registry, "runwatch_outbox_pending", "Notices that wait to be delivered.")),
      dead_(gauges(registry, "runwatch_outbox_dead", "Notices that were given up and can be replayed.")),
      oldest_(gauges(registry, "runwatch_outbox_oldest_timestamp_seconds",
                     "When the oldest notice that waits was committed; absent where none waits.")),
      attempts_(counters(registry, "runwatch_delivery_attempts_total", "Requests to a receiver.")),
      delivered_(counters(registry, "runwatch_deliveries_total", "Notices that a receiver took.")),
      failures_(counters(registry, "runwatch_delivery_failures_total",
                         "Requests to a receiver that delivered nothing, by reason.")),
      duration_(histograms(registry, "runwatch_delivery_duration_seconds", "Time a request to a receiver took.")),
      latency_(histograms(registry, "runwatch_alert_latency_seconds", "From the commit of a notice to its delivery.")) {
  auto& suppressed = counters(registry, "runwatch_notices_suppressed_total",
                              "Attempts that failed, or notices, that were not told, by reason.");
  for (std::size_t i = 0; i < suppressed_.size(); ++i) {
    suppressed_[i] = &suppressed.Add({{"reason", std::string(kSuppressionNames[i])}});
  }
}

RuleMeters AlertMeters::make_rule(const std::string& rule) {
  const prometheus::Labels labels{{"rule", rule}};
  return {&open_.Add(labels), &opened_.Add(labels), &resolved_.Add(labels)};
}

ReceiverMeters AlertMeters::make_receiver(const std::string& receiver) {
  const prometheus::Labels labels{{"receiver", receiver}};
  ReceiverMeters meters;
  meters.pending = &pending_.Add(labels);
  meters.dead = &dead_.Add(labels);
  meters.attempts = &attempts_.Add(labels);
  meters.delivered = &delivered_.Add(labels);
  for (std::size_t i = 0; i < meters.failures.size(); ++i) {
    meters.failures[i] = &failures_.Add({{"receiver", receiver}, {"reason", std::string(kDeliveryReasonNames[i])}});
  }
  meters.duration = &duration_.Add(labels, duration_bounds());
  meters.latency = &latency_.Add(labels, latency_bounds());
  return meters;
}

void AlertMeters::remove(const RuleMeters& meters) {
  open_.Remove(meters.open);
  opened_.Remove(meters.opened);
  resolved_.Remove(meters.resolved);
}

void AlertMeters::remove(const ReceiverMeters& meters) {
  pending_.Remove(meters.pending);
  dead_.Remove(meters.dead);
  if (meters.oldest != nullptr) oldest_.Remove(meters.oldest);
  attempts_.Remove(meters.attempts);
  delivered_.Remove(meters.delivered);
  for (auto* failure : meters.failures) failures_.Remove(failure);
  duration_.Remove(meters.duration);
  latency_.Remove(meters.latency);
}

void AlertMeters::keep_only(const std::vector<std::string>& rules, const std::vector<std::string>& receivers) {
  const auto keep = [this](auto& known, const std::vector<std::string>& names) {
    std::erase_if(known, [&](const auto& entry) {
      if (std::ranges::find(names, entry.first) != names.end()) return false;
      remove(entry.second);
      return true;
    });
  };
  rules_.with([&](auto& known) { keep(known, rules); });
  receivers_.with([&](auto& known) { keep(known, receivers); });
  for (const auto& rule : rules) with_rule(rule, [](RuleMeters&) {});
  for (const auto& receiver : receivers) with_receiver(receiver, [](ReceiverMeters&) {});
}

void AlertMeters::outbox_oldest(const std::string& receiver, std::optional<core::WallTime> oldest) {
  with_receiver(receiver, [&](ReceiverMeters& meters) {
    if (oldest && meters.oldest == nullptr) meters.oldest = &oldest_.Add({{"receiver", receiver}});
    if (oldest) {
      meters.oldest->Set(core::unix_seconds(*oldest));
    } else if (meters.oldest != nullptr) {
      oldest_.Remove(meters.oldest);
      meters.oldest = nullptr;
    }
  });
}

}  // namespace runwatch::metrics
