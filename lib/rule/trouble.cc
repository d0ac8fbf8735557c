#include "core/text.h"
#include "rule/draft.h"

namespace runwatch::rule {
namespace {

constexpr Place kAccount{0, 0};
constexpr std::size_t kMostValues = 50;  // in an incident; a platform that makes them up is told of often enough
constexpr std::size_t kLongestValue = 60;

Incident& fail(Draft& draft, const Rule& rule, const Place& place, core::WallTime since, const std::string& about) {
  auto& it = hold(draft, rule, place, since, std::max(rule.lasting, draft.settings.group_wait), about);
  it.incident.about = about;
  return it.incident;
}

// The account's incident names the spaces that fail by its cause, by their numbers.
void see_account(Draft& draft, const Rule& rule, const Sight& sight) {
  const auto number = std::to_string(draft.event->space.number);
  if (!sight.whole && (sight.of_account || number == "0")) {
    auto& values = fail(draft, rule, kAccount, draft.now.wall, sight.reason).values;
    if (!contains(values, number)) values.push_back(number);
  } else if (auto* it = draft.find(rule, kAccount)) {
    std::erase_if(it->incident.values, [&](const std::string& failing) {
      return failing == number || (failing != "0" && !draft.space_of(std::stoll(failing)));
    });
    if (it->incident.values.empty()) release(draft, *it);
  }
}

}  // namespace

void see_sight(Draft& draft, const Sight& sight) {
  const Place place{draft.event->space.number, 0};
  for (const auto& rule : draft.settings.rules) {
    if (rule.when != When::poll_failing || !covers(rule, draft.event->space.name)) continue;
    see_account(draft, rule, sight);
    if (place == kAccount) continue;
    auto* it = draft.find(rule, place);
    if (!sight.whole && !sight.of_account) {
      fail(draft, rule, place, draft.now.wall, sight.reason);
    } else if (it != nullptr && sight.whole) {
      release(draft, *it);
    } else if (it != nullptr && it->incident.phase == Phase::gathering && it->incident.notices == 0) {
      it->closed = true;  // the account's incident speaks for it
    }
  }
}

void see_unknown_statuses(Draft& draft) {
  const Place place{draft.event->space.number, 0};
  for (const auto& text : draft.event->unknown_statuses) {
    const auto value = core::printable(text, kLongestValue);
    for (const auto& rule : draft.settings.rules) {
      if (rule.when != When::unknown_status || !covers(rule, draft.event->space.name)) continue;
      auto& incident = hold(draft, rule, place, draft.now.wall, draft.settings.group_wait).incident;
      if (incident.values.size() >= kMostValues || contains(incident.values, value)) continue;
      incident.values.push_back(value);
      incident.about += (incident.about.empty() ? "" : ", ") + value;
    }
  }
}

void see_delivery(Draft& draft, const std::string& receiver, core::WallTime failing_since, bool disabled) {
  const auto known = draft.memory.receivers.find(receiver);
  auto state = known == draft.memory.receivers.end() ? ReceiverState{receiver, {}} : known->second;
  state.failing_since = failing_since;
  state.disabled = disabled;
  if (known == draft.memory.receivers.end() || known->second != state) draft.out.receivers.push_back(state);
  const auto since = failing_since == task::kNoTime ? draft.now.wall : failing_since;
  for (const auto& rule : draft.settings.rules) {
    if (rule.when != When::delivery_failing) continue;
    if (disabled || failing_since != task::kNoTime) {
      fail(draft, rule, kAccount, since, receiver);
    } else if (auto* it = draft.find(rule, kAccount, receiver)) {
      release(draft, *it);
    }
  }
}

}  // namespace runwatch::rule
