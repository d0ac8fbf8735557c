// The organization's list of spaces, where the configuration names none.
#include <algorithm>
#include <utility>

#include "core/log.h"
#include "watch/ledger.h"
#include "watch/timing.h"

namespace runwatch::watch {
namespace {

constexpr int kAbsencesUntilHidden = 3;

}  // namespace

void Ledger::take(std::vector<unpod::SpaceInfo>& found, Fetched& fetched, Report& report) {
  const bool first = !organization_.tried;
  std::vector<std::int64_t> listed;
  for (const auto& info : found) {
    const auto number = enter_listed(info, report);
    if (!number) {
      report.outdated = report.outdated || number.error().reload;
      view::PollError why{view::PollReason::store, number.error().text, deps_.clock.wall_now()};
      return organization_failed(fetched, std::move(why), report);
    }
    listed.push_back(*number);
  }
  note_absences(listed);
  log_.tell_organization(nullptr, deps_.clock.steady_now());
  sight_changed_ = true;
  organization_.succeed(Moment::now(deps_.clock));
  failed_polls_.went_well({}, deps_.clock.wall_now());
  deps_.meters.space_list(true);
  deps_.meters.poll_ended(metrics::kOrganization, fetched.took, 0, 0);
  plan_organization(next_beat(first, fetched.due, settings_.discovery_interval, context()), report);
  has_news_ = true;
}

Ledger::Entered Ledger::enter_listed(const unpod::SpaceInfo& info, Report& report) {
  SpaceSettings settings = settings_.every_space;
  settings.token = info.token;
  SpaceState* known = roster_.find(info.token);
  if (known == nullptr) {
    auto number = enter_new(std::move(settings), roster_.free_slug(nullptr, info.slug), report);
    if (number) roster_.show(*number);
    return number;
  }
  const auto number = known->record.number;
  const bool was_hidden = roster_.is_hidden(*known);
  if (!was_hidden && !known->settings.token.empty()) return number;
  roster_.show(number);
  if (auto done = change(*known, std::move(settings), true, report); !done) {
    if (was_hidden) roster_.hide(number);  // nothing asks for it yet: the next list tries again
    return std::unexpected(done.error());
  }
  return number;
}

// A space that three lists lack is shown no more until one has it, at once one that was only known from the store.
void Ledger::note_absences(const std::vector<std::int64_t>& listed) {
  const auto shown = roster_.shown();
  for (const auto number : shown) {
    SpaceState& space = roster_.at(number);
    space.absences = std::ranges::find(listed, number) != listed.end() ? 0 : space.absences + 1;
    if (space.absences == 0 || (space.absences < kAbsencesUntilHidden && !space.settings.token.empty())) continue;
    if (!carry_out(alerts_.on_leaving(number), {})) continue;  // the next list tries again
    if (!space.settings.token.empty()) {
      core::log::warning("the organization's list of spaces has it no more", {{"space", space.name}});
    }
    roster_.hide(number);
  }
  keep_meters();
  forget_failed_polls();
}

void Ledger::organization_failed(const Fetched& fetched, view::PollError why, Report& report) {
  log_.tell_organization(&why, deps_.clock.steady_now());
  failed_polls_.failed({}, {}, {}, why);
  deps_.meters.space_list(false);
  deps_.meters.poll_ended(metrics::kOrganization, fetched.took, 0, 0);
  deps_.meters.poll_failed(metrics::kOrganization, why.reason);
  // Spaces that are known from the store and cannot be asked without the list fail with it.
  for (const auto number : roster_.shown()) {
    SpaceState& space = roster_.at(number);
    if (!space.settings.token.empty()) continue;
    Step step = after_failure(space, nullptr, why, context());
    step.next.clear();
    perform(space, nullptr, std::move(step), fetched, report);
  }
  const auto reason = why.reason;
  sight_changed_ = true;
  organization_.fail(std::move(why));
  plan_organization(retry_at(reason, organization_.failures, settings_.discovery_interval, context()), report);
  has_news_ = true;
}

void Ledger::plan_organization(core::SteadyTime due, Report& report) {
  Job job;
  job.kind = JobKind::spaces;
  job.ticket = organization_ticket_ = ++last_ticket_;
  report.next.push_back({std::move(job), due});
}

}  // namespace runwatch::watch
