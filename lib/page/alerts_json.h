// What is known of alerts as JSON, for /api/v1 and the control socket. docs/api.md says what each member is.
#pragma once

#include <nlohmann/json.hpp>

#include "rule/incident.h"
#include "view/alerts.h"

namespace runwatch::page {

nlohmann::ordered_json incident_json(const view::IncidentStanding& incident);
nlohmann::ordered_json receiver_json(const view::ReceiverStanding& receiver);
nlohmann::ordered_json silence_json(const rule::Silence& silence);

}  // namespace runwatch::page
