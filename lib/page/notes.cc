#include "page/notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "page/alerts_section.h"
#include "page/html.h"
#include "page/spaces_section.h"

namespace runwatch::page {
namespace {

struct Note {
  std::string_view kind;  // a class of the style sheet
  std::string html;
};
using Notes = std::vector<Note>;

void note_spaces(const view::Snapshot& snapshot, core::WallTime now, Notes& notes) {
  const auto since = [&](core::WallTime success) {
    return success == task::kNoTime ? std::string() : ", last complete " + both_html(success, now);
  };
  if (const auto& list = snapshot.organization; list && list->last_error) {
    notes.push_back({"bad", fmt::format("The organization's list of spaces cannot be read: {}{}",
                                        error_html(*list->last_error), since(list->last_success))});
  }
  for (const auto& space : snapshot.spaces) {
    if (!space->last_error) continue;
    notes.push_back({"bad", fmt::format("Space <b>{}</b> cannot be read: {}{}", name_html(space->name),
                                        error_html(*space->last_error), since(space->last_success))});
  }
}

void note_receivers(const view::Alerts& alerts, core::WallTime now, Notes& notes) {
  if (alerts.is_full) notes.push_back({"bad", "The outbox is full: events wait for room."});
  for (const auto& receiver : alerts.receivers) {
    if (!receiver.failing()) continue;
    const auto why = receiver.disabled ? "wants no more (410)"
                                       : fmt::format("cannot be told since {} (<span class=\"bad-text\">{}</span>)",
                                                     both_html(receiver.failing_since, now),
                                                     escape_html(words(receiver.last_failure)));
    notes.push_back({"bad", fmt::format("Receiver <b>{}</b> {}: {} wait{}", name_html(receiver.name), why,
                                        count_text(receiver.pending, "notice"), receiver.pending == 1 ? "s" : "")});
  }
}

}  // namespace

std::string notes(const view::Snapshot& snapshot, core::WallTime now) {
  Notes notes;
  if (const auto& reload = snapshot.reload; reload && !reload->accepted) {
    notes.push_back({"bad", fmt::format("The newest reload was refused {}: {}", both_html(reload->at, now),
                                        escape_html(reload->problem))});
  }
  if (snapshot.pause) {
    notes.push_back({"", fmt::format("Nothing is asked until {}: {}", both_html(snapshot.pause->until, now),
                                     escape_html(snapshot.pause->why))});
  }
  if (!snapshot.ready()) notes.push_back({"", "Not ready: " + escape_html(snapshot.not_ready)});
  note_spaces(snapshot, now, notes);
  note_receivers(*snapshot.alerts, now, notes);
  if (notes.empty()) return {};
  std::string items;
  for (std::size_t i = 0; i < std::min(notes.size(), kNotes); ++i) {
    items += fmt::format("<li class=\"{}\">{}</li>\n", notes[i].kind, notes[i].html);
  }
  if (notes.size() > kNotes) items += fmt::format("<li>and {} more, listed below</li>\n", notes.size() - kNotes);
  return fmt::format("<ul class=\"notes\" aria-label=\"Also wrong\">\n{}</ul>\n", items);
}

}  // namespace runwatch::page
