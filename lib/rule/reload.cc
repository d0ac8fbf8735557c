#include <fmt/format.h>

#include "rule/draft.h"

namespace runwatch::rule {
namespace {

std::string terms_of(const Rule& rule) {
  auto terms = fmt::format("for={}", rule.lasting.count());
  for (const auto reason : rule.reasons) terms += fmt::format(" {}", task::kFailureReasonNames[task::index(reason)]);
  return terms;
}

void compare_names(const auto& configured, const auto& known, std::vector<std::string>& gone) {
  for (const auto& [name, state] : known) {
    const bool there = std::ranges::any_of(configured, [&](const auto& it) { return it.name == name; });
    if (!there) gone.push_back(name);
  }
}

bool includes(const Draft& draft, const Rule& rule) {
  const auto names = receivers_of(draft, {}, &rule, Kind::event);
  return rule.when == When::task_finished && std::ranges::any_of(draft.settings.receivers, [&](const auto& receiver) {
           return receiver.includes && contains(names, receiver.name);
         });
}

Terms terms_asked(const Draft& draft) {
  Terms terms;
  for (const auto& rule : draft.settings.rules) {
    const bool windowed = rule.window != core::Duration::zero();
    if (windowed && !contains(terms.windows, rule.window)) terms.windows.push_back(rule.window);
    if (includes(draft, rule)) terms.including.push_back(rule.name);
  }
  std::ranges::sort(terms.windows);
  std::ranges::sort(terms.including);
  return terms;
}

// The names of those that are another one now.
std::vector<std::string> compare_receivers(Draft& draft) {
  std::vector<std::string> others;
  for (const auto& receiver : draft.settings.receivers) {
    const auto known = draft.memory.receivers.find(receiver.name);
    const bool is_new = known == draft.memory.receivers.end();
    if (!is_new && known->second.type == receiver.type) continue;
    draft.out.receivers.push_back({receiver.name, receiver.type});
    if (!is_new && !known->second.type.empty()) others.push_back(receiver.name);
  }
  draft.out.receivers_changed = others;
  return others;
}

}  // namespace

void reload(Draft& draft) {
  const auto& memory = draft.memory;
  std::set<std::string> changed;
  for (const auto& rule : draft.settings.rules) {
    const RuleState state{rule.name, rule.when, terms_of(rule)};
    const auto known = memory.rules.find(rule.name);
    if (known != memory.rules.end() && known->second == state) continue;
    if (known != memory.rules.end()) changed.insert(rule.name);
    draft.out.rules.push_back(state);
  }
  compare_names(draft.settings.rules, memory.rules, draft.out.rules_gone);
  std::vector<std::string> others = compare_receivers(draft);
  compare_names(draft.settings.receivers, memory.receivers, draft.out.receivers_gone);
  others.insert(others.end(), draft.out.receivers_gone.begin(), draft.out.receivers_gone.end());
  if (auto terms = terms_asked(draft); terms != memory.terms) draft.out.terms = std::move(terms);
  for (const auto& [key, mark] : memory.marks)
    if (contains(draft.out.rules_gone, mark.rule) || changed.contains(mark.rule)) draft.out.unmarked.push_back(mark);
  for (const auto& known : memory.incidents) {
    auto& it = draft.touch(known.number);
    std::erase_if(it.incident.receivers, [&](const auto& name) { return contains(others, name); });
    if (it.totals.waiting > 0 && changed.contains(known.rule)) {  // what entered under another rule is not its
      Rows rows = draft.rows(it);
      std::erase_if(rows, [](const Member& row) { return !has_met(row); });
      draft.set_rows(it, std::move(rows));
    }
    greet(draft, it);
  }
  for (const auto& [run, watch] : memory.watches) {  // rules about a state judge at once
    draft.out.watched.push_back(watch);
    draft.out.watched.back().next = draft.now.lived;
  }
}

// A receiver that was not told yet gets a firing of its own, with what is told to the others and open.
void greet(Draft& draft, Case& it) {
  auto& incident = it.incident;
  const auto* rule = draft.rule_of(incident);
  if (incident.phase != Phase::open || incident.notices == 0 || rule == nullptr) return;
  if (has_members(incident.when) && it.totals.open == 0) return;  // its end alone is left to tell
  if (draft.silenced_until(incident) != task::kNoTime) return;
  for (const auto& name : receivers_of(draft, incident, rule, Kind::firing)) {
    if (contains(incident.receivers, name)) continue;
    auto notice = notice_of(draft, it, rule, Kind::firing);
    notice.id = digest_of({incident.id, "added", name, std::to_string(incident.notices)});
    notice.update = 0;
    notice.receivers = {name};
    const Rows rows = draft.rows(it);
    each_task(rows, [&](std::span<const Member>, const Member* stands) {
      if (stands != nullptr && !is_over(*stands) && stands->told) show(notice, *stands);
    });
    notice.counts.open = notice.counts.fresh;
    draft.out.notices.push_back(std::move(notice));
    incident.receivers.push_back(name);
  }
}

}  // namespace runwatch::rule
