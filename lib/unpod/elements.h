// One element each of what the platform's lists hold; for the .cc files of this room alone, as it speaks simdjson.
//
// Only ids can be a breach of the contract, see task::is_acceptable_id, and the element is then of no use.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "task/observed.h"
#include "unpod/api.h"
#include "unpod/envelope.h"

namespace runwatch::unpod {

using OddIds = std::vector<std::pair<task::TaskKey, std::string>>;

// `run_id` of the task, too, is a breach where it names another run than this one; empty, or of another type, it names
// none.
json::error_code decode_task(json::ondemand::object& object, std::string_view run_id, task::ObservedTask& task,
                             OddIds& odd_ids, Breach& breach);

json::error_code decode_run(json::ondemand::object& object, task::ObservedRunRow& row, Breach& breach);

// The token stays empty where the answer has none that can be one.
json::error_code decode_space(json::ondemand::object& object, SpaceInfo& space);

json::error_code decode_organization(json::ondemand::object& object, Organization& organization);

// The text of an id token when it is a string that can be an id; `scratch` may hold it.
std::optional<std::string_view> read_id(std::string_view token, std::string& scratch);

}  // namespace runwatch::unpod
