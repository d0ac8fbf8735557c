#include "metrics/meters.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text.h"
#include "metrics/registry.h"

namespace runwatch::metrics {
namespace {

constexpr int kLeastCode = 100;
constexpr int kMostCode = 599;
constexpr int kGoodCode = 200;  // of nearly all answers: finding a counter by its labels costs more than counting

template <std::size_t N, class E>
std::string name_in(const std::array<std::string_view, N>& names, E value) {
  return std::string(names[static_cast<std::size_t>(value)]);
}

// prometheus-cpp gives a histogram back by its sums alone, and takes it so.
void add_all(prometheus::Histogram& to, const prometheus::ClientMetric::Histogram& from) {
  std::vector<double> counts;
  std::uint64_t below = 0;
  for (const auto& bucket : from.bucket) {
    counts.push_back(static_cast<double>(bucket.cumulative_count - below));
    below = bucket.cumulative_count;
  }
  to.ObserveMultiple(counts, from.sample_sum);
}

void add_all(SpaceMeters& to, const SpaceMeters& from) {
  to.polls->Increment(from.polls->Value());
  for (std::size_t i = 0; i < to.failures.size(); ++i) to.failures[i]->Increment(from.failures[i]->Value());
  add_all(*to.duration, from.duration->Collect().histogram);
  to.overruns->Increment(from.overruns->Value());
  to.pages->Increment(from.pages->Value());
  to.duplicate_rows->Increment(from.duplicate_rows->Value());
}

}  // namespace

Meters::Meters(const BuildInfo& build) : impl_(std::make_unique<Impl>(build)) {}
Meters::~Meters() = default;

void Meters::add_space(const std::string& space) {
  impl_->with_space(space, [](SpaceMeters&) {});
}

void Meters::rename_space(const std::string& from, const std::string& to) {
  const auto before = core::to_valid_utf8(from);
  const auto after = core::to_valid_utf8(to);
  if (before == after) return;
  impl_->spaces.with([&](auto& spaces) {
    const auto old = spaces.find(before);
    if (old == spaces.end()) return;
    auto& meters = spaces.try_emplace(after, impl_->make_space(after)).first->second;
    add_all(meters, old->second);
    impl_->remove(old->second);
    spaces.erase(old);
  });
}

void Meters::keep_only(const std::vector<std::string>& names) {
  std::vector<std::string> kept;
  for (const auto& name : names) kept.push_back(core::to_valid_utf8(name));
  impl_->spaces.with([&](auto& spaces) {
    std::erase_if(spaces, [&](const auto& space) {
      if (std::ranges::find(kept, space.first) != kept.end()) return false;
      impl_->remove(space.second);
      return true;
    });
  });
}

void Meters::poll_ended(const std::string& space, Seconds took, std::uint64_t pages, std::uint64_t duplicate_rows) {
  impl_->with_space(space, [&](SpaceMeters& meters) {
    meters.polls->Increment();
    meters.duration->Observe(took.count());
    if (meters.pages == nullptr) return;
    meters.pages->Increment(static_cast<double>(pages));
    meters.duplicate_rows->Increment(static_cast<double>(duplicate_rows));
  });
}

void Meters::poll_failed(const std::string& space, view::PollReason reason) {
  impl_->with_space(space,
                    [&](SpaceMeters& meters) { meters.failures[static_cast<std::size_t>(reason)]->Increment(); });
}

void Meters::poll_overrun(const std::string& space) {
  impl_->with_space(space, [](SpaceMeters& meters) { meters.overruns->Increment(); });
}

void Meters::space_list(std::optional<bool> complete) {
  auto& gauge = impl_->space_list_up.Add({});
  if (complete) {
    gauge.Set(*complete ? 1 : 0);
  } else {
    impl_->space_list_up.Remove(&gauge);
  }
}

void Meters::api_request(Endpoint endpoint, int code, Seconds took, std::uint64_t response_bytes) {
  const auto& meters = impl_->endpoints[static_cast<std::size_t>(endpoint)];
  if (code == kGoodCode) {
    meters.good_requests->Increment();
  } else {
    const bool answered = code >= kLeastCode && code <= kMostCode;
    const auto name = name_in(kEndpointNames, endpoint);
    impl_->api_requests.Add({{"endpoint", name}, {"code", answered ? std::to_string(code) : "none"}}).Increment();
  }
  meters.duration->Observe(took.count());
  meters.bytes->Increment(static_cast<double>(response_bytes));
}

void Meters::api_throttled(Seconds waited) { impl_->api_throttled.Increment(waited.count()); }

void Meters::api_paused_until(core::WallTime time) { impl_->api_paused_until.Set(core::unix_seconds(time)); }

void Meters::store_committed(Seconds took) { impl_->store_commit_duration.Observe(took.count()); }

void Meters::store_error(StoreError kind) { impl_->store_errors[static_cast<std::size_t>(kind)]->Increment(); }

void Meters::store_size(std::uint64_t database, std::uint64_t wal) {
  impl_->store_bytes.Add({}).Set(static_cast<double>(database));
  impl_->store_wal_bytes.Add({}).Set(static_cast<double>(wal));
}

void Meters::keep_only_alerts(const std::vector<std::string>& rules, const std::vector<std::string>& receivers) {
  impl_->alerts.keep_only(rules, receivers);
}

void Meters::incidents_open(const std::string& rule, std::uint64_t open) {
  impl_->alerts.with_rule(rule, [&](RuleMeters& meters) { meters.open->Set(static_cast<double>(open)); });
}

void Meters::incidents_opened(const std::string& rule, double more) {
  impl_->alerts.with_rule(rule, [&](RuleMeters& meters) { meters.opened->Increment(more); });
}

void Meters::incidents_resolved(const std::string& rule, double more) {
  impl_->alerts.with_rule(rule, [&](RuleMeters& meters) { meters.resolved->Increment(more); });
}

void Meters::notices_suppressed(std::size_t reason, double more) { impl_->alerts.suppressed(reason, more); }

void Meters::outbox(const std::string& receiver, std::uint64_t pending, std::uint64_t dead,
                    std::optional<core::WallTime> oldest) {
  impl_->alerts.with_receiver(receiver, [&](ReceiverMeters& meters) {
    meters.pending->Set(static_cast<double>(pending));
    meters.dead->Set(static_cast<double>(dead));
  });
  impl_->alerts.outbox_oldest(receiver, oldest);
}

void Meters::delivery_attempted(const std::string& receiver, Seconds took, std::optional<std::string_view> reason,
                                std::optional<Seconds> latency) {
  impl_->alerts.with_receiver(receiver, [&](ReceiverMeters& meters) {
    meters.attempts->Increment();
    meters.duration->Observe(took.count());
    if (!reason) {
      meters.delivered->Increment();
      if (latency) meters.latency->Observe(latency->count());
      return;
    }
    const auto found = std::ranges::find(kDeliveryReasonNames, *reason);
    const auto known = found == kDeliveryReasonNames.end() ? found - 1 : found;
    meters.failures[static_cast<std::size_t>(known - kDeliveryReasonNames.begin())]->Increment();
  });
}

void Meters::config_reloaded(bool successful, core::WallTime now) {
  impl_->reload_successful.Add({}).Set(successful ? 1 : 0);
  if (successful) impl_->reload_success_time.Add({}).Set(core::unix_seconds(now));
}

void Meters::progress(Loop loop, std::optional<core::WallTime> at) {
  auto& gauge = impl_->loop_progress.Add({{"loop", name_in(kLoopNames, loop)}});
  if (at) {
    gauge.Set(core::unix_seconds(*at));
  } else {
    impl_->loop_progress.Remove(&gauge);
  }
}

}  // namespace runwatch::metrics
