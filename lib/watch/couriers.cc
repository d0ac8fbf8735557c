#include "watch/couriers.h"

#include <algorithm>
#include <utility>

namespace runwatch::watch {
namespace {

// A dead man's switch is to go off when notices are not delivered.
constexpr core::Duration kOldestNotice = std::chrono::minutes(5);

bool is_well(const view::Snapshot& snapshot, core::WallTime now, core::Duration interval) {
  const auto fresh = [&](core::WallTime success, core::Duration period) {
    return success != task::kNoTime && now - success <= 3 * std::max(period, interval);
  };
  const auto& list = snapshot.organization;
  if (!snapshot.ready() || (list && !fresh(list->last_success, std::chrono::minutes(1)))) return false;
  const auto space_is_well = [&](const auto& space) { return space->up == true; };
  const auto& receivers = snapshot.alerts->receivers;
  return std::ranges::all_of(snapshot.spaces, space_is_well) &&
         std::ranges::all_of(receivers, [&](const view::ReceiverStanding& receiver) {
           return receiver.pending == 0 || now - receiver.oldest <= kOldestNotice;
         });
}

notify::Standing standing_of(const view::IncidentStanding& line) {
  const auto& notice = line.notice;
  return {.rule = notice.rule,
          .when = notice.when,
          .severity = notice.severity,
          .labels = notice.labels,
          .runbook = notice.runbook,
          .incident = notice.incident,
          .space = notice.space,
          .run_id = notice.run_id,
          .about = notice.about,
          .why = notice.why,
          .started = notice.started,
          .ended = notice.ended};
}

}  // namespace

notify::Line Couriers::line_of(const ReceiverSettings& receiver) const {
  return {deps_.make_client(receiver.options.ca_file, receiver.options.proxy), receiver.reread};
}

std::vector<notify::Standing> Couriers::standing(const std::string& receiver) const {
  std::vector<notify::Standing> out;
  for (const auto& line : deps_.snapshot()->alerts->incidents) {
    if (line.phase == rule::Phase::gathering || line.silenced) continue;
    if (std::ranges::find(line.shown_to, receiver) != line.shown_to.end()) out.push_back(standing_of(line));
  }
  return out;
}

Couriers::Known Couriers::start(const ReceiverSettings& receiver) {
  Known known;
  known.options = receiver.options;
  if (receiver.options.type != notify::Type::alertmanager) {
    known.courier = std::make_unique<notify::Courier>(receiver.options, line_of(receiver), deps_.hooks, deps_.clock);
    return known;
  }
  for (std::size_t place = 0; place < receiver.options.credentials.urls.size(); ++place) {
    notify::StandingHooks hooks{.standing = [this, name = receiver.options.name] { return standing(name); },
                                .done = deps_.done,
                                .mark = deps_.hooks.mark};
    known.of_alertmanager.push_back(std::make_unique<notify::AlertmanagerCourier>(
        receiver.options, place, line_of(receiver), std::move(hooks), deps_.clock));
  }
  return known;
}

void Couriers::reconfigure(const AlertSettings& settings) {
  std::vector<Known> leaving;  // waited for when the lock is free: the ledger wakes couriers under it
  known_.with([&](auto& known) {
    const auto stays = [&](const auto& entry) {
      return std::ranges::any_of(settings.receivers, [&](const auto& receiver) {
        return receiver.options.name == entry.first && receiver.options.type == entry.second.options.type;
      });
    };
    for (auto entry = known.begin(); entry != known.end();) {
      if (stays(*entry)) {
        ++entry;
      } else {
        leaving.push_back(std::move(entry->second));
        entry = known.erase(entry);
      }
    }
    for (const auto& receiver : settings.receivers) {
      auto& mine = known[receiver.options.name];
      if (mine.courier) {
        mine.courier->reconfigure(receiver.options, line_of(receiver));  // a disabled one is tried again, too
        mine.options = receiver.options;
      } else if (mine.of_alertmanager.empty() || !(mine.options == receiver.options)) {
        leaving.push_back(std::exchange(mine, start(receiver)));
      }
    }
  });
  for (auto& known : leaving) stop(known);
  leaving.clear();
  if (heartbeat_ && heartbeat_settings_ == settings.heartbeat) return;
  heartbeat_.reset();
  heartbeat_settings_ = settings.heartbeat;
  if (!settings.heartbeat) return;
  const auto interval = settings.heartbeat->interval;
  heartbeat_ = std::make_unique<notify::Heartbeat>(
      notify::HeartbeatOptions{.interval = interval}, deps_.make_client("", ""),
      notify::HeartbeatHooks{
          .healthy = [this, interval] { return is_well(*deps_.snapshot(), deps_.clock.wall_now(), interval); },
          .url = settings.heartbeat->url,
          .mark = deps_.hooks.mark},
      deps_.clock);
}

void Couriers::wake(const std::set<std::string>& receivers) {
  known_.with([&](auto& known) {
    for (const auto& name : receivers) {
      const auto found = known.find(name);
      if (found != known.end() && found->second.courier) found->second.courier->wake();
    }
  });
}

void Couriers::wake_by_level() {
  known_.with([](auto& known) {
    for (auto& [name, mine] : known) {
      for (auto& courier : mine.of_alertmanager) courier->wake();
    }
  });
}

void Couriers::stop(Known& known) {
  if (known.courier) known.courier->stop();
  for (auto& courier : known.of_alertmanager) courier->stop();
}

// Asked to stop all together, then waited for: the moment that a request under way gets is one for all.
void Couriers::end() {
  std::map<std::string, Known> ending;
  known_.with([&](auto& known) { ending.swap(known); });
  for (auto& [name, mine] : ending) stop(mine);
  if (heartbeat_) heartbeat_->stop();
  heartbeat_.reset();
}

}  // namespace runwatch::watch
