// Parts of the API's answers. Private to the room.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "view/snapshot.h"
#include "view/trouble.h"

namespace runwatch::page {

using Json = nlohmann::ordered_json;

Json time_or_null(core::WallTime time);
Json text_or_null(const std::string& text);  // empty: null
Json by_status(const task::StatusCounts& counts);
Json error_json(const std::optional<view::PollError>& error);
Json pause_json(const std::optional<view::Pause>& pause);

Json run_json(const view::RunVerdict& verdict);
Json incident_object(const view::IncidentStanding& incident);
Json receiver_object(const view::ReceiverStanding& receiver);
Json silence_object(const rule::Silence& silence);

// A number or null.
template <class T>
Json number_or_null(const std::optional<T>& number) {
  return number ? Json(*number) : Json();
}

// Invalid UTF-8, should any get this far, becomes U+FFFD instead of an exception.
std::string write(const Json& json);

}  // namespace runwatch::page
