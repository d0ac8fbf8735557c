// What is known of alerts as JSON, for the control socket; /api/v1 has the same. docs/api.md says what each member is.
#pragma once

#include <string>

#include "view/alerts.h"

namespace runwatch::page {

std::string incident_json(const view::IncidentStanding& incident);
std::string receiver_json(const view::ReceiverStanding& receiver);
std::string silence_json(const rule::Silence& silence);

}  // namespace runwatch::page
