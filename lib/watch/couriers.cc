#include "watch/couriers.h"

#include <algorithm>
#include <utility>

#include "view/health.h"

namespace runwatch::watch {
namespace {

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
    if (line.phase == rule::Phase::gathering || line.held()) continue;
    if (std::ranges::find(line.shown_to, receiver) != line.shown_to.end()) out.push_back(standing_of(line));
  }
  return out;
}

std::shared_ptr<Couriers::Known> Couriers::start(const ReceiverSettings& receiver) {
  auto known = std::make_shared<Known>();
  known->options = receiver.options;
  if (receiver.options.type != notify::Type::alertmanager) {
    known->courier = std::make_unique<notify::Courier>(receiver.options, line_of(receiver), deps_.hooks, deps_.clock);
    return known;
  }
  for (std::size_t place = 0; place < receiver.options.credentials.urls.size(); ++place) {
    notify::StandingHooks hooks{.standing = [this, name = receiver.options.name] { return standing(name); },
                                .done = deps_.done,
                                .mark = deps_.hooks.mark};
    known->of_alertmanager.push_back(std::make_unique<notify::AlertmanagerCourier>(
        receiver.options, place, line_of(receiver), std::move(hooks), deps_.clock));
  }
  return known;
}

// Those that go are waited for before another one begins: no row is under way twice.
void Couriers::reconfigure(const AlertSettings& settings) {
  auto known = known_.with([](const auto& all) { return all; });
  auto leaving = std::exchange(known, {});
  std::vector<const ReceiverSettings*> entering;
  for (const auto& receiver : settings.receivers) {
    const auto mine = leaving.find(receiver.options.name);
    if (mine == leaving.end() || !stays(*mine->second, receiver.options)) {
      entering.push_back(&receiver);
      continue;
    }
    if (mine->second->courier) mine->second->courier->reconfigure(receiver.options, line_of(receiver));
    mine->second->options = receiver.options;
    known.insert(leaving.extract(mine));
  }
  known_.with([&](auto& all) { all = known; });
  end(leaving);
  for (const auto* receiver : entering) known.emplace(receiver->options.name, start(*receiver));
  known_.with([&](auto& all) { all = std::move(known); });
  beat(settings.heartbeat);
}

bool Couriers::stays(const Known& known, const notify::ReceiverOptions& options) {
  return known.courier ? known.options.type == options.type : known.options == options;
}

void Couriers::beat(const std::optional<HeartbeatSettings>& settings) {
  if (heartbeat_ && heartbeat_settings_ == settings) return;
  heartbeat_.reset();
  heartbeat_settings_ = settings;
  if (!settings) return;
  heartbeat_ = std::make_unique<notify::Heartbeat>(
      notify::HeartbeatOptions{.interval = settings->interval}, deps_.make_client("", ""),
      notify::HeartbeatHooks{
          .healthy = [this] { return view::is_well(*deps_.snapshot(), deps_.clock.steady_now(), deps_.paused()); },
          .url = settings->url,
          .mark = deps_.hooks.mark},
      deps_.clock);
}

void Couriers::wake(const std::set<std::string>& receivers) {
  const auto known = known_.with([](const auto& all) { return all; });
  for (const auto& name : receivers) {
    const auto found = known.find(name);
    if (found != known.end() && found->second->courier) found->second->courier->wake();
  }
}

void Couriers::wake_by_level() {
  const auto known = known_.with([](const auto& all) { return all; });
  for (const auto& [name, mine] : known) {
    for (const auto& courier : mine->of_alertmanager) courier->wake();
  }
}

// Asked to stop all together, then waited for: the moment that a request under way gets is one for all.
void Couriers::end(const All& ending) {
  for (const auto& [name, mine] : ending) {
    if (mine->courier) mine->courier->stop();
    for (const auto& courier : mine->of_alertmanager) courier->stop();
  }
  for (const auto& [name, mine] : ending) {
    if (mine->courier) mine->courier->join();
    for (const auto& courier : mine->of_alertmanager) courier->join();
  }
}

void Couriers::end() {
  if (heartbeat_) heartbeat_->stop();
  end(known_.with([](auto& all) { return std::exchange(all, {}); }));
  heartbeat_.reset();
}

}  // namespace runwatch::watch
