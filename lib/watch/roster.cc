#include "watch/roster.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/digest.h"
#include "watch/labels.h"

namespace runwatch::watch {

bool Roster::is_shown(const SpaceState& space) const {
  return std::ranges::find(shown_, space.record.number) != shown_.end();
}

SpaceState* Roster::find(std::int64_t number) {
  const auto found = spaces_.find(number);
  return found == spaces_.end() ? nullptr : &found->second;
}

SpaceState* Roster::find(const core::Secret& token) {
  const core::SpaceKeys keys(token);
  for (auto& [number, space] : spaces_) {
    if (keys.fit(space.record.key)) return &space;
  }
  return nullptr;
}

SpaceState& Roster::enter(SpaceState space) {
  const auto number = space.record.number;
  return spaces_.insert_or_assign(number, std::move(space)).first->second;
}

void Roster::leave(std::int64_t number) {
  std::erase(shown_, number);
  hidden_.erase(number);
  spaces_.erase(number);
}

void Roster::keep(const std::vector<std::int64_t>& numbers) {
  const std::set<std::int64_t> kept(numbers.begin(), numbers.end());
  std::erase_if(spaces_, [&](const auto& entry) { return !kept.contains(entry.first); });
  std::erase_if(hidden_, [&](std::int64_t number) { return !kept.contains(number); });
  shown_ = numbers;
  std::erase_if(shown_, [this](std::int64_t number) { return hidden_.contains(number); });
  relabel();
}

void Roster::show(std::int64_t number) {
  SpaceState& space = at(number);
  if (is_shown(space)) return;
  hidden_.erase(number);
  shown_.push_back(number);
  if (!space.name.empty()) meters_.add_space(space.name);
  space.changed = true;
  relabel();
}

void Roster::hide(std::int64_t number) {
  std::erase(shown_, number);
  hidden_.insert(number);
}

void Roster::relabel() {
  std::vector<SpaceNaming> namings;
  for (const auto number : shown_) {
    const SpaceState& space = at(number);
    namings.push_back({space.settings.name, space.record.slug, space.name});
  }
  const auto labels = label_spaces(namings);
  for (std::size_t i = 0; i < shown_.size(); ++i) {  // where two swap their names, meters would run into each other
    SpaceState& space = at(shown_[i]);
    if (space.name.empty() || space.name == labels[i] || std::ranges::find(labels, space.name) == labels.end())
      continue;
    const auto aside = space.name + "\n";  // no label has that
    meters_.rename_space(std::exchange(space.name, aside), aside);
  }
  for (std::size_t i = 0; i < shown_.size(); ++i) {
    SpaceState& space = at(shown_[i]);
    if (space.name == labels[i]) continue;
    if (space.name.empty()) {
      meters_.add_space(labels[i]);
    } else {
      meters_.rename_space(space.name, labels[i]);
    }
    space.name = labels[i];
    space.changed = true;
  }
}

std::string Roster::free_slug(const SpaceState* owner, const std::string& slug) const {
  std::set<std::string> taken;
  for (const auto& [number, space] : spaces_) {
    if (&space != owner) taken.insert({space.name, space.record.slug});
  }
  return slug.empty() ? slug : free_label(slug, taken);
}

}  // namespace runwatch::watch
