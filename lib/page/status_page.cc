#include "page/status_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "page/alerts_section.h"
#include "page/html.h"
#include "page/notes.h"
#include "page/runs_section.h"
#include "page/service_section.h"
#include "page/spaces_section.h"

namespace runwatch::page {
namespace {

Level level_of(const view::Overview& overview) {
  constexpr std::array kLevels{Level::good, Level::none, Level::warn, Level::bad};
  return kLevels.at(task::index(overview.level));
}

std::string under(const view::Snapshot& snapshot) {
  const auto& spaces = snapshot.spaces;
  const auto& receivers = snapshot.alerts->receivers;
  const auto answering = std::ranges::count_if(spaces, [](const auto& space) { return space->up == true; });
  const auto well = std::ranges::count_if(receivers, [](const auto& receiver) { return !receiver.failing(); });
  auto text = fmt::format("{} of {} answer", answering, count_text(spaces.size(), "space"));
  if (!receivers.empty())
    text += fmt::format(", {} of {} take notices", well, count_text(receivers.size(), "receiver"));
  return fmt::format("<p>{}</p>\n", text);
}

}  // namespace

std::string status_page(const view::Snapshot& snapshot, const Filter& filter, std::string_view version,
                        std::string_view configuration, core::WallTime now) {
  const auto& alerts = *snapshot.alerts;
  const RowContext context{alerts, now};
  const auto overview = view::judge(snapshot, now);
  const auto listing = list_runs(overview, filter);
  Frame frame;
  frame.level = level_of(overview);
  frame.title = overview.headline;
  frame.heading = escape_html(overview.headline);
  frame.version = version;
  frame.now = now;
  frame.main = notes(snapshot, now);
  if (frame.main.empty()) frame.under = under(snapshot);
  if (filter.any()) {
    frame.main += search_form(snapshot, filter) + filtered_section(listing, filter, context);
  } else {
    frame.main += runs_sections(listing, context) + search_form(snapshot, filter) + incidents_section(alerts, now) +
                  receivers_section(alerts, now) + spaces_section(snapshot, now) + polls_section(snapshot, now) +
                  service_section(snapshot, version, configuration, now);
  }
  return framed(frame);
}

}  // namespace runwatch::page
