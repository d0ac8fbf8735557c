#include <fmt/format.h>

#include "rule/draft.h"

namespace runwatch::rule {
namespace {

struct Ending {
  bool over = false;
  Kind kind = Kind::resolved;
  bool removed = false;  // what is not told yet never is
  std::string why{};
};

bool is_told_once(When when) { return when == When::run_cost || when == When::unknown_status; }

class Telling {
 public:
  Telling(Draft& draft, Case& it)
      : draft_(draft), it_(it), incident_(it.incident), now_(draft.now.lived), rule_(draft.rule_of(it.incident)) {}

  void advance() {
    if (incident_.space != 0 && !draft_.space_of(incident_.space)) {  // its next event looks at it
      if (incident_.due <= now_) incident_.due = task::kNoTime;
      it_.closed = incident_.phase == Phase::over;
      return;
    }
    const auto view = draft_.run_of(place_of(incident_));
    run_ = draft_.record_of(place_of(incident_));
    retired_ = incident_.run != 0 && (!view || view->after->retired);
    const bool by_clock = retired_ || (view && view->blind && view->tried);
    if (by_clock) settle_by_clock(draft_, it_);
    ending_ = ending();
    if (draft_.is_forgotten(incident_.run) || is_leaving()) {
      if (incident_.phase == Phase::open && was_told()) tell_end();
      draft_.suppress(Suppression::silenced, it_.totals.fresh);
      it_.closed = true;
    } else if (incident_.phase == Phase::over) {
      keep();
    } else if (is_open()) {
      tell_what_is_due();
    }
    if (by_clock) incident_.due = sooner(incident_.due, it_.totals.next_waiting);
  }

 private:
  core::WallTime next_allowed() const { return incident_.told_at + draft_.settings.group_interval; }
  bool was_told() const { return incident_.notices > 0; }
  bool is_of_members() const { return has_members(incident_.when); }
  bool is_leaving() const { return incident_.space != 0 && incident_.space == draft_.leaving; }

  // Whether it is over, and how.
  Ending ending() const {
    const auto& [fresh, waiting, met, open, recovered, gone, next, first] = it_.totals;
    if (is_leaving()) return {true, Kind::ended, true, "the space is not watched any more"};
    if (rule_ == nullptr)
      return {true, Kind::ended, true, fmt::format("the rule {} was removed or changed", incident_.rule)};
    if (incident_.when == When::delivery_failing &&
        !contains(draft_.settings.receivers, incident_.about, &Receiver::name))
      return {true, Kind::ended, true, "the receiver was removed"};
    if (is_of_members() && met > 0 && open == 0) {
      return {true, recovered == 0 ? Kind::ended : Kind::resolved};
    }
    if (!is_of_members() && incident_.ended != task::kNoTime) return {true, Kind::resolved};
    if (retired_ && waiting == 0) return {true, Kind::ended, false, "the run retired, nothing more is learnt of it"};
    return {};
  }

  bool has_news() const {
    if (ending_.removed) return false;
    if (incident_.when == When::unknown_status) return !incident_.about.empty();
    return is_of_members() ? it_.totals.fresh > 0 : incident_.phase == Phase::gathering;
  }

  // Opens it if there is reason to; false: there is nothing to tell, or it is closed.
  bool is_open() {
    if (incident_.phase == Phase::open) return true;
    if (is_of_members()) {
      incident_.due = task::kNoTime;
      const bool opens = rule_ != nullptr && it_.totals.met > 0 && it_.totals.met >= rule_->at_least;
      if (opens) open();
      const bool none = it_.totals.met + it_.totals.waiting == 0 || (retired_ && it_.totals.waiting == 0);
      it_.closed = !opens && (none || rule_ == nullptr);
      return opens;
    }
    if (ending_.over && was_told()) {
      incident_.phase = Phase::over;
      keep();
    } else if (ending_.over) {
      const bool silenced = draft_.silenced_until(incident_) != task::kNoTime;
      const bool counts = ending_.kind == Kind::resolved && !incident_.muted;
      draft_.suppress(silenced ? Suppression::silenced : Suppression::healed, counts ? 1 : 0);
      it_.closed = true;
    }
    return !ending_.over && !incident_.muted && incident_.due != task::kNoTime;
  }

  void open() {
    incident_.phase = Phase::open;
    draft_.out.opened.push_back(incident_.rule);
  }

  core::WallTime earliest() const {
    if (!is_of_members() && incident_.phase == Phase::gathering) return incident_.due;
    return was_told() ? next_allowed() : it_.totals.first_met + draft_.settings.group_wait;
  }

  void tell_what_is_due() {
    const bool news = has_news();
    if (!was_told() && !news) {
      it_.closed = true;
    } else if (now_ < earliest()) {
      incident_.due = news || ending_.over ? earliest() : next_repeat();
    } else if (const auto silenced = draft_.silenced_until(incident_); news && silenced == task::kNoTime) {
      tell_news();
    } else if (news && !ending_.over) {
      incident_.due = silenced;
    } else if (ending_.over) {
      if (news) withhold();
      it_.closed = !was_told();
      if (was_told()) tell_end();
    } else {
      repeat(silenced);
    }
  }

  core::WallTime next_repeat() const {
    const auto interval = draft_.settings.repeat_interval;
    const bool runs_on = incident_.run == 0 || (run_ != nullptr && run_->finished == task::kNoTime);
    const bool repeats = runs_on && interval > core::Duration::zero() && !incident_.muted;
    return repeats && !is_told_once(incident_.when) ? incident_.told_at + interval : task::kNoTime;
  }

  void repeat(core::WallTime silenced) {
    incident_.due = next_repeat();
    if (incident_.due == task::kNoTime || incident_.due > now_) return;
    incident_.due = silenced;
    if (silenced != task::kNoTime) return;
    auto& notice = tell(Kind::update);
    notice.repeat = true;
    notice.why = "still: " + notice.why;
    incident_.due = next_repeat();
  }

  void tell_news() {
    auto& notice = tell(was_told() ? Kind::update : Kind::firing);
    if (is_of_members()) {
      auto rows = draft_.rows(it_);
      for (auto& row : rows) {
        if (row.told || !has_met(row)) continue;
        show(notice, row);
        row.told = true;
      }
      notice.counts.total = incident_.total += notice.counts.fresh;
      draft_.set_rows(it_, std::move(rows));
    } else if (incident_.phase == Phase::gathering) {
      open();
    }
    if (incident_.when == When::unknown_status) incident_.about.clear();
    incident_.due = ending_.over ? next_allowed() : next_repeat();
  }

  // What a silence held until it was over.
  void withhold() {
    draft_.suppress(Suppression::silenced, it_.totals.fresh);
    auto rows = draft_.rows(it_);
    for (auto& row : rows) row.told = row.told || has_met(row);
    draft_.set_rows(it_, std::move(rows));
  }

  void tell_end() {
    if (incident_.ended == task::kNoTime) incident_.ended = draft_.now.wall;
    auto& notice = tell(ending_.over ? ending_.kind : Kind::ended);
    notice.ended = incident_.ended;
    if (!ending_.why.empty()) notice.why = ending_.why;
    if (notice.kind == Kind::resolved) draft_.out.resolved.push_back(incident_.rule);
    incident_.phase = Phase::over;
    incident_.due = next_allowed();
  }

  Notice& tell(Kind kind) {
    auto notice = notice_of(draft_, it_, rule_, kind);
    ++incident_.notices;
    incident_.told_at = now_;
    for (const auto& receiver : notice.receivers)
      if (!contains(incident_.receivers, receiver)) incident_.receivers.push_back(receiver);
    return draft_.out.notices.emplace_back(std::move(notice));
  }

  // After its end, for a while: a new member, or the condition that holds again, reopens it.
  void keep() {
    if (is_of_members() && has_news()) {
      incident_.ended = task::kNoTime;
      open();
      return tell_what_is_due();
    }
    const bool waits = it_.totals.waiting > 0 && !ending_.removed;
    it_.closed = now_ >= next_allowed() && !waits;
    incident_.due = now_ < next_allowed() ? next_allowed() : task::kNoTime;
  }

  Draft& draft_;
  Case& it_;
  Incident& incident_;
  const core::WallTime now_;
  const Rule* const rule_;
  const task::RunRecord* run_ = nullptr;
  bool retired_ = false;
  Ending ending_{};
};

}  // namespace

void advance(Draft& draft, Case& it) { Telling(draft, it).advance(); }

void end_silences(Draft& draft) {
  for (const auto& silence : draft.memory.silences)
    if (silence.until <= draft.now.lived) end_silence(draft, silence);
}

// The untold ones that are open still are told at once, the others never.
void end_silence(Draft& draft, const Silence& silence) {
  draft.out.expired.push_back(silence.number);
  for (const auto& known : draft.memory.incidents) {
    if (!draft.is_silenced_by(silence, known)) continue;
    auto& it = draft.touch(known.number);
    if (it.incident.phase == Phase::gathering && it.incident.due == silence.until) it.incident.due = draft.now.lived;
    greet(draft, it);
    if (it.incident.phase != Phase::open || it.totals.fresh == 0) continue;
    Rows kept;
    const Rows rows = draft.rows(it);
    each_task(rows, [&](std::span<const Member> attempts, const Member* stands) {
      for (auto row : attempts) {
        const bool held = has_met(row) && !row.told && is_over(*stands);
        draft.suppress(Suppression::silenced, held ? 1 : 0);
        row.told = row.told || held;
        if (!held || it.incident.notices > 0) kept.push_back(row);
      }
    });
    draft.set_rows(it, std::move(kept));
  }
}

}  // namespace runwatch::rule
