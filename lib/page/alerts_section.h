// Whether anybody knows: incidents, who was told of them and when, silences, and receivers with their queues.
//
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "view/alerts.h"

namespace runwatch::page {

inline constexpr std::size_t kIncidentsOnPage = 40;

// `told 03:12 (4 min ago) to ops; pager not reached yet`, `queued for pager`, `silenced until 05:00`, `nobody was told
// yet`.
std::string told_html(const view::IncidentStanding& incident, const view::Alerts& alerts, core::WallTime now);

std::string incidents_section(const view::Alerts& alerts, core::WallTime now);
std::string receivers_section(const view::Alerts& alerts, core::WallTime now);  // empty where there are none

}  // namespace runwatch::page
